//! Messages as requests to a web service: what it gets, and what its responses do.

use crate::setup::on_each_broker;

on_each_broker! {
    a_message_is_a_request
    the_body_of_a_message_is_not_copied
    a_response_is_the_outcome
    what_the_configuration_says_of_a_status_wins
    what_a_request_publishes_leaves_with_its_acknowledgement
    a_service_that_is_busy_is_asked_again_after_its_time
    a_response_is_the_reply
    a_response_that_fails_is_an_error_to_whoever_asked
    a_slow_or_panicking_service_is_a_failure
    the_principal_is_the_validated_user_or_the_handlers
    a_hostile_key_stays_in_its_segment
}

mod bodies {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use axum::body::Body as AxumBody;
    use axum::extract::Path;
    use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
    use axum::response::{IntoResponse, Response};
    use axum::routing::{any, post};
    use axum::{Extension, Router};
    use leveret::serve::{Mapping, StatusRule, StatusRules};
    use leveret::{
        Attempt, Bytes, Config, Deadline, Handler, Message, Principal, Properties, Publish,
        Publisher, RetryPolicy, RpcError, RpcOptions, ShortStr,
    };

    use leveret_client::Publish as Request;

    use crate::setup::{Arrivals, MODES, Target, in_mode, send};

    /// What came, in words.
    #[derive(Debug, Clone, Default)]
    struct Notes(Arc<Mutex<Vec<String>>>);

    impl Notes {
        fn add(&self, note: String) {
            self.0.lock().unwrap().push(note);
        }

        fn all(&self) -> Vec<String> {
            self.0.lock().unwrap().clone()
        }
    }

    fn short(text: &str) -> ShortStr {
        ShortStr::try_from(text).unwrap()
    }

    fn header(message: &Message, name: &str) -> String {
        message.header_text(name).unwrap_or_else(|| panic!("no header {name} in {message:#?}"))
    }

