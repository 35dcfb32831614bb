//! Layers around handlers: tower's and our own, and what they cannot break.

use crate::setup::on_each_broker;

on_each_broker! {
    layers_are_called_from_the_outside_in
    a_timeout_of_tower_is_an_error_like_another
    a_limit_of_tower_holds_for_all_workers
    a_layer_that_calls_again_leaves_nothing_of_the_first_call
    a_layer_that_hides_an_error_hides_its_outputs_too
    an_error_keeps_its_class_through_a_layer
}

mod bodies {
    use std::future::{Future, poll_fn};
    use std::pin::Pin;
    use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::task::{Context, Poll};
    use std::time::Duration;

    use leveret::{
        Effects, Failure, Handler, HandlerService, Message, Publish, Publisher, Request,
        RetryPolicy, Text,
    };
    use tower::limit::GlobalConcurrencyLimitLayer;
    use tower::timeout::TimeoutLayer;
    use tower::{Layer, Service};

    use crate::setup::{Arrivals, MODES, Target, in_mode, send};

    type Around = Arc<
        dyn Fn(
                HandlerService,
                Request,
            ) -> Pin<Box<dyn Future<Output = Result<Effects, Failure>> + Send>>
            + Send
            + Sync,
    >;

    /// A layer of a function.
    #[derive(Clone)]
    struct Wrapper(Around);

    #[derive(Clone)]
    struct Wrapped(HandlerService, Around);

    impl Layer<HandlerService> for Wrapper {
        type Service = Wrapped;

        fn layer(&self, inner: HandlerService) -> Wrapped {
            Wrapped(inner, self.0.clone())
        }
    }

    impl Service<Request> for Wrapped {
        type Response = Effects;
        type Error = Failure;
        type Future = Pin<Box<dyn Future<Output = Result<Effects, Failure>> + Send>>;

        fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
            self.0.poll_ready(context)
        }

