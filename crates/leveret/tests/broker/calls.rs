//! Handlers as servers of calls: answers, errors, deadlines.

use crate::setup::on_each_broker;

on_each_broker! {
    a_call_gets_what_the_handler_returns
    a_call_to_what_fails_for_good_gets_its_error
    a_call_is_told_when_a_message_is_not_wanted
    an_error_may_be_the_answer
    a_request_that_comes_too_late_is_dropped_unhandled
    a_message_without_reply_to_is_handled_however_late
    each_call_of_a_batch_gets_an_answer_of_its_own
}

mod bodies {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use leveret::{
        App, Batch, Class, Classify, Deadline, Each, Failure, Handler, Json, Outcome, Publish,
        RemoteError, Reply, RetryPolicy, RpcClient, RpcError, RpcOptions, RunningApp, Text,
    };

    use crate::setup::{Arrivals, MODES, Target, in_mode};

    async fn started(app: App) -> (RunningApp, RpcClient) {
        let running = app.start().await.unwrap();
        let client = running.rpc_client(RpcOptions::default()).unwrap();
        (running, client)
    }

    fn remote(answer: Result<u32, RpcError>) -> RemoteError {
        match answer {
            Err(RpcError::Remote { error, .. }) => error,
            other => panic!("an error of the server, found {other:?}"),
        }
    }

    fn millis_from_epoch(at: SystemTime) -> i64 {
        at.duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
    }

    pub(super) async fn a_call_gets_what_the_handler_returns(target: Target) {
        for mode in MODES {
            let queue = target.name(&format!("sums-{mode:?}"));
            let add = |Json((a, b)): Json<(u32, u32)>, deadline: Deadline| async move {
                assert!(deadline.left().unwrap() > Duration::ZERO);
                Reply::json(&(a + b))
            };
            let handler = in_mode(Handler::new(queue.as_str(), add), mode);
            let (running, client) = started(target.app().handler(handler)).await;
            assert_eq!(client.call::<_, u32>(queue.as_str(), &(2, 3)).await.unwrap(), 5);
            running.shutdown().await.unwrap();
        }
    }

    #[derive(Debug)]
    struct OutOfStock(u32);

