//! An error of another crate that nobody has classified.
// fix: return `Result<_, leveret::Failure>` and use `?`

use leveret::handler;

#[handler(queue = "orders")]
async fn book() -> Result<(), std::num::ParseIntError> {
    Ok(())
}
