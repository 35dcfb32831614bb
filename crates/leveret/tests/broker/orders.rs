//! The order of messages of one key.

use crate::setup::on_each_broker;

on_each_broker! {
    messages_of_one_key_are_handled_one_after_another
    a_key_waits_for_the_next_attempt_and_goes_on_after_a_dead_letter
    a_parked_key_waits_and_others_go_on
    outputs_that_the_broker_refuses_condemn_their_message_alone
}

mod bodies {
    use std::collections::BTreeSet;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use leveret::{
        Attempt, Delays, Failure, Handler, OnFailure, OrderKey, Ordered, Publish, RetryPolicy,
        RunningApp, Text,
    };

    use crate::setup::{Arrivals, MODES, Target, in_mode};

    const MOMENT: Duration = Duration::from_millis(50);

    type Seen = Arc<Mutex<Vec<String>>>;

    /// The first letter of a body is its key.
    fn by_letter() -> Ordered {
        Ordered::by(OrderKey::header("letter"))
    }

    async fn send(running: &RunningApp, queue: &str, bodies: &[&str]) {
        for body in bodies {
            let publish = Publish::to_queue(queue).text(*body).header("letter", &body[..1]);
            running.publisher().publish(publish).await.unwrap();
        }
    }

    fn of_key(seen: &Seen, key: char) -> Vec<String> {
        seen.lock().unwrap().iter().filter(|text| text.starts_with(key)).cloned().collect()
    }

    pub(super) async fn messages_of_one_key_are_handled_one_after_another(target: Target) {
        for mode in MODES {
            let jobs = target.name(&format!("{mode:?}"));
            let (seen, busy): (Seen, Arc<Mutex<BTreeSet<char>>>) = Default::default();
            let together = Arc::new(Mutex::new(0));
            let (noted, most, keys) = (seen.clone(), together.clone(), busy.clone());
            let work = move |Text(text): Text| {
                let (noted, most, keys) = (noted.clone(), most.clone(), keys.clone());
                async move {
                    let key = text.chars().next().unwrap();
                    {
                        let mut keys = keys.lock().unwrap();
                        assert!(keys.insert(key), "two of key {key} at once");
                        let mut most = most.lock().unwrap();
                        *most = keys.len().max(*most);
                    }
                    for _ in 0..fastrand::u8(1..20) {
                        tokio::task::yield_now().await;
                    }
                    keys.lock().unwrap().remove(&key);
                    noted.lock().unwrap().push(text);
                }
            };
            let handler = Handler::new(jobs.as_str(), work).named("work").concurrency(4);
            let handler = in_mode(handler, mode).ordered_by(by_letter());
            let running = target.app().handler(handler).start().await.unwrap();
            let bodies: Vec<String> = (100..150)
                .flat_map(|n| ["a", "b", "c", "d", "e"].map(|k| format!("{k}{n}")))
                .collect();
            let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
            send(&running, &jobs, &bodies).await;
            running.wait_until(|stats| stats.handler("work").handled == 250).await;
            for key in ['a', 'b', 'c', 'd', 'e'] {
                let wanted: Vec<String> = (100..150).map(|n| format!("{key}{n}")).collect();
                assert_eq!(of_key(&seen, key), wanted);
            }
            assert!(*together.lock().unwrap() <= 4);
            running.shutdown().await.unwrap();
            assert!(matches!(target.ready_after_restart(&jobs).await, None | Some(0)));
        }
    }

