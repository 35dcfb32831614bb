//! A variant without a class.
// fix: #[classify(transient)]

use leveret::Classify;

#[derive(Debug, Classify)]
enum ChargeError {
    Silent,
    #[classify(permanent)]
    CardExpired,
}
