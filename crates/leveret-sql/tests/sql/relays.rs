//! What is in the outbox gets out, in order, whatever is refused or dies.

use crate::lab::on_each_database;

on_each_database! {
    two_relays_keep_the_order_of_each_key
    a_row_that_was_confirmed_and_not_deleted_goes_out_again_under_its_id
    a_refused_row_is_parked_with_the_reason_and_lets_the_next_pass
    what_is_rolled_back_never_gets_out
    an_application_with_a_full_outbox_is_not_idle
}

mod bodies {
    use std::time::Duration;

    use leveret::{Handler, Publish, Text};
    use leveret_sql::{ORDERING_KEY, Outbox, Relay, SqlError, Tx};

    use crate::lab::{Arrivals, Lab, TestDb, effect};

    pub(super) async fn two_relays_keep_the_order_of_each_key<Db: TestDb>(lab: Lab<Db>) {
        let arrivals = Arrivals::default();
        let mut app = lab.app().handler(arrivals.on("results"));
        for _ in 0..2 {
            app = Relay::new(&lab.store).batch(3).attach(app);
        }
        let running = app.start().await.unwrap();
        let outbox = Outbox::new(&lab.store, "lab");
        for number in 0..20 {
            let mut tx = lab.store.pool().begin().await.unwrap();
            for key in ["a", "b", "c", "d", "e"] {
                let publish = Publish::to_queue("results").text(format!("{key} {number}"));
                outbox.publish(&mut tx, publish.header(ORDERING_KEY, key)).await.unwrap();
            }
            tx.commit().await.unwrap();
        }
        running.wait_until(|stats| stats.handler("results").handled >= 100).await;
        lab.reached("outbox", 0).await;
        running.shutdown().await.unwrap();
        let bodies = arrivals.bodies();
        assert_eq!(bodies.len(), 100, "{bodies:?}");
        for key in ["a", "b", "c", "d", "e"] {
            let of_key = bodies.iter().filter(|body| body.starts_with(key));
            let wanted: Vec<String> = (0..20).map(|number| format!("{key} {number}")).collect();
            assert_eq!(of_key.cloned().collect::<Vec<_>>(), wanted);
        }
    }

    pub(super) async fn a_row_that_was_confirmed_and_not_deleted_goes_out_again_under_its_id<
        Db: TestDb,
    >(
        lab: Lab<Db>,
    ) {
        let arrivals = Arrivals::default();
        let prefix = lab.prefix.clone();
        let take = move |Text(text): Text, mut tx: Tx<Db>| {
            let effect = effect(&prefix, &text);
            async move { Db::execute(&mut tx, effect).await.map_err(SqlError::from) }
        };
        let app = lab
            .app()
            .handler(Handler::new("copies", take).named("take").bind("events", "#"))
            .handler(arrivals.on("results").bind("events", "#"));
        let relay = Relay::new(&lab.store).time_limit(Duration::from_millis(100));
        let running =
            relay.look_every(Duration::from_millis(10)).attach(app).start().await.unwrap();
        lab.run(Db::hold_rows(&lab.prefix)).await;
        let mut connection = lab.store.pool().acquire().await.unwrap();
        let event = Publish::new("events", "k").text("once");
        let id = Outbox::new(&lab.store, "lab").publish(&mut connection, event).await.unwrap();
        drop(connection);
        running.wait_until(|stats| stats.handler("results").handled >= 2).await;
        lab.run(Db::free_rows(&lab.prefix)).await;
        lab.reached("outbox", 0).await;
        running.wait_until(|stats| stats.handler("take").duplicates >= 1).await;
        running.idle().await;
        running.shutdown().await.unwrap();
        assert!(arrivals.ids().iter().all(|other| *other == id.to_string()));
        assert_eq!(lab.rows("effects").await, 1);
    }

