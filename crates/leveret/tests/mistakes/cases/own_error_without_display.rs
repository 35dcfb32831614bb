//! An error that is classified and has no text.
// fix: `Silent` doesn't implement `std::fmt::Display`

use leveret::Classify;

#[derive(Debug, Classify)]
#[classify(transient)]
struct Silent;
