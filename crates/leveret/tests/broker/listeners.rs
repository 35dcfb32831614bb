//! Tasks that live as long as the application.

use crate::setup::on_each_broker;

on_each_broker! {
    a_listener_begins_when_all_is_ready_and_ends_at_the_stop
    a_listener_that_fails_or_panics_begins_again
    a_listener_that_does_not_end_is_ended_after_the_grace_time
}

mod bodies {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use std::time::Duration;

    use leveret::{Failure, Handler, Publish, PublishError, StopError};

    use crate::setup::{Arrivals, Target};

    pub(super) async fn a_listener_begins_when_all_is_ready_and_ends_at_the_stop(target: Target) {
        let jobs = target.name("jobs");
        let arrivals = Arrivals::default();
        let ended = Arc::new(AtomicBool::new(false));
        let (to, noted) = (jobs.clone(), ended.clone());
        let app = target.app().state("first").handler(arrivals.on(jobs.clone())).listener(
            "feeder",
            move |context| {
                let (to, noted) = (to.clone(), noted.clone());
                async move {
                    let text: &&str = context.state().unwrap();
                    context.publisher().publish(Publish::to_queue(&to).text(*text)).await?;
                    context.stopping().await;
                    context.publisher().publish(Publish::to_queue(&to).text("last")).await?;
                    noted.store(true, Ordering::SeqCst);
                    Ok::<(), PublishError>(())
                }
            },
        );
        let running = app.start().await.unwrap();
        running.wait_until(|stats| stats.handler(&jobs).handled == 1).await;
        running.shutdown().await.unwrap();
        assert!(ended.load(Ordering::SeqCst), "it came to its end");
        assert_eq!(arrivals.bodies(), ["first"]);
        if let Some(left) = target.ready_after_restart(&jobs).await {
            assert_eq!(left, 1, "what it published at the stop is there");
        }
    }

    pub(super) async fn a_listener_that_fails_or_panics_begins_again(target: Target) {
        let (jobs, lives) = (target.name("jobs"), Arc::new(AtomicU32::new(0)));
        let (to, counted) = (jobs.clone(), lives.clone());
        let app = target
            .app()
            .handler(Handler::new(jobs.as_str(), || async {}).named("work"))
            .listener("frail", move |context| {
                let (to, life) = (to.clone(), counted.fetch_add(1, Ordering::SeqCst));
                assert_ne!(life, 0, "before there is a future");
                async move {
                    assert_ne!(life, 1, "in the future");
                    if life == 2 {
                        return Err(Failure::permanent("with an error"));
                    }
                    context.publisher().publish(Publish::to_queue(to)).await?;
                    Ok(())
                }
            });
        let running = app.start().await.unwrap();
        running.wait_until(|stats| stats.handler("work").handled == 1).await;
        running.shutdown().await.unwrap();
        assert_eq!(lives.load(Ordering::SeqCst), 4, "once it is done it stays so");
    }

    pub(super) async fn a_listener_that_does_not_end_is_ended_after_the_grace_time(target: Target) {
        let app = target
            .app()
            .grace(Duration::from_millis(20))
            .listener("deaf", |_| std::future::pending::<Result<(), &str>>());
        let error = app.start().await.unwrap().shutdown().await.unwrap_err();
        assert!(matches!(error, StopError::DeadlinePassed { in_flight: 0, .. }), "{error}");
    }
}
