//! Run files, right and wrong.
#![expect(clippy::unwrap_used, reason = "tests stop at a surprise")]

mod bad_files;
mod documents;
mod good_files;
mod policies;
mod read;
mod schedules;
mod schema;
