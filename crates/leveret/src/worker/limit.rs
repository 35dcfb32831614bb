//! A time limit that costs nothing where it is not reached for.
//!
//! Most handlers that only compute are ready at the first look; a timer is made after that.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep_until};

/// What `future` gives, if it is ready before `deadline`.
pub(super) async fn until<F: Future>(deadline: Instant, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut timer = None;
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        // A future that uses up its task's budget each time has a limit, too.
        let timer = timer.get_or_insert_with(|| Box::pin(unconstrained(sleep_until(deadline))));
        timer.as_mut().poll(context).map(|()| None)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(2);
    const SHORTER: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn what_is_ready_in_time_is_given() {
        let deadline = Instant::now() + LIMIT;
        assert_eq!(until(deadline, async { 1 }).await, Some(1));
        assert_eq!(until(deadline, sleep(SHORTER)).await, Some(()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_longer_is_dropped_at_the_deadline() {
        let began_at = Instant::now();
        assert_eq!(until(began_at + LIMIT, sleep(LIMIT * 2)).await, None);
        assert_eq!(began_at.elapsed(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_waits_for_long_has_a_limit_too() {
        let busy = async {
            loop {
                tokio::task::consume_budget().await;
                tokio::time::advance(Duration::from_millis(1)).await;
            }
        };
        assert_eq!(until(Instant::now() + LIMIT, busy).await, None::<()>);
    }
}
