//! Messages that are not as they should be.

use crate::setup::on_each_broker;

on_each_broker! {
    a_body_that_is_packed_wrongly_is_never_handled
    an_empty_body_and_a_huge_one_are_handled
    an_unknown_kind_is_a_dead_letter_or_for_who_takes_the_rest
    a_forged_reply_to_costs_that_message_alone
    what_a_request_leaves_out_or_invents_costs_its_reply_alone
    strange_headers_arrive_as_they_are
    no_more_is_delivered_than_there_are_workers
    latin_1_that_calls_itself_utf_8_is_kept_as_it_came
}

mod bodies {
    use std::collections::BTreeSet;
    use std::sync::{Arc, Mutex};

    use leveret::{
        App, Bytes, Classify, Codecs, FieldArray, FieldTable, FieldValue, FromMessage, Handler,
        Headers, Json, Message, Publish, Reply, Request, RunningApp, Text,
    };

    use crate::setup::{Arrivals, MODES, Target, in_hand, in_mode, send};

    async fn with_letters(target: &Target, handler: Handler) -> (RunningApp, Arrivals) {
        with_letters_of(target.app(), handler).await
    }

    async fn with_letters_of(app: App, handler: Handler) -> (RunningApp, Arrivals) {
        let letters = Arrivals::default();
        let dead = letters.on(handler.dead_letter_queue());
        (app.handler(handler).handler(dead).start().await.unwrap(), letters)
    }

