//! What `#[handler(…)]` declares.

use leveret::{App, Json, Message, Publish, handler};

use crate::setup::Arrivals;

/// Says all it can.
#[handler(
    queue = "attributes.numbers",
    exchange = "attributes",
    keys = ["number.*", "figure.#"],
    arguments("x-max-length" = 1000, "x-overflow" = "reject-publish"),
    concurrency = 3,
    mode = "confirmed",
    attempts = 2,
    time_limit_secs = 30,
    inbox = true,
    name = "doubler"
)]
pub(crate) async fn double(Json(number): Json<u32>) -> Publish {
    Publish::to_queue("attributes.doubles").text((number * 2).to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_is_declared_by_its_attributes_and_stays_a_function() {
    let direct = double(Json(4)).await;
    assert!(format!("{direct:?}").contains('8'));

    let arrivals = Arrivals::default();
    let app = App::new("attributes")
        .in_memory()
        .handler(double::handler())
        .handler(arrivals.on("attributes.doubles".to_owned()));
    assert_eq!(double::handler().name(), "doubler");
    let running = app.start().await.unwrap();
    for key in ["number.one", "figure.two.and.more"] {
        let publish = Publish::new("attributes", key).json(&21).unwrap();
        running.publisher().publish(publish).await.unwrap();
    }
    running.wait_until(|stats| stats.handler("doubler").handled == 2).await;
    running.idle().await;
    assert!(arrivals.all().iter().all(|message: &Message| message.body() == "42"));
    running.shutdown().await.unwrap();
}
