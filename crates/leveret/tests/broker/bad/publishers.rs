//! Publishes that cannot be, beside others that can.

use crate::setup::on_each_broker;

on_each_broker! {
    a_refused_publish_costs_no_other_its_confirm
    headers_too_large_for_a_frame_are_told
}

mod bodies {
    use std::collections::BTreeSet;

    use futures_util::future::join_all;
    use leveret::{Class, Classify as _, Publish, PublishError};

    use crate::setup::{Arrivals, Target};

    pub(super) async fn a_refused_publish_costs_no_other_its_confirm(target: Target) {
        let (results, missing) = (target.name("results"), target.name("no-such-exchange"));
        let arrivals = Arrivals::default();
        let app = target.app().handler(arrivals.on(results.clone()));
        let running = app.start().await.unwrap();
        let publisher = running.publisher();
        let sending = (0..60).map(|number| {
            let is_refused = number % 20 == 10;
            let publish = if is_refused {
                Publish::new(missing.as_str(), "k")
            } else {
                Publish::to_queue(&results)
            };
            let publish = publish.text(number.to_string()).message_id(number.to_string());
            let publisher = &publisher;
            async move { (number, is_refused, publisher.publish(publish).await) }
        });
        for (number, is_refused, fate) in join_all(sending).await {
            match fate {
                Err(PublishError::Refused(text)) if is_refused => {
                    assert!(text.contains("404"), "{text}");
                }
                fate => assert_eq!((is_refused, fate), (false, Ok(())), "{number}"),
            }
        }
        running.idle().await;
        let ids: BTreeSet<String> = arrivals.bodies().into_iter().collect();
        assert_eq!(ids.len(), 57);
        publisher.publish(Publish::to_queue(&results).text("after")).await.unwrap();
        running.shutdown().await.unwrap();
    }

    pub(super) async fn headers_too_large_for_a_frame_are_told(target: Target) {
        let results = target.name("results");
        let arrivals = Arrivals::default();
        let app = target.app().handler(arrivals.on(results.clone()));
        let running = app.start().await.unwrap();
        let large = Publish::to_queue(&results).header("x-large", "x".repeat(1 << 20));
        let error = running.publisher().publish(large).await.unwrap_err();
        assert!(matches!(error, PublishError::TooLarge { max: 131_072, .. }), "{error}");
        assert_eq!(error.class(), Class::Permanent);
        running.publisher().publish(Publish::to_queue(&results).text("small")).await.unwrap();
        running.wait_until(|_| arrivals.all().len() == 1).await;
        running.shutdown().await.unwrap();
    }
}
