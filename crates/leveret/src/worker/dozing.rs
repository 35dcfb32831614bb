//! A future that is asked only after it was woken.
//!
//! A loop that waits for one of several things asks all of them each time one is ready. What
//! hardly ever happens is asked once here, and then costs a look at a flag.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// Asks `future` once, and then only when it has woken.
#[derive(Debug)]
pub(super) struct Dozing<F> {
    future: F,
    alarm: Arc<Alarm>,
    /// What `future` wakes.
    waker: Waker,
    /// Whom the alarm wakes.
    sleeper: Option<Waker>,
}

#[derive(Debug)]
struct Alarm {
    has_rung: AtomicBool,
    sleeper: AtomicWaker,
}

impl<F: Future + Unpin> Dozing<F> {
    pub(super) fn new(future: F) -> Self {
        let alarm = Arc::new(Alarm { has_rung: true.into(), sleeper: AtomicWaker::new() });
        Self { future, waker: alarm.clone().into(), alarm, sleeper: None }
    }
}

impl<F: Future + Unpin> Future for Dozing<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Self { future, alarm, waker, sleeper } = self.get_mut();
        let is_known = sleeper.as_ref().is_some_and(|known| known.will_wake(context.waker()));
        if is_known && !alarm.has_rung.load(Ordering::Acquire) {
            return Poll::Pending;
        }
        // Before the look at the flag: what rings after it finds whom to wake.
        alarm.sleeper.register(context.waker());
        *sleeper = Some(context.waker().clone());
        if !alarm.has_rung.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        Pin::new(future).poll(&mut Context::from_waker(waker))
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.has_rung.store(true, Ordering::Release);
        self.sleeper.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::{mpsc, oneshot};

    use super::*;

    #[tokio::test]
    async fn it_is_asked_once_and_again_when_it_has_woken() {
        let asked = AtomicUsize::new(0);
        let (tell, mut told) = oneshot::channel::<u8>();
        let future = pin!(poll_fn(|context| {
            asked.fetch_add(1, Ordering::Relaxed);
            Pin::new(&mut told).poll(context)
        }));
        let mut dozing = Dozing::new(future);
        for _ in 0..10 {
            tokio::select! {
                biased;
                _ = &mut dozing => panic!("nothing was told"),
                () = tokio::task::yield_now() => {}
            }
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        tell.send(7).unwrap();
        assert_eq!(dozing.await, Ok(7));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn it_wakes_the_task_that_it_has_moved_to() {
        let (tell, mut told) = mpsc::channel::<u8>(1);
        let mut dozing = Dozing::new(Box::pin(async move { told.recv().await }));
        tokio::select! {
            biased;
            _ = &mut dozing => panic!("nothing was told"),
            () = std::future::ready(()) => {}
        }
        let waiting = tokio::spawn(dozing);
        tokio::task::yield_now().await;
        tell.send(7).await.unwrap();
        assert_eq!(waiting.await.unwrap(), Some(7));
    }
}