    pub(super) async fn a_refused_row_is_parked_with_the_reason_and_lets_the_next_pass<
        Db: TestDb,
    >(
        lab: Lab<Db>,
    ) {
        let arrivals = Arrivals::default();
        let app = lab.app().handler(arrivals.on("results"));
        let relay = Relay::new(&lab.store).attempts(2).first_pause(Duration::from_millis(5));
        let running =
            relay.look_every(Duration::from_millis(10)).attach(app).start().await.unwrap();
        let outbox = Outbox::new(&lab.store, "lab");
        let mut tx = lab.store.pool().begin().await.unwrap();
        let nowhere = Publish::to_queue("nowhere").header(ORDERING_KEY, "k");
        let refused = outbox.publish(&mut tx, nowhere).await.unwrap();
        let missing = Publish::new("no-such-exchange", "k");
        outbox.publish(&mut tx, missing).await.unwrap();
        let next = Publish::to_queue("results").text("next").header(ORDERING_KEY, "k");
        outbox.publish(&mut tx, next).await.unwrap();
        tx.commit().await.unwrap();
        running.wait_until(|stats| stats.handler("results").handled == 1).await;
        while lab.store.parked(10).await.unwrap().len() < 2 {
            tokio::task::yield_now().await;
        }
        let parked = lab.store.parked(10).await.unwrap();
        assert_eq!(parked[0].message_id, refused.to_string());
        assert_eq!(parked[0].attempts, 2);
        assert!(parked[0].error.contains("no queue takes messages"), "{parked:?}");
        assert!(parked[1].error.contains("404"), "{parked:?}");
        lab.reached("outbox", 2).await;
        assert_eq!(lab.store.waiting().await.unwrap(), 0);
        assert!(lab.store.unpark(parked[0].id).await.unwrap());
        while lab.store.parked(10).await.unwrap().len() < 2 {
            tokio::task::yield_now().await;
        }
        assert!(!lab.store.unpark(0).await.unwrap());
        running.shutdown().await.unwrap();
    }

    pub(super) async fn what_is_rolled_back_never_gets_out<Db: TestDb>(lab: Lab<Db>) {
        let arrivals = Arrivals::default();
        let app = lab.app().handler(arrivals.on("results"));
        let running = Relay::new(&lab.store).attach(app).start().await.unwrap();
        let outbox = Outbox::new(&lab.store, "lab");
        for (text, is_kept) in [("no", false), ("yes", true)] {
            let mut tx = lab.store.pool().begin().await.unwrap();
            outbox.publish(&mut tx, Publish::to_queue("results").text(text)).await.unwrap();
            if is_kept {
                tx.commit().await.unwrap();
            } else {
                tx.rollback().await.unwrap();
            }
        }
        running.wait_until(|stats| stats.handler("results").handled == 1).await;
        lab.reached("outbox", 0).await;
        running.idle().await;
        running.shutdown().await.unwrap();
        assert_eq!(arrivals.bodies(), ["yes"]);
    }

    pub(super) async fn an_application_with_a_full_outbox_is_not_idle<Db: TestDb>(lab: Lab<Db>) {
        let arrivals = Arrivals::default();
        lab.run(Db::hold_rows(&lab.prefix)).await;
        let app = lab.app().handler(lab.work()).handler(arrivals.on("results"));
        let relay = Relay::new(&lab.store).time_limit(Duration::from_millis(100));
        let counters = relay.counters();
        let running = relay.attach(app).start().await.unwrap();
        crate::lab::send(&running, &["a", "b", "c"]).await;
        running.wait_until(|stats| stats.handler("results").handled >= 3).await;
        // Confirmed, handled, and not yet known to be so.
        let idle = tokio::time::timeout(Duration::from_millis(500), running.idle());
        idle.await.unwrap_err();
        lab.run(Db::free_rows(&lab.prefix)).await;
        running.idle().await;
        assert_eq!(lab.rows("outbox").await, 0);
        assert!(counters.sent() >= 3, "{counters:?}");
        assert_eq!((counters.refused(), counters.parked()), (0, 0));
        running.shutdown().await.unwrap();
    }
}