        fn call(&mut self, request: Request) -> Self::Future {
            (self.1)(self.0.clone(), request)
        }
    }

    fn around<Fut>(
        layer: impl Fn(HandlerService, Request) -> Fut + Send + Sync + 'static,
    ) -> Wrapper
    where
        Fut: Future<Output = Result<Effects, Failure>> + Send + 'static,
    {
        Wrapper(Arc::new(move |service, request| Box::pin(layer(service, request))))
    }

    async fn call(service: &mut HandlerService, request: Request) -> Result<Effects, Failure> {
        poll_fn(|context| service.poll_ready(context)).await?;
        service.call(request).await
    }

    /// A layer that adds its name to a header on the way in.
    fn noting(name: &'static str) -> Wrapper {
        around(move |mut service, request| async move {
            let before = request.message().header_text("x-way").unwrap_or_default();
            let message = request.message().clone().with_header("x-way", format!("{before}{name}"));
            call(&mut service, request.with_message(message)).await
        })
    }

    pub(super) async fn layers_are_called_from_the_outside_in(target: Target) {
        let jobs = target.name("jobs");
        let seen = Arrivals::default();
        let noted = seen.clone();
        let work = move |message: Message| {
            noted.note(message);
            async {}
        };
        let handler = Handler::new(jobs.as_str(), work)
            .named("work")
            .translate(async |message: Message| {
                let way = message.header_text("x-way").unwrap();
                message.with_header("x-way", format!("{way}step"))
            })
            .layer(noting("inner "))
            .layer(noting("outer "));
        let app = target.app().layer(noting("app ")).handler(handler).layer(noting("outmost "));
        let running = app.start().await.unwrap();
        send(&running, &jobs, &["x"]).await;
        running.wait_until(|stats| stats.handler("work").handled == 1).await;
        let way = seen.one().header_text("x-way").unwrap();
        assert_eq!(way, "outmost app outer inner step");
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_timeout_of_tower_is_an_error_like_another(target: Target) {
        let jobs = target.name("jobs");
        let handler = Handler::new(jobs.as_str(), std::future::pending::<()>)
            .retry(RetryPolicy::attempts(2))
            .layer(TimeoutLayer::new(Duration::from_millis(5)));
        let arrivals = Arrivals::default();
        let dead = arrivals.on(handler.dead_letter_queue());
        let running = target.app().handler(handler).handler(dead).start().await.unwrap();
        send(&running, &jobs, &["x"]).await;
        running.wait_until(|_| arrivals.all().len() == 1).await;
        let letter = arrivals.one();
        assert_eq!(letter.header_text("x-leveret-error-class").unwrap(), "error");
        assert_eq!(letter.header_text("x-leveret-error").unwrap(), "request timed out");
        assert_eq!(letter.header("x-leveret-attempts"), Some(2_i64.into()));
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_limit_of_tower_holds_for_all_workers(target: Target) {
        let jobs = target.name("jobs");
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = (now.clone(), most.clone());
        let work = move || {
            let (now, most) = counted.clone();
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                for _ in 0..50 {
                    tokio::task::yield_now().await;
                }
                now.fetch_sub(1, Ordering::SeqCst);
            }
        };
        let handler = Handler::new(jobs.as_str(), work).named("work").concurrency(8);
        let app = target.app().layer(GlobalConcurrencyLimitLayer::new(2)).handler(handler);
        let running = app.start().await.unwrap();
        send(&running, &jobs, &["x"; 40]).await;
        running.wait_until(|stats| stats.handler("work").handled == 40).await;
        assert!(most.load(Ordering::SeqCst) <= 2, "{most:?} at a time");
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_layer_that_calls_again_leaves_nothing_of_the_first_call(target: Target) {
        for mode in MODES {
            let (jobs, results) =
                (target.name(&format!("jobs-{mode:?}")), target.name(&format!("results-{mode:?}")));
            let calls = Arc::new(AtomicU32::new(0));
            let (counted, to) = (calls.clone(), results.clone());
            let work = move |publisher: Publisher| {
                let (call, to) = (counted.fetch_add(1, Ordering::SeqCst), to.clone());
                async move {
                    publisher.publish(Publish::to_queue(to).text(call.to_string())).await?;
                    if call == 0 { Err(Failure::permanent("at first")) } else { Ok(()) }
                }
            };
            let twice = around(|mut service, request: Request| async move {
                match call(&mut service, request.clone()).await {
                    Ok(effects) => Ok(effects),
                    Err(_) => call(&mut service, request).await,
                }
            });
            let handler = Handler::new(jobs.as_str(), work).named("work").layer(twice);
            let arrivals = Arrivals::default();
            let app = target.app().handler(in_mode(handler, mode)).handler(arrivals.on(results));
            let running = app.start().await.unwrap();
            send(&running, &jobs, &["x"]).await;
            running.wait_until(|_| !arrivals.all().is_empty()).await;
            running.idle().await;
            assert_eq!(arrivals.bodies(), ["1"]);
            assert_eq!(running.stats().handler("work").retried, 0);
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn a_layer_that_hides_an_error_hides_its_outputs_too(target: Target) {
        let (jobs, results) = (target.name("jobs"), target.name("results"));
        let to = results.clone();
        let work = move |publisher: Publisher, Text(text): Text| {
            let to = to.clone();
            async move {
                publisher.publish(Publish::to_queue(to).text(text.clone())).await?;
                if text == "stuck" {
                    std::future::pending::<()>().await;
                }
                Err::<(), _>(Failure::permanent("in vain"))
            }
        };
        let kept = Arc::new(Mutex::new(Vec::<String>::new()));
        let told = kept.clone();
        let to = results.clone();
        let hiding = around(move |mut service, request: Request| {
            let (told, to) = (told.clone(), to.clone());
            async move {
                let limit = Duration::from_millis(20);
                let result = tokio::time::timeout(limit, call(&mut service, request)).await;
                let text = match result {
                    Ok(Ok(_)) => "none".to_owned(),
                    Ok(Err(failure)) => failure.to_string(),
                    Err(_) => "too late".to_owned(),
                };
                told.lock().unwrap().push(text);
                Ok(Effects::of(Publish::to_queue(to).text("instead")))
            }
        });
        let handler = Handler::new(jobs.as_str(), work).named("work").layer(hiding);
        let arrivals = Arrivals::default();
        let app = target.app().handler(handler).handler(arrivals.on(results));
        let running = app.start().await.unwrap();
        send(&running, &jobs, &["wrong", "stuck"]).await;
        running.wait_until(|stats| stats.handler("work").handled == 2).await;
        running.idle().await;
        assert_eq!(arrivals.bodies(), ["instead", "instead"]);
        assert_eq!(*kept.lock().unwrap(), ["in vain", "too late"]);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn an_error_keeps_its_class_through_a_layer(target: Target) {
        let jobs = target.name("jobs");
        let work = || async { Err::<(), _>(Failure::permanent("no such card").named("card")) };
        let handler = Handler::new(jobs.as_str(), work)
            .named("work")
            // Tower's layer puts errors into boxes.
            .layer(TimeoutLayer::new(Duration::from_mins(1)));
        let arrivals = Arrivals::default();
        let dead = arrivals.on(handler.dead_letter_queue());
        let running = target.app().handler(handler).handler(dead).start().await.unwrap();
        send(&running, &jobs, &["x"]).await;
        running.wait_until(|_| arrivals.all().len() == 1).await;
        assert_eq!(arrivals.one().header_text("x-leveret-error-class").unwrap(), "card");
        assert_eq!(running.stats().handler("work").retried, 0);
        running.shutdown().await.unwrap();
    }
}