    /// `[7]` packed by gzip, as RFC 1952 has it: one stored block.
    fn packed(body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
        let length = u16::try_from(body.len()).unwrap();
        bytes.extend(length.to_le_bytes());
        bytes.extend((!length).to_le_bytes());
        bytes.extend(body);
        bytes.extend(crc32(body).to_le_bytes());
        bytes.extend(u32::from(length).to_le_bytes());
        bytes
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let mut crc = !0_u32;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            }
        }
        !crc
    }

    pub(super) async fn a_body_that_is_packed_wrongly_is_never_handled(target: Target) {
        let jobs = target.name("jobs");
        let work = |Json(number): Json<u32>| async move { assert_eq!(number, 7) };
        let codecs = Codecs { unpacked_bytes_max: 1000, ..Codecs::default() };
        let handler = Handler::new(jobs.as_str(), work).named("work");
        let (running, letters) = with_letters_of(target.app().state(codecs), handler).await;
        let whole = packed(b"7");
        let job = |body: &[u8], encoding: &str| {
            let job = Publish::to_queue(&jobs).bytes(body.to_vec());
            job.content_type("application/json").content_encoding(encoding)
        };
        let wrong = [
            job(&whole[..whole.len() - 5], "gzip"),
            job(b"7", "gzip"),
            job(&packed(&[b' '; 1001]), "gzip"),
            job(&whole, "gzip, gzip, gzip"),
            job(&whole, "rot13"),
        ];
        for wrong in wrong.clone() {
            running.publisher().publish(wrong).await.unwrap();
        }
        running.publisher().publish(job(&whole, "gzip")).await.unwrap();
        running.wait_until(|stats| stats.handler("work").handled == 1).await;
        running.wait_until(|_| letters.all().len() == wrong.len()).await;
        for letter in letters.all() {
            assert_eq!(letter.header_text("x-leveret-error-class").unwrap(), "undecodable");
        }
        assert_eq!(running.stats().handler("work").retried, 0);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn an_empty_body_and_a_huge_one_are_handled(target: Target) {
        for mode in MODES {
            let jobs = target.name(&format!("jobs-{mode:?}"));
            let lengths = Arc::<Mutex<Vec<usize>>>::default();
            let noted = lengths.clone();
            let work = move |body: Bytes| {
                noted.lock().unwrap().push(body.len());
                std::future::ready(())
            };
            let handler = in_mode(Handler::new(jobs.as_str(), work).named("work"), mode);
            let running = target.app().handler(handler).start().await.unwrap();
            for bytes in [0, 16 << 20] {
                let job = Publish::to_queue(&jobs).bytes(vec![b'x'; bytes]);
                running.publisher().publish(job).await.unwrap();
            }
            running.wait_until(|stats| stats.handler("work").handled == 2).await;
            assert_eq!(*lengths.lock().unwrap(), [0, 16 << 20]);
            running.shutdown().await.unwrap();
        }
    }

    /// A body whose kind this program knows.
    struct Order(String);

    #[derive(Debug, thiserror::Error, Classify)]
    #[classify(permanent)]
    #[error("a message of kind `{0}`")]
    struct UnknownKind(String);

    impl FromMessage for Order {
        type Rejection = UnknownKind;

        async fn from_message(request: &Request) -> Result<Self, UnknownKind> {
            let message = request.message();
            let kind = message.properties().kind().unwrap_or_default().to_string();
            if kind != "order.v1" {
                return Err(UnknownKind(kind));
            }
            Ok(Self(String::from_utf8_lossy(message.body()).into_owned()))
        }
    }

    pub(super) async fn an_unknown_kind_is_a_dead_letter_or_for_who_takes_the_rest(target: Target) {
        let (strict, lenient) = (target.name("strict"), target.name("lenient"));
        let take = |Order(body): Order| async move { assert_eq!(body, "tea") };
        let rest = Arc::<Mutex<Vec<String>>>::default();
        let noted = rest.clone();
        let take_any = move |order: Option<Order>, Text(text): Text| {
            if order.is_none() {
                noted.lock().unwrap().push(text);
            }
            std::future::ready(())
        };
        let lenient_handler = Handler::new(lenient.as_str(), take_any).named("lenient");
        let app = target.app().handler(lenient_handler);
        let handler = Handler::new(strict.as_str(), take).named("strict");
        let (running, letters) = with_letters_of(app, handler).await;
        for queue in [&strict, &lenient] {
            for kind in ["order.v1", "order.v2", ""] {
                let body = if kind == "order.v1" { "tea" } else { "other" };
                let job = Publish::to_queue(queue).text(body).kind(kind);
                running.publisher().publish(job).await.unwrap();
            }
        }
        running.wait_until(|_| letters.all().len() == 2).await;
        running.wait_until(|stats| stats.handler("lenient").handled == 3).await;
        for letter in letters.all() {
            assert_eq!(letter.header_text("x-leveret-error-class").unwrap(), "unknown-kind");
        }
        assert_eq!(*rest.lock().unwrap(), ["other", "other"]);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn what_a_request_leaves_out_or_invents_costs_its_reply_alone(target: Target) {
        for mode in MODES {
            let jobs = target.name(&format!("jobs-{mode:?}"));
            let work = |Text(text): Text| async move { Reply::text(text) };
            let handler = in_mode(Handler::new(jobs.as_str(), work).named("work"), mode);
            let (running, letters) = with_letters(&target, handler).await;
            let nowhere = target.name("nowhere");
            let ask = || Publish::to_queue(&jobs).text("x");
            let requests = [
                ask(),
                ask().reply_to(&nowhere),
                ask().reply_to("amq.gen-of-somebody-else").correlation_id("c"),
                ask().reply_to(""),
                ask().reply_to("x".repeat(255)).message_id(""),
            ];
            for request in requests.clone() {
                running.publisher().publish(request).await.unwrap();
            }
            let all = requests.len() as u64;
            running.wait_until(|stats| stats.handler("work").handled == all).await;
            assert_eq!(running.stats().handler("work").replies_dropped, 1);
            assert!(letters.all().is_empty(), "{:?}", letters.all());
            running.shutdown().await.unwrap();
        }
    }

    /// `RabbitMQ` 3.10 fails over such a name and closes the connection with 541.
    pub(super) async fn a_forged_reply_to_costs_that_message_alone(target: Target) {
        for mode in MODES {
            let jobs = target.name(&format!("jobs-{mode:?}"));
            let work = |Text(text): Text| async move { Reply::text(text) };
            let handler = in_mode(Handler::new(jobs.as_str(), work).named("work"), mode);
            let (running, _letters) = with_letters(&target, handler).await;
            let forged = "amq.rabbitmq.reply-to.forged.token";
            let request = Publish::to_queue(&jobs).text("x").reply_to(forged);
            // Its own confirm may be lost with the connection.
            running.publisher().publish(request).await.ok();
            let settled = |count: u64| {
                move |stats: &leveret::Stats| {
                    let work = stats.handler("work");
                    work.handled + work.dead_lettered == count
                }
            };
            running.wait_until(settled(1)).await;
            running.publisher().publish(Publish::to_queue(&jobs).text("y")).await.unwrap();
            running.wait_until(settled(2)).await;
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn strange_headers_arrive_as_they_are(target: Target) {
        let jobs = target.name("jobs");
        let seen = Arc::<Mutex<Vec<FieldTable>>>::default();
        let noted = seen.clone();
        let work = move |Headers(headers): Headers| {
            noted.lock().unwrap().push(headers);
            std::future::ready(())
        };
        let handler = Handler::new(jobs.as_str(), work).named("work");
        let (running, letters) = with_letters(&target, handler).await;
        let no_text = FieldValue::LongString(Bytes::from_static(b"\xff\xfe"));
        let nested = (0..20).fold(FieldTable::default(), |inner, _| {
            FieldTable::builder().insert("in", FieldValue::Table(inner)).build()
        });
        let traces = [
            "",
            "00",
            "00-00000000000000000000000000000000-0000000000000000-00",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01",
            "ff-x-y-z",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-and-more",
        ];
        for trace in traces {
            let job = Publish::to_queue(&jobs).text("x").header("traceparent", trace);
            let job = job.header("no-text", no_text.clone()).header("x".repeat(128), 1_i64);
            let job = job.header("nested", FieldValue::Table(nested.clone()));
            let job = job.header("list", FieldValue::Array(FieldArray::default()));
            running.publisher().publish(job).await.unwrap();
        }
        let all = traces.len() as u64;
        running.wait_until(|stats| stats.handler("work").handled == all).await;
        let seen = seen.lock().unwrap().clone();
        for headers in &seen {
            assert_eq!(headers.get("no-text"), Some(no_text.clone()));
            assert_eq!(headers.get("nested"), Some(FieldValue::Table(nested.clone())));
        }
        let got: BTreeSet<String> =
            seen.iter().map(|headers| format!("{:?}", headers.get("traceparent"))).collect();
        assert_eq!(got.len(), traces.len());
        assert!(letters.all().is_empty());
        running.shutdown().await.unwrap();
    }

    pub(super) async fn no_more_is_delivered_than_there_are_workers(target: Target) {
        for mode in MODES {
            let jobs = target.name(&format!("jobs-{mode:?}"));
            let (open, gate) = tokio::sync::watch::channel(false);
            let work = move || {
                let mut gate = gate.clone();
                async move { gate.wait_for(|is_open| *is_open).await.map(drop).unwrap() }
            };
            let handler = in_mode(Handler::new(jobs.as_str(), work).named("work"), mode);
            let running = target.app().handler(handler.concurrency(3)).start().await.unwrap();
            send(&running, &jobs, &["x"; 200]).await;
            in_hand(&running, "work").await;
            while running.stats().handler("work").in_flight < 3 {
                tokio::task::yield_now().await;
            }
            assert_eq!(running.messages_ready(&jobs).await, Some(197));
            open.send(true).unwrap();
            running.wait_until(|stats| stats.handler("work").handled == 200).await;
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn latin_1_that_calls_itself_utf_8_is_kept_as_it_came(target: Target) {
        let jobs = target.name("jobs");
        let handler = Handler::new(jobs.as_str(), |Text(_): Text| async {}).named("work");
        let (running, letters) = with_letters(&target, handler).await;
        let body = Bytes::from_static(b"caf\xe9");
        let job = Publish::to_queue(&jobs).bytes(body.clone());
        let job = job.content_type("text/plain; charset=utf-8");
        running.publisher().publish(job).await.unwrap();
        running.wait_until(|_| letters.all().len() == 1).await;
        let letter: Message = letters.one();
        assert_eq!(*letter.body(), body);
        assert_eq!(letter.header_text("x-leveret-error-class").unwrap(), "undecodable");
        assert_eq!(letter.properties().content_type().unwrap(), "text/plain; charset=utf-8");
        running.shutdown().await.unwrap();
    }
}
