//! Steps before the handler, and the message that stays as it came.

use crate::setup::on_each_broker;

on_each_broker! {
    steps_turn_old_messages_into_new_ones
    a_failed_message_is_kept_as_it_came
    a_step_that_fails_is_tried_again_or_not_as_its_error_says
}

mod bodies {
    use leveret::{
        Attempt, EncodeError, Failure, Handler, Json, JsonRejection, Message, Publish, State, Text,
    };
    use serde::{Deserialize, Serialize};

    use crate::setup::{Arrivals, Target, send};

    #[derive(Debug, Serialize, Deserialize)]
    struct Order {
        id: u64,
        currency: String,
    }

    /// A fixer: of what cannot be read, and nothing else.
    async fn mend(
        order: Result<Json<serde_json::Value>, JsonRejection>,
        message: Message,
    ) -> Message {
        if order.is_ok() {
            return message;
        }
        let body = message.body().slice(1..);
        message.with_body(body)
    }

    /// An old version.
    async fn from_v1(old: Option<Json<u64>>, message: Message) -> Result<Message, EncodeError> {
        match old {
            Some(Json(id)) => message.with_json(&serde_json::json!({ "id": id })),
            None => Ok(message),
        }
    }

    /// An enricher.
    async fn enrich(
        Json(mut order): Json<serde_json::Value>,
        State(currency): State<&'static str>,
        message: Message,
    ) -> Result<Message, EncodeError> {
        if order.get("currency").is_none() {
            order["currency"] = currency.into();
        }
        message.with_json(&order)
    }

    pub(super) async fn steps_turn_old_messages_into_new_ones(target: Target) {
        let (orders, log) = (target.name("orders"), target.name("log"));
        let to = log.clone();
        let work = move |Json(order): Json<Order>| {
            let text = format!("{} {}", order.id, order.currency);
            std::future::ready(Publish::to_queue(&to).text(text))
        };
        let handler = Handler::new(orders.as_str(), work)
            .named("work")
            .translate(mend)
            .translate(from_v1)
            .translate(enrich);
        let arrivals = Arrivals::default();
        let app = target.app().state("EUR").handler(handler).handler(arrivals.on(log));
        let running = app.start().await.unwrap();
        for body in ["7", "!8", r#"{"id":9}"#, r#"{"id":10,"currency":"CHF"}"#] {
            let publish = Publish::to_queue(&orders).bytes(body).message_id(body);
            running.publisher().publish(publish).await.unwrap();
        }
        running.wait_until(|_| arrivals.all().len() == 4).await;
        assert_eq!(arrivals.bodies(), ["7 EUR", "8 EUR", "9 EUR", "10 CHF"]);
        // Outputs descend from the message that came.
        let parents = arrivals.all().into_iter().map(|output| output.properties().correlation_id());
        let parents: Vec<String> = parents.map(|id| id.unwrap().to_string()).collect();
        assert_eq!(parents, ["7", "!8", r#"{"id":9}"#, r#"{"id":10,"currency":"CHF"}"#]);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_failed_message_is_kept_as_it_came(target: Target) {
        let jobs = target.name("jobs");
        let work = |Text(text): Text, message: Message| async move {
            assert_eq!(message.message_id().unwrap(), "job-1");
            assert_eq!(message.header_text("x-mine").unwrap(), "changed");
            Err::<(), _>(Failure::permanent(format!("saw {text}")))
        };
        let handler = Handler::new(jobs.as_str(), work).translate(async |message: Message| {
            let bare = message.with_properties(leveret::Properties::default());
            bare.with_body("translated").with_header("x-mine", "changed").with_kind("new")
        });
        let arrivals = Arrivals::default();
        let dead = arrivals.on(handler.dead_letter_queue());
        let running = target.app().handler(handler).handler(dead).start().await.unwrap();
        let job = Publish::to_queue(&jobs)
            .bytes("original")
            .message_id("job-1")
            .kind("old")
            .header("x-mine", "as it was");
        running.publisher().publish(job).await.unwrap();
        running.wait_until(|_| arrivals.all().len() == 1).await;
        let letter = arrivals.one();
        assert_eq!(letter.header_text("x-leveret-error").unwrap(), "saw translated");
        assert_eq!(letter.body(), "original");
        assert_eq!(letter.header_text("x-mine").unwrap(), "as it was");
        assert_eq!(letter.properties().kind().unwrap(), "old");
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_step_that_fails_is_tried_again_or_not_as_its_error_says(target: Target) {
        let jobs = target.name("jobs");
        let step = |Text(text): Text, attempt: Attempt, message: Message| async move {
            match (text.as_str(), attempt.number) {
                ("never", _) => Err(Failure::permanent("unknown version").named("version")),
                (_, 1) => Err(Failure::transient("the register is away")),
                _ => Ok(message),
            }
        };
        let handler = Handler::new(jobs.as_str(), || async {}).named("work").translate(step);
        let arrivals = Arrivals::default();
        let dead = arrivals.on(handler.dead_letter_queue());
        let running = target.app().handler(handler).handler(dead).start().await.unwrap();
        send(&running, &jobs, &["never", "later"]).await;
        running.wait_until(|stats| stats.handler("work").handled == 1).await;
        running.wait_until(|_| arrivals.all().len() == 1).await;
        assert_eq!(arrivals.one().header_text("x-leveret-error-class").unwrap(), "version");
        assert_eq!(running.stats().handler("work").retried, 1);
        running.shutdown().await.unwrap();
    }
}
