//! A class that is misspelt.
// fix: did you mean `transient`?

use leveret::Classify;

#[derive(Debug, Classify)]
#[classify(transiet)]
struct Silent;