    impl std::fmt::Display for OutOfStock {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "only {} left", self.0)
        }
    }

    impl Classify for OutOfStock {
        fn class(&self) -> Class {
            Class::Permanent
        }

        fn name(&self) -> &'static str {
            "out-of-stock"
        }
    }

    pub(super) async fn a_call_to_what_fails_for_good_gets_its_error(target: Target) {
        for mode in MODES {
            let orders = target.name(&format!("orders-{mode:?}"));
            let flaky = target.name(&format!("flaky-{mode:?}"));
            let order = |Json(_): Json<u32>| async { Err::<(), _>(OutOfStock(3)) };
            let fail = || async { Err::<(), _>(Failure::transient("no bank").named("bank")) };
            let order = in_mode(Handler::new(orders.as_str(), order).named("order"), mode);
            let fail = in_mode(Handler::new(flaky.as_str(), fail).named("fail"), mode);
            let letters = Arrivals::default();
            let dead = order.dead_letter_queue();
            let app = target.app().handler(order).handler(fail.retry(RetryPolicy::attempts(2)));
            let (running, client) = started(app.handler(letters.on(dead))).await;

            let error = remote(client.call(orders.as_str(), &7).await);
            assert_eq!(
                (error.class.as_str(), error.text.as_str()),
                ("out-of-stock", "only 3 left")
            );
            assert!(!error.is_transient);
            let error = remote(client.call(orders.as_str(), "no number").await);
            assert_eq!(error.class, "undecodable");
            let error = remote(client.call(flaky.as_str(), &7).await);
            assert_eq!((error.class.as_str(), error.is_transient), ("bank", true));

            running.wait_until(|_| letters.all().len() == 2).await;
            running.shutdown().await.unwrap();
        }
    }

    /// The squares of small numbers.
    fn squares(batch: Batch<Json<u32>>) -> std::future::Ready<Each<Result<Reply, OutOfStock>>> {
        let square = |Json(number): Json<u32>| match number {
            10.. => Err(OutOfStock(10)),
            number => Ok(Reply::value(number * number)),
        };
        std::future::ready(batch.into_iter().map(square).collect())
    }

    pub(super) async fn each_call_of_a_batch_gets_an_answer_of_its_own(target: Target) {
        for mode in MODES {
            let queue = target.name(&format!("squares-{mode:?}"));
            let handler = Handler::batch(queue.as_str(), squares).named("square").size(4);
            // Only a full batch is handled, so all four are in one.
            let handler = in_mode(handler.window(Duration::from_mins(10)), mode);
            let (running, client) = started(target.app().handler(handler)).await;
            let ask = async |number: u32| client.call::<_, u32>(queue.as_str(), &number).await;
            let unasked = Publish::to_queue(&queue).json(&5).unwrap();
            running.publisher().publish(unasked).await.unwrap();
            let (two, many, three) = tokio::join!(ask(2), ask(12), ask(3));
            assert_eq!((two.unwrap(), three.unwrap()), (4, 9));
            assert_eq!(remote(many).class, "out-of-stock");
            running.wait_until(|stats| stats.handler("square").in_flight == 0).await;
            let stats = running.stats().handler("square");
            assert_eq!((stats.handled, stats.dead_lettered, stats.replies_dropped), (3, 1, 1));
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn a_call_is_told_when_a_message_is_not_wanted(target: Target) {
        let queue = target.name("spam");
        let handler = Handler::new(queue.as_str(), || async { Outcome::Reject }).named("spam");
        let (running, client) = started(target.app().handler(handler)).await;
        assert_eq!(remote(client.call(queue.as_str(), &1).await).class, "rejected");
        running.wait_until(|stats| stats.handler("spam").rejected == 1).await;
        running.shutdown().await.unwrap();
    }

    pub(super) async fn an_error_may_be_the_answer(target: Target) {
        let queue = target.name("prices");
        let price = || async {
            let class = "unknown-article".to_owned();
            Reply::error(&RemoteError { class, text: "no tea".to_owned(), is_transient: false })
        };
        let handler = Handler::new(queue.as_str(), price).named("price");
        let (running, client) = started(target.app().handler(handler)).await;
        assert_eq!(remote(client.call(queue.as_str(), &1).await).class, "unknown-article");
        running.wait_until(|stats| stats.handler("price").handled == 1).await;
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_request_that_comes_too_late_is_dropped_unhandled(target: Target) {
        for mode in MODES {
            let queue = target.name(&format!("late-{mode:?}"));
            let answers = target.name(&format!("answers-{mode:?}"));
            let times = Arc::new(AtomicU32::new(0));
            let counted = times.clone();
            let work = move || {
                counted.fetch_add(1, Ordering::SeqCst);
                async { Reply::text("done") }
            };
            let handler = in_mode(Handler::new(queue.as_str(), work).named("work"), mode);
            let arrivals = Arrivals::default();
            let app = target.app().handler(handler).handler(arrivals.on(answers.clone()));
            let (running, _) = started(app).await;
            let ask = async |at: SystemTime| {
                let publish = Publish::to_queue(&queue).text("x").reply_to(&answers);
                let publish = publish.header("x-leveret-deadline", millis_from_epoch(at));
                running.publisher().publish(publish).await.unwrap();
            };
            ask(SystemTime::now() - Duration::from_secs(1)).await;
            ask(SystemTime::now() + Duration::from_mins(1)).await;
            running.wait_until(|_| arrivals.all().len() == 1).await;
            let stats = running.stats().handler("work");
            assert_eq!((stats.expired, stats.dead_lettered), (1, 0));
            assert_eq!(times.load(Ordering::SeqCst), 1);
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn a_message_without_reply_to_is_handled_however_late(target: Target) {
        let queue = target.name("jobs");
        let work = |Text(_): Text, deadline: Deadline| async move { assert!(deadline.is_past()) };
        let handler = Handler::new(queue.as_str(), work).named("work");
        let (running, _) = started(target.app().handler(handler)).await;
        let publish = Publish::to_queue(&queue).text("x").header("x-leveret-deadline", 1_000_i64);
        running.publisher().publish(publish).await.unwrap();
        running.wait_until(|stats| stats.handler("work").handled == 1).await;
        running.shutdown().await.unwrap();
    }
}
