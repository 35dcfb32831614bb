//! Whom a message is handled for, attempt after attempt.

use crate::setup::on_each_broker;

on_each_broker! {
    a_principal_outlives_a_pause
}

mod bodies {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use leveret::{Attempt, Handler, Outcome, Principal, Properties, RpcOptions, ShortStr};
    use leveret_client::Publish as Request;

    use crate::setup::{MODES, Target, in_mode};

    pub(super) async fn a_principal_outlives_a_pause(target: Target) {
        for mode in MODES {
            let queue = target.name(&format!("jobs-{mode:?}"));
            let seen: Arc<Mutex<Vec<String>>> = Arc::default();
            let log = seen.clone();
            let work = move |attempt: Attempt, principal: Principal| {
                log.lock().unwrap().push(format!("{} {principal}", attempt.number));
                let pause = Duration::from_millis(100);
                let busy = Outcome::RetryAfter(pause, "not yet".to_owned());
                std::future::ready(if attempt.is_last() { Outcome::Ack } else { busy })
            };
            let handler = Handler::new(queue.as_str(), work).named("work").principal("batch");
            let running = target.app().handler(in_mode(handler, mode)).start().await.unwrap();
            let client = running.rpc_client(RpcOptions::default()).unwrap();
            let request = Request {
                routing_key: ShortStr::try_from(queue.as_str()).unwrap(),
                properties: Properties::builder().user_id(ShortStr::from_static("guest")).build(),
                ..Request::default()
            };
            tokio::select! {
                answer = client.request_within(request, Duration::from_mins(1)) => {
                    panic!("nobody answers, found {answer:?}");
                }
                () = running.wait_until(|stats| stats.handler("work").handled == 1) => {}
            }
            assert_eq!(*seen.lock().unwrap(), ["1 guest", "2 guest", "3 guest"]);
            running.shutdown().await.unwrap();
        }
    }
}
