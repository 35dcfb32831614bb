//! What an application says of its guarantees before the first message.

use leveret::{App, Batch, Delays, Endpoint, Handler, RetryPolicy, StartError, Text};
use std::time::Duration;

use crate::setup::Target;

fn patient(queue: &str) -> Handler {
    let policy = RetryPolicy::attempts(3).then(Delays::exponential(Duration::from_secs(1), 3));
    Handler::new(queue, || async {}).named("charge").retry(policy)
}

#[tokio::test]
async fn the_plan_tells_how_messages_are_settled_on_this_broker() {
    let directory = tempfile::tempdir().unwrap();
    let app = App::new("shop").data_dir(directory.path()).no_loss();
    let running = app.handler(patient("orders")).start().await.unwrap();
    expect_test::expect![[r#"
        handler `charge` on queue `orders`
          outputs       outputs and acknowledgement are one atomic transaction
          retry         3 attempts at once, again after 1 s, 2 s, 4 s; 12 in all
          held back by  the broker's timer
          dead letters  queue `orders.dead`, confirmed before the message is acknowledged
          may lose      nothing
          may repeat    a handler that was cut off in the middle is run again
    "#]]
    .assert_eq(&running.settlement_plan().to_string());
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn the_plan_tells_how_batches_are_taken() {
    async fn store(_: Batch<Text>) {}
    let rows = Handler::batch("rows", store).size(50).window(Duration::from_secs(2));
    let more = Handler::batch("more", store).named("more").confirmed();
    let running = App::new("shop").in_memory().handler(rows).handler(more).start().await.unwrap();
    let plan = running.settlement_plan().to_string();
    for row in [
        "batches       up to 50 messages within 2 s, one transaction; one that fails is tried message by message",
        "batches       up to 100 messages within 200 ms, outputs confirmed first, then acknowledged together; one that fails is tried message by message",
    ] {
        assert!(plan.contains(row), "{plan}");
    }
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_application_that_must_lose_nothing_does_not_start_in_memory() {
    let app = App::new("shop").connect(Endpoint::Memory).no_loss();
    let error = app.handler(patient("orders")).start().await.unwrap_err();
    assert!(matches!(error, StartError::MayLose { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "messages may be lost: handler `charge`: the broker in memory forgets all when the program ends"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_may_be_torn_is_refused() {
    let Some(target) = Target::elsewhere("a_transaction_that_may_be_torn_is_refused") else {
        return;
    };
    let start = |handler: Handler| target.app().no_loss().handler(handler).start();
    let running = start(patient(&target.name("confirmed"))).await.unwrap();
    let is_atomic = running.settlement_plan().handlers[0].outputs.contains("atomic");
    running.shutdown().await.unwrap();
    let torn = start(patient(&target.name("torn")).transaction()).await;
    assert_eq!(torn.is_ok(), is_atomic, "{:?}", torn.err());
}