    pub(super) async fn a_message_is_a_request(target: Target) {
        let exchange = target.name("shop");
        let notes = Notes::default();
        let log = notes.clone();
        let order = async move |method: Method, uri: Uri, headers: HeaderMap, body: String| {
            let names = ["host", "content-type", "message-id", "correlation-id", "x-mood"];
            let text = |name: &str| headers[name].to_str().unwrap().to_owned();
            log.add(format!("{method} {uri} {body}"));
            log.add(names.map(text).join(" "));
        };
        let mapping = Mapping::default()
            .method(Method::PUT)
            .method_header("x-method")
            .captures("order.{region}.{event}")
            .path("/regions/{region}/{event}")
            .site("shop.example:8080");
        let router = Router::new().route("/regions/{region}/{event}", any(order));
        let queue = target.name("orders");
        let handler = Handler::serve_as(queue.as_str(), mapping, router);
        let app = target.app().handler(handler.named("web").bind(&exchange, "order.*.*"));
        let running = app.start().await.unwrap();
        let order = || {
            Publish::new(&exchange, "order.eu.created")
                .text("tea")
                .message_id("id-1")
                .correlation_id("c-1")
                .header("x-mood", "good")
        };
        running.publisher().publish(order()).await.unwrap();
        running.wait_until(|stats| stats.handler("web").handled == 1).await;
        running.publisher().publish(order().header("x-method", "DELETE")).await.unwrap();
        running.publisher().publish(order().header("x-method", "DE LETE")).await.unwrap();
        running.wait_until(|stats| stats.handler("web").handled == 2).await;
        running.wait_until(|stats| stats.handler("web").dead_lettered == 1).await;
        let fields = "shop.example:8080 text/plain; charset=utf-8 id-1 c-1 good";
        let put = "PUT /regions/eu/created tea";
        let delete = "DELETE /regions/eu/created tea";
        assert_eq!(notes.all(), [put, fields, delete, fields]);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn the_body_of_a_message_is_not_copied(target: Target) {
        let queue = target.name("blobs");
        let copies = Arc::new(AtomicUsize::new(usize::MAX));
        let counted = copies.clone();
        let take = async move |Extension(message): Extension<Message>, body: Bytes| {
            assert_eq!(body.len(), 100_000);
            let is_same = body.as_ptr() == message.body().as_ptr();
            counted.store(usize::from(!is_same), Ordering::SeqCst);
        };
        let router = Router::new().fallback(post(take));
        let handler = Handler::serve(queue.as_str(), router).named("web");
        let running = target.app().handler(handler).start().await.unwrap();
        send(&running, &queue, &["x".repeat(100_000).as_str()]).await;
        running.wait_until(|stats| stats.handler("web").handled == 1).await;
        assert_eq!(copies.load(Ordering::SeqCst), 0);
        running.shutdown().await.unwrap();
    }

    /// Answers with the status that the body names.
    async fn as_told(body: String) -> (StatusCode, String) {
        (StatusCode::from_bytes(body.as_bytes()).unwrap(), format!("because of\n{body}"))
    }

    pub(super) async fn a_response_is_the_outcome(target: Target) {
        for mode in MODES {
            let queue = target.name(&format!("jobs-{mode:?}"));
            let rules = StatusRules::default().on(404, StatusRule::Ack).on(410, StatusRule::Reject);
            let router = Router::new().fallback(as_told);
            let handler =
                Handler::serve_as(queue.as_str(), Mapping::default().rules(rules), router)
                    .named("web")
                    .retry(RetryPolicy::attempts(2));
            let letters = Arrivals::default();
            let dead = handler.dead_letter_queue();
            let app = target.app().handler(in_mode(handler, mode)).handler(letters.on(dead));
            let running = app.start().await.unwrap();
            send(&running, &queue, &["200", "204", "404", "410", "422", "302", "500"]).await;
            running.wait_until(|_| letters.all().len() == 3).await;
            running.wait_until(|stats| stats.handler("web").handled == 3).await;
            let told = |letter: &Message| {
                let attempts = letter.header("x-leveret-attempts").unwrap();
                let error = header(letter, "x-leveret-error");
                format!("{} {error} {attempts:?}", header(letter, "x-leveret-error-class"))
            };
            assert_eq!(
                letters.all().iter().map(told).collect::<Vec<_>>(),
                [
                    "http-422 422 Unprocessable Entity: because of 422 I64(1)",
                    "http-302 302 Found: because of 302 I64(1)",
                    "http-500 500 Internal Server Error: because of 500 I64(2)",
                ]
            );
            let stats = running.stats().handler("web");
            assert_eq!((stats.rejected, stats.retried), (1, 1));
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn what_the_configuration_says_of_a_status_wins(target: Target) {
        let queue = target.name("jobs");
        let rules = StatusRules::default().on(410, StatusRule::Reject);
        let router = Router::new().fallback(as_told);
        let handler = Handler::serve_as(queue.as_str(), Mapping::default().rules(rules), router);
        let letters = Arrivals::default();
        let watch = letters.on(handler.dead_letter_queue());
        let text = "[handlers.web.statuses]\n4xx = \"ack\"\n422 = \"dead-letter\"\n";
        let config = Config::parse("leveret.toml".as_ref(), text).unwrap();
        let app = target.app().configure(config).handler(handler.named("web")).handler(watch);
        let running = app.start().await.unwrap();
        send(&running, &queue, &["200", "404", "410", "422"]).await;
        running.wait_until(|stats| stats.handler("web").handled == 3).await;
        running.wait_until(|_| letters.all().len() == 1).await;
        assert_eq!(letters.bodies(), ["422"]);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn what_a_request_publishes_leaves_with_its_acknowledgement(target: Target) {
        for mode in MODES {
            let queue = target.name(&format!("jobs-{mode:?}"));
            let results = target.name(&format!("results-{mode:?}"));
            let to = results.clone();
            let work = async move |publisher: Extension<Publisher>, attempt: Extension<Attempt>| {
                let text = format!("attempt {}", attempt.number);
                publisher.publish(Publish::to_queue(&to).text(text)).await.unwrap();
                if attempt.is_last() { StatusCode::OK } else { StatusCode::BAD_GATEWAY }
            };
            let router = Router::new().fallback(post(work));
            let handler = in_mode(Handler::serve(queue.as_str(), router).named("web"), mode);
            let arrivals = Arrivals::default();
            let app = target.app().handler(handler).handler(arrivals.on(results));
            let running = app.start().await.unwrap();
            let job = Publish::to_queue(&queue).text("x").message_id("job-1");
            running.publisher().publish(job).await.unwrap();
            running.wait_until(|stats| stats.handler("web").handled == 1).await;
            running.idle().await;
            assert_eq!(arrivals.bodies(), ["attempt 3"]);
            assert_eq!(header(&arrivals.one(), "references"), "job-1");
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn a_service_that_is_busy_is_asked_again_after_its_time(target: Target) {
        let queue = target.name("jobs");
        let notes = Notes::default();
        let log = notes.clone();
        let work = async move |attempt: Extension<Attempt>, uri: Uri| {
            log.add(format!("{} {uri}", attempt.number));
            let busy = [(header::RETRY_AFTER, "1")];
            let free = StatusCode::OK.into_response();
            if attempt.number == 1 {
                (StatusCode::TOO_MANY_REQUESTS, busy).into_response()
            } else {
                free
            }
        };
        let handler = Handler::serve(queue.as_str(), Router::new().fallback(post(work)));
        let exchange = target.name("shop");
        let app = target.app().handler(handler.named("web").bind(&exchange, "#"));
        let running = app.start().await.unwrap();
        let began_at = std::time::Instant::now();
        let job = Publish::new(&exchange, "a.b").text("x");
        running.publisher().publish(job).await.unwrap();
        running.wait_until(|stats| stats.handler("web").handled == 1).await;
        assert!(began_at.elapsed() >= Duration::from_secs(1));
        assert_eq!(running.stats().handler("web").postponed, 1);
        let path = format!("/{exchange}/a.b");
        assert_eq!(notes.all(), [format!("1 {path}"), format!("2 {path}")]);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_response_is_the_reply(target: Target) {
        for mode in MODES {
            let queue = target.name(&format!("sums-{mode:?}"));
            let add = async |deadline: Extension<Deadline>, body: String| -> Response {
                assert!(deadline.left().unwrap() > Duration::ZERO);
                let numbers = body.trim_matches(['[', ']']).split(',');
                let sum: u32 = numbers.map(|number| number.parse::<u32>().unwrap()).sum();
                let headers = [
                    (header::CONTENT_TYPE, "application/json"),
                    (header::ETAG, "\"7\""),
                    (header::SET_COOKIE, "session=1"),
                ];
                (StatusCode::CREATED, headers, sum.to_string()).into_response()
            };
            let handler = Handler::serve(queue.as_str(), Router::new().fallback(post(add)));
            let running = target.app().handler(in_mode(handler, mode)).start().await.unwrap();
            let client = running.rpc_client(RpcOptions::default()).unwrap();
            let sum: u32 = client.call(queue.as_str(), &[1, 2, 3]).await.unwrap();
            assert_eq!(sum, 6);

            let request =
                Request { routing_key: short(&queue), body: "1".into(), ..Request::default() };
            let reply = client.request(request).await.unwrap();
            let headers = reply.properties.headers().unwrap();
            assert_eq!(headers.get("x-http-status"), Some(201_i32.into()));
            assert_eq!(headers.get("etag"), Some("\"7\"".into()));
            assert_eq!(headers.get("set-cookie"), None);
            assert_eq!(reply.properties.content_type().unwrap(), "application/json");
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn a_response_that_fails_is_an_error_to_whoever_asked(target: Target) {
        let queue = target.name("jobs");
        let respond = async |body: String| match body.as_str() {
            "1" => (StatusCode::NOT_FOUND, AxumBody::from("no such order")),
            "2" => (StatusCode::BAD_GATEWAY, AxumBody::empty()),
            _ => (StatusCode::OK, AxumBody::from("x".repeat(101))),
        };
        let mapping = Mapping::default().reply_bytes_max(100);
        let router = Router::new().fallback(post(respond));
        let handler = Handler::serve_as(queue.as_str(), mapping, router);
        let app = target.app().handler(handler.retry(RetryPolicy::never()));
        let running = app.start().await.unwrap();
        let client = running.rpc_client(RpcOptions::default()).unwrap();
        let ask = async |number: u32| match client.call::<_, u32>(queue.as_str(), &number).await {
            Err(RpcError::Remote { error, .. }) => error,
            other => panic!("an error of the server, found {other:?}"),
        };
        let missing = ask(1).await;
        assert_eq!((missing.class.as_str(), missing.is_transient), ("http-404", false));
        assert_eq!(missing.text, "404 Not Found: no such order");
        let down = ask(2).await;
        assert_eq!((down.class.as_str(), down.is_transient), ("http-502", true));
        assert_eq!(ask(3).await.class, "reply-too-long");
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_slow_or_panicking_service_is_a_failure(target: Target) {
        let queue = target.name("jobs");
        let respond = async |body: String| {
            assert_ne!(body, "bad", "cannot do this one");
            if body == "slow" {
                std::future::pending::<()>().await;
            }
        };
        let router = Router::new().fallback(post(respond));
        let handler = Handler::serve(queue.as_str(), router)
            .named("web")
            .retry(RetryPolicy::never())
            .time_limit(Duration::from_millis(10));
        let letters = Arrivals::default();
        let dead = handler.dead_letter_queue();
        let running =
            target.app().handler(handler).handler(letters.on(dead)).start().await.unwrap();
        send(&running, &queue, &["bad", "slow", "good"]).await;
        running.wait_until(|_| letters.all().len() == 2).await;
        running.wait_until(|stats| stats.handler("web").handled == 1).await;
        let class = |letter: &Message| header(letter, "x-leveret-error-class");
        assert_eq!(letters.all().iter().map(class).collect::<Vec<_>>(), ["panic", "time-limit"]);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn the_principal_is_the_validated_user_or_the_handlers(target: Target) {
        let (queue, plain) = (target.name("jobs"), target.name("plain"));
        let notes = Notes::default();
        let (log, other_log) = (notes.clone(), notes.clone());
        let router = Router::new().fallback(post(async move |principal: Extension<Principal>| {
            log.add(format!("web {}", principal.name()));
        }));
        let work = move |principal: Principal| {
            other_log.add(format!("plain {principal}"));
            std::future::ready(())
        };
        let web = Handler::serve(queue.as_str(), router).named("web").principal("batch");
        let work = Handler::new(plain.as_str(), work).named("plain");
        let letters = Arrivals::default();
        let (dead, dead_too) = (web.dead_letter_queue(), work.dead_letter_queue());
        let app = target.app().handler(web).handler(work);
        let app = app.handler(letters.on(dead)).handler(letters.on(dead_too));
        let running = app.start().await.unwrap();
        let client = running.rpc_client(RpcOptions::default()).unwrap();

        for queue in [&queue, &plain] {
            let properties = Properties::builder().user_id(ShortStr::from_static("guest")).build();
            let request = Request { routing_key: short(queue), properties, ..Request::default() };
            // The web service answers, the plain handler does not.
            client.request_within(request, Duration::from_secs(1)).await.ok();
        }
        running.wait_until(|_| notes.all().len() == 2).await;
        assert_eq!(notes.all(), ["web guest", "plain guest"]);
        let forged = Publish::to_queue(&queue).text("x").header("x-leveret-user-id", "root");
        running.publisher().publish(forged).await.unwrap();
        running.wait_until(|_| letters.all().len() == 1).await;
        send(&running, &queue, &["x"]).await;
        running.wait_until(|_| notes.all().contains(&"web batch".to_owned())).await;
        send(&running, &plain, &["x"]).await;
        running.wait_until(|_| letters.all().len() == 2).await;
        for letter in letters.all() {
            assert_eq!(header(&letter, "x-leveret-error-class"), "no-principal");
        }
        assert!(!notes.all().iter().any(|note| note.contains("root")));
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_hostile_key_stays_in_its_segment(target: Target) {
        let (queue, exchange) = (target.name("jobs"), target.name("shop"));
        let notes = Notes::default();
        let log = notes.clone();
        let public = async move |Path((_, key)): Path<(String, String)>| log.add(key);
        let router = Router::new()
            .route("/{exchange}/{key}", post(public))
            .route("/admin", any(async || unreachable_admin()));
        let handler = Handler::serve(queue.as_str(), router).named("web").bind(&exchange, "#");
        let running = target.app().handler(handler).start().await.unwrap();
        let keys = ["../admin", "..", "%2e%2e/admin", "a?b#c", "", "x\r\nhost: y"];
        for key in keys {
            let job = Publish::new(&exchange, key).text("x");
            running.publisher().publish(job).await.unwrap();
        }
        running.wait_until(|stats| stats.handler("web").handled == 5).await;
        running.wait_until(|stats| stats.handler("web").dead_lettered == 1).await;
        assert_eq!(notes.all(), ["../admin", "%2e%2e/admin", "a?b#c", "-", "x\r\nhost: y"]);
        running.shutdown().await.unwrap();
    }

    fn unreachable_admin() -> StatusCode {
        panic!("no message gets here")
    }
}