    pub(super) async fn a_key_waits_for_the_next_attempt_and_goes_on_after_a_dead_letter(
        target: Target,
    ) {
        for mode in MODES {
            let jobs = target.name(&format!("{mode:?}"));
            let seen = Seen::default();
            let noted = seen.clone();
            let work = move |attempt: Attempt, Text(text): Text| {
                noted.lock().unwrap().push(format!("{text} {}", attempt.number));
                let fails = text == "a2" || (text == "a1" && attempt.number < 3);
                std::future::ready(if fails { Err("not yet") } else { Ok(()) })
            };
            let letters = Arrivals::default();
            let handler = Handler::new(jobs.as_str(), work).named("work").ordered_by(by_letter());
            let policy = RetryPolicy::attempts(1).then(Delays::every(MOMENT, 2).jitter(0));
            let handler = in_mode(handler, mode).retry(policy);
            let watch = letters.on(handler.dead_letter_queue());
            let running = target.app().handler(handler).handler(watch).start().await.unwrap();
            send(&running, &jobs, &["a1", "a2", "b1", "a3"]).await;
            running.wait_until(|stats| stats.handler("work").handled == 3).await;
            running.wait_until(|_| letters.all().len() == 1).await;
            let wanted = ["a1 1", "a1 2", "a1 3", "a2 1", "a2 2", "a2 3", "a3 1"];
            assert_eq!(of_key(&seen, 'a'), wanted);
            assert_eq!(letters.bodies(), ["a2"]);
            let place = |text: &str| seen.lock().unwrap().iter().position(|one| one == text);
            assert!(place("b1 1") < place("a1 3"), "another key goes on: {seen:?}");
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn a_parked_key_waits_and_others_go_on(target: Target) {
        for mode in MODES {
            let jobs = target.name(&format!("{mode:?}"));
            let seen = Seen::default();
            let noted = seen.clone();
            let work = move |attempt: Attempt, Text(text): Text| {
                let fails = text == "a1" && attempt.number < 6;
                std::future::ready(match text.as_str() {
                    "b0" => Err(Failure::permanent("no such account")),
                    _ if fails => Err(Failure::transient("down")),
                    _ => {
                        noted.lock().unwrap().push(text);
                        Ok(())
                    }
                })
            };
            let parks = by_letter().on_failure(OnFailure::ParkKey(MOMENT));
            let handler = Handler::new(jobs.as_str(), work).named("work").ordered_by(parks);
            let handler = in_mode(handler, mode).retry(RetryPolicy::attempts(2));
            let running = target.app().handler(handler).start().await.unwrap();
            send(&running, &jobs, &["a1", "a2", "b0", "b1", "a3"]).await;
            // Not idle while a key is parked.
            running.idle().await;
            assert_eq!(running.stats().handler("work").handled, 4);
            assert_eq!(*seen.lock().unwrap(), ["b1", "a1", "a2", "a3"]);
            assert_eq!(running.stats().handler("work").dead_lettered, 1, "only b0");
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn outputs_that_the_broker_refuses_condemn_their_message_alone(
        target: Target,
    ) {
        for mode in MODES {
            let jobs = target.name(&format!("{mode:?}"));
            let seen = Seen::default();
            let noted = seen.clone();
            let work = move |Text(text): Text| {
                noted.lock().unwrap().push(text.clone());
                let nowhere = Publish::new("no-such-exchange", "key");
                std::future::ready((text == "a2").then_some(nowhere))
            };
            let letters = Arrivals::default();
            let handler = Handler::new(jobs.as_str(), work).named("work").ordered_by(by_letter());
            let handler = in_mode(handler, mode).retry(RetryPolicy::attempts(2));
            let watch = letters.on(handler.dead_letter_queue());
            let running = target.app().handler(handler).handler(watch).start().await.unwrap();
            send(&running, &jobs, &["a1", "a2", "b1", "a3"]).await;
            running.wait_until(|_| letters.all().len() == 1).await;
            running.wait_until(|_| of_key(&seen, 'a').last().is_some_and(|one| one == "a3")).await;
            running.idle().await;
            assert_eq!(letters.bodies(), ["a2"]);
            let mut order = of_key(&seen, 'a');
            order.dedup();
            assert_eq!(order, ["a1", "a2", "a3"]);
            running.shutdown().await.unwrap();
        }
    }
}
