//! What `#[handler(…)]` declares.

use leveret::{App, Attempt, Batch, Failure, Json, Message, Publish, Text, handler};

use crate::setup::{Arrivals, send};

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

/// Fails in each way it is asked for, with what the attribute says of it.
#[handler(
    queue = "attributes.cards",
    attempts = 1,
    delays = 2,
    first_delay = "20ms",
    longest_delay = "30ms",
    on_error(stale = "drop", "card-expired" = retry(4), "stolen" = "dead-letter", busy = pause("40ms"))
)]
async fn charge(attempt: Attempt, Text(card): Text) -> Result<(), Failure> {
    match (card.as_str(), attempt.number) {
        ("stale", _) => Err(Failure::transient("x").named("stale")),
        ("expired", 1..=3) => Err(Failure::permanent("x").named("card-expired")),
        ("stolen", _) => Err(Failure::transient("x").named("stolen")),
        ("slow", 1..=2) => Err(Failure::transient("x")),
        _ => Ok(()),
    }
}

#[handler(queue = "attributes.rows", batch = 3, batch_window = "5s")]
async fn store(rows: Batch<Text>) -> Publish {
    Publish::to_queue("attributes.stored").text(rows.into_iter().count().to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_pauses_and_batches_are_said_by_attributes() {
    let (stored, letters) = (Arrivals::default(), Arrivals::default());
    let app = App::new("attributes")
        .in_memory()
        .handler(charge::handler())
        .handler(store::handler())
        .handler(letters.on("attributes.cards.dead".to_owned()))
        .handler(stored.on("attributes.stored".to_owned()));
    let running = app.start().await.unwrap();
    let plan = running.settlement_plan().to_string();
    let retry = "1 attempt, again after 20 ms, 30 ms; 3 in all; `stale`: dropped; `card-expired`: 4 attempts at once; `stolen`: dead letter at once; busy: handler stops for 40 ms";
    assert!(plan.contains(retry), "{plan}");
    send(&running, "attributes.cards", &["stale", "expired", "stolen", "slow"]).await;
    send(&running, "attributes.rows", &["1", "2", "3"]).await;
    running.wait_until(|stats| stats.handler("charge").handled == 2).await;
    running.wait_until(|_| letters.all().len() == 1 && stored.all().len() == 1).await;
    assert_eq!(letters.bodies(), ["stolen"]);
    assert_eq!(stored.bodies(), ["3"]);
    assert_eq!(running.stats().handler("charge").dropped, 1);
    running.shutdown().await.unwrap();
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
