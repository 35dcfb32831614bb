//! What a handler does in its transaction happens once, or not at all.

use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use leveret::{Handler, RetryPolicy, Text};
use leveret_sql::{SqlError, Store, Tx};
use sqlx::Postgres;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;

use crate::lab::{TestDb as _, effect, on_each_database, send};

on_each_database! {
    an_id_has_its_effect_and_its_output_once
    an_error_takes_all_back_and_the_message_may_be_sent_again
    a_dropped_duplicate_runs_no_handler
    outputs_have_the_same_ids_each_time
    an_old_id_is_forgotten
}

// On SQLite a failed statement leaves the rest of its transaction as it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_that_the_handler_hides_is_no_success_on_postgres() {
    let name = "an_error_that_the_handler_hides_is_no_success_on_postgres";
    let Some(lab) = Postgres::lab(name).await else { return };
    let effect = lab.effect("hidden");
    let work = move |Text(_): Text, mut tx: Tx<Postgres>| {
        let effect = effect.clone();
        async move {
            Postgres::execute(&mut tx, effect).await.unwrap();
            Postgres::execute(&mut tx, "SELECT nonsense".to_owned()).await.unwrap_err();
        }
    };
    let app = lab.app().handler(Handler::new("jobs", work).named("work"));
    let running = app.start().await.unwrap();
    send(&running, &["a"]).await;
    running.wait_until(|stats| stats.handler("work").dead_lettered == 1).await;
    assert_eq!(running.stats().handler("work").handled, 0);
    assert_eq!((lab.rows("effects").await, lab.rows("inbox").await), (0, 0));
    running.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_transactions_that_cannot_be_serialized_are_tried_again_on_postgres() {
    let name = "two_transactions_that_cannot_be_serialized_are_tried_again_on_postgres";
    let Some(mut lab) = Postgres::lab(name).await else { return };
    let url = std::env::var("DATABASE_URL").unwrap();
    let strict = PgConnectOptions::from_str(&url).unwrap();
    let strict = strict.options([("default_transaction_isolation", "serializable")]);
    let pool = PgPoolOptions::new().max_connections(8).connect_with(strict).await.unwrap();
    lab.store = Store::new(pool).prefixed(&lab.prefix).unwrap();
    let (prefix, begun) = (lab.prefix.clone(), Arc::new(AtomicUsize::new(0)));
    let (counted, meeting) = (begun.clone(), Arc::new(Barrier::new(2)));
    // Each counts what is there, when the other has done so, and adds to it.
    let work = move |Text(text): Text, mut tx: Tx<Postgres>| {
        let look = format!("SELECT count(*) FROM {prefix}effects");
        let effect = effect(&prefix, &text);
        let (counted, meeting) = (counted.clone(), meeting.clone());
        async move {
            Postgres::execute(&mut tx, look).await?;
            if counted.fetch_add(1, Ordering::Relaxed) < 2 {
                meeting.wait().await;
            }
            Postgres::execute(&mut tx, effect).await?;
            Ok::<_, SqlError>(())
        }
    };
    let work = Handler::new("jobs", work).named("work").concurrency(2);
    let app = lab.app().handler(work.retry(RetryPolicy::never()));
    let running = app.start().await.unwrap();
    send(&running, &["a", "b"]).await;
    running.wait_until(|stats| stats.handler("work").handled == 2).await;
    assert!(begun.load(Ordering::Relaxed) >= 3, "neither was in the other's way");
    assert_eq!((running.stats().handler("work").dead_lettered, lab.rows("effects").await), (0, 2));
    running.shutdown().await.unwrap();
}

#[test]
fn an_error_of_a_database_is_an_error_of_the_standard_library() {
    let shown = |error: Box<dyn std::error::Error>| error.to_string();
    assert_eq!(
        shown(Box::new(SqlError::from(sqlx::Error::RowNotFound))),
        sqlx::Error::RowNotFound.to_string()
    );
}

mod bodies {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use leveret::{Class, Classify, Handler, Publish, Publisher, Text};
    use leveret_sql::{Relay, Tx};

    use crate::lab::{Arrivals, Lab, TestDb, send};

