//! Groups of handlers: names, queues, state and what they say in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use leveret::{
    Config, Failure, Handler, Handlers, NoPrincipal, Principal, Publish, RetryPolicy, Rule,
    StartError, State, Text,
};

use crate::setup::{Target, on_each_broker, send};

on_each_broker! {
    parts_have_queues_names_and_state_of_their_own
    what_a_group_says_holds_for_its_handlers
    two_handlers_on_one_queue_are_refused_from_whatever_group_they_are
}

/// What the handlers of one part share.
#[derive(Debug, Clone, Default)]
struct Till(Arc<AtomicU32>);

async fn charge(State(till): State<Till>, Text(cents): Text) -> Result<(), Failure> {
    till.0.fetch_add(cents.parse()?, Ordering::SeqCst);
    Ok(())
}

fn part(till: &Till) -> Handlers {
    Handlers::new().state(till.clone()).handler(Handler::new("cards", charge))
}

mod bodies {
    use super::*;

    pub(super) async fn parts_have_queues_names_and_state_of_their_own(target: Target) {
        let (eu, us, everywhere) = (Till::default(), Till::default(), Till::default());
        let shop = target.name("shop");
        let group = Handlers::new()
            .nest("eu", part(&eu))
            .nest("us", part(&us))
            .handler(Handler::new("all", charge).bind(target.name("sales"), "sale.*"));
        let mounted = Handlers::new().nest(&shop, group);
        let running = target.app().state(everywhere.clone()).mount(mounted).start().await.unwrap();
        send(&running, &format!("{shop}.eu.cards"), &["1", "2"]).await;
        send(&running, &format!("{shop}.us.cards"), &["40"]).await;
        let sale = Publish::new(target.name("sales"), "sale.eu").text("500");
        running.publisher().publish(sale).await.unwrap();
        let (eu_name, us_name) = (format!("{shop}.eu.charge"), format!("{shop}.us.charge"));
        running.wait_until(|stats| stats.handler(&eu_name).handled == 2).await;
        running.wait_until(|stats| stats.handler(&us_name).handled == 1).await;
        running.wait_until(|stats| stats.handler(&format!("{shop}.charge")).handled == 1).await;
        let sums = [eu, us, everywhere].map(|till| till.0.load(Ordering::SeqCst));
        assert_eq!(sums, [3, 40, 500]);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn what_a_group_says_holds_for_its_handlers(target: Target) {
        let runs = Arc::new(AtomicU32::new(0));
        let counted = runs.clone();
        let work = move |clerk: Result<Principal, NoPrincipal>| {
            counted.fetch_add(1, Ordering::SeqCst);
            std::future::ready(Err::<(), _>(
                clerk.map_or_else(|_| "nobody".to_owned(), |clerk| clerk.name().to_owned()),
            ))
        };
        let part = target.name("part");
        let group = Handlers::new()
            .handler(Handler::new("jobs", work).named("work"))
            .principal("clerk")
            .retry(RetryPolicy::attempts(2))
            .on_error("stale", Rule::Drop);
        let name = format!("{part}.work");
        let text = format!("[handlers.\"{name}\"]\nretry = {{ attempts = 4 }}\n");
        let config = Config::parse("leveret.toml".as_ref(), &text).unwrap();
        let mounted = Handlers::new().nest(&part, group).concurrency(3);
        let running = target.app().mount(mounted).configure(config).start().await.unwrap();
        send(&running, &format!("{part}.jobs"), &["x"]).await;
        running.wait_until(|stats| stats.handler(&name).dead_lettered == 1).await;
        assert_eq!(runs.load(Ordering::SeqCst), 4, "the configuration wins");
        let plan = running.settlement_plan().to_string();
        assert!(plan.contains("4 attempts at once; `stale`: dropped"), "{plan}");
        running.shutdown().await.unwrap();
    }

    pub(super) async fn two_handlers_on_one_queue_are_refused_from_whatever_group_they_are(
        target: Target,
    ) {
        let till = Till::default();
        let mounted = Handlers::new().nest("eu", part(&till));
        let second = Handler::new("eu.cards", || async {}).named("second");
        let error = target.app().mount(mounted).handler(second).start().await.unwrap_err();
        assert!(matches!(error, StartError::DuplicateQueue { .. }), "{error}");
        let twice = Handlers::new().nest("eu", part(&till)).nest("eu", part(&till));
        let error = target.app().mount(twice).start().await.unwrap_err();
        assert!(error.to_string().contains("`eu.cards`"), "{error}");
    }
}
