//! What holds for every method, table, property set and byte stream.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests stop at a surprise"
)]

mod fields;
mod methods;
mod sessions;
mod targets;
