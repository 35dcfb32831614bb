//! Calls: a question that waits for its answer, and errors with a type.
//!
//! `cargo run -p leveret --example rpc_server`

#![expect(
    clippy::print_stdout,
    clippy::panic_in_result_fn,
    reason = "an example shows what happens, and asserts it"
)]

use std::time::Duration;

use leveret::{
    App, Class, Classify, Deadline, EncodeError, Json, Reply, RpcError, RpcOptions, handler,
};

#[derive(Debug, thiserror::Error)]
enum DivideError {
    #[error("{0} cannot be divided by zero")]
    ByZero(i64),
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

impl Classify for DivideError {
    fn class(&self) -> Class {
        Class::Permanent
    }

    fn name(&self) -> &'static str {
        match self {
            Self::ByZero(_) => "by-zero",
            Self::Encode(_) => "encode",
        }
    }
}

#[handler(queue = "divisions")]
async fn divide(deadline: Deadline, Json((a, b)): Json<(i64, i64)>) -> Result<Reply, DivideError> {
    println!("{a} / {b}, wanted within {:?}", deadline.left());
    let quotient = a.checked_div(b).ok_or(DivideError::ByZero(a))?;
    Ok(Reply::json(&quotient)?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let running = App::new("sums").in_memory().handler(divide::handler()).start().await?;
    let client = running.rpc_client(RpcOptions::default()).ok_or("no connection")?;

    let quotient: i64 = client.call("divisions", &(42, 6)).await?;
    assert_eq!(quotient, 7);

    // What the handler failed with comes back; the message itself is in `divisions.dead`.
    match client.call::<_, i64>("divisions", &(42, 0)).await {
        Err(RpcError::Remote { error, .. }) => {
            println!("refused: {error}");
            assert_eq!(error.class, "by-zero");
        }
        other => return Err(format!("an error was wanted, found {other:?}").into()),
    }
    assert_eq!(running.messages_ready("divisions.dead").await, Some(1));

    // Nobody serves this queue: known at once, without waiting for the time to pass.
    let unserved = client.call_within::<_, i64>("nowhere", &1, Duration::from_mins(1)).await;
    assert!(matches!(unserved, Err(RpcError::NoRoute { .. })));
    running.shutdown().await?;
    Ok(())
}
