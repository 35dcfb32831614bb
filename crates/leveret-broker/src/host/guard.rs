//! A panic of the engine ends the process.
//!
//! Its state is on disk; what is in memory after a panic is not to be trusted, and a virtual host
//! that hangs in a process which looks alive is worse than a restart.

use std::{future::poll_fn, pin::pin};

/// Does the work; if it panics, the process aborts.
pub(super) async fn abort_on_panic<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    // Guards each step on its own: a task may also be dropped by a panic that is not its own.
    poll_fn(|context| {
        let _guard = AbortOnPanic;
        work.as_mut().poll(context)
    })
    .await
}

struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the engine panicked; its state is on disk, the process ends");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{env, os::unix::process::ExitStatusExt, process::Command};

    use super::*;

    const SIGABRT: i32 = 6;

    #[tokio::test]
    async fn a_panic_ends_the_process() {
        // This test runs itself once more, in a process that may end.
        const MARK: &str = "LEVERET_TEST_PANICS";
        if env::var_os(MARK).is_some() {
            let work = abort_on_panic(async { panic!("as the test asks") });
            return tokio::spawn(work).await.unwrap();
        }
        let name = "host::guard::tests::a_panic_ends_the_process";
        let mut again = Command::new(env::current_exe().unwrap());
        let ended = again.args(["--exact", name]).env(MARK, "1").output().unwrap();
        assert_eq!(ended.status.signal(), Some(SIGABRT));
    }

    #[tokio::test]
    async fn work_in_peace_gives_its_result() {
        assert_eq!(abort_on_panic(async { 7 }).await, 7);
    }
}