    pub(super) async fn an_id_has_its_effect_and_its_output_once<Db: TestDb>(lab: Lab<Db>) {
        let arrivals = Arrivals::default();
        let app = lab.app().handler(lab.work().concurrency(4)).handler(arrivals.on("results"));
        let running = Relay::new(&lab.store).attach(app).start().await.unwrap();
        send(&running, &["a", "b", "a", "c", "b", "a"]).await;
        running.wait_until(|stats| stats.handler("work").duplicates == 3).await;
        running.wait_until(|stats| stats.handler("work").handled == 3).await;
        lab.reached("outbox", 0).await;
        running.wait_until(|stats| stats.handler("results").handled == 3).await;
        running.shutdown().await.unwrap();
        let mut bodies = arrivals.bodies();
        bodies.sort();
        assert_eq!(bodies, ["a", "b", "c"]);
        assert_eq!((lab.rows("effects").await, lab.rows("inbox").await), (3, 3));
    }

    #[derive(Debug)]
    struct Unwilling;

    impl std::fmt::Display for Unwilling {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("not today")
        }
    }

    impl Classify for Unwilling {
        fn class(&self) -> Class {
            Class::Permanent
        }
    }

    pub(super) async fn an_error_takes_all_back_and_the_message_may_be_sent_again<Db: TestDb>(
        lab: Lab<Db>,
    ) {
        let effect = lab.effect("x");
        let tries = Arc::new(AtomicU32::new(0));
        let work = move |publisher: Publisher, mut tx: Tx<Db>| {
            let is_first = tries.fetch_add(1, Ordering::SeqCst) == 0;
            let effect = effect.clone();
            async move {
                Db::execute(&mut tx, effect).await.unwrap();
                publisher.publish(Publish::to_queue("results").text("x")).await.unwrap();
                if is_first { Err(Unwilling) } else { Ok(()) }
            }
        };
        let app = lab.app().handler(Handler::new("jobs", work).named("work"));
        let running = app.start().await.unwrap();
        send(&running, &["a"]).await;
        running.wait_until(|stats| stats.handler("work").dead_lettered == 1).await;
        for table in ["effects", "inbox", "outbox"] {
            assert_eq!(lab.rows(table).await, 0, "{table}");
        }
        send(&running, &["a"]).await;
        running.wait_until(|stats| stats.handler("work").handled == 1).await;
        for table in ["effects", "inbox", "outbox"] {
            assert_eq!(lab.rows(table).await, 1, "{table}");
        }
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_dropped_duplicate_runs_no_handler<Db: TestDb>(lab: Lab<Db>) {
        let runs = Arc::new(AtomicU32::new(0));
        let counted = runs.clone();
        let work = move |Text(_): Text, _: Tx<Db>| {
            counted.fetch_add(1, Ordering::SeqCst);
            std::future::ready(())
        };
        let app = lab.app().handler(Handler::new("jobs", work).named("work"));
        let running = app.start().await.unwrap();
        send(&running, &["a", "a", "a"]).await;
        running.wait_until(|stats| stats.handler("work").duplicates == 2).await;
        running.shutdown().await.unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }

    pub(super) async fn outputs_have_the_same_ids_each_time<Db: TestDb>(lab: Lab<Db>) {
        let arrivals = Arrivals::default();
        let app = lab.app().handler(lab.work()).handler(arrivals.on("results"));
        let running = Relay::new(&lab.store).attach(app).start().await.unwrap();
        send(&running, &["a"]).await;
        running.wait_until(|stats| stats.handler("results").handled == 1).await;
        // As if the inbox had forgotten it.
        lab.run(vec![format!("DELETE FROM {}inbox", lab.prefix)]).await;
        send(&running, &["a"]).await;
        running.wait_until(|stats| stats.handler("results").handled == 2).await;
        running.shutdown().await.unwrap();
        let ids = arrivals.ids();
        assert_eq!(ids[0], ids[1]);
    }

    pub(super) async fn an_old_id_is_forgotten<Db: TestDb>(lab: Lab<Db>) {
        let store = lab.store.clone().keep_ids(Duration::ZERO);
        let app = leveret::App::new("lab").in_memory().state(store).handler(lab.work());
        let running = app.start().await.unwrap();
        send(&running, &["a"]).await;
        running.wait_until(|stats| stats.handler("work").handled == 1).await;
        running.shutdown().await.unwrap();
        assert_eq!(lab.rows("inbox").await, 1);
        let running = Relay::new(&lab.store).attach(lab.app()).start().await.unwrap();
        lab.reached("inbox", 0).await;
        running.shutdown().await.unwrap();
    }
}
