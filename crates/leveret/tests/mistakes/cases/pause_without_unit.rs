//! A pause without its unit.
// fix: as in `"500ms"`, `"30s"`

use leveret::Classify;

#[derive(Debug, Classify)]
#[classify(pause = "30")]
struct Closed;
