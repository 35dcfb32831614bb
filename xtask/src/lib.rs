//! What the tasks of this repository share with its tests.

mod tidy;

pub use tidy::{Finding, Size, Source, Tree, check, sizes};
