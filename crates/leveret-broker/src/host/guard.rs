//! A panic of the engine ends the process.
//!
//! Its state is on disk; what is in memory after a panic is not to be trusted, and a virtual host
//! that hangs in a process which looks alive is worse than a restart.

use std::{future::poll_fn, pin::pin};

use crate::panic_record::PanicRecord;

/// Does the work; if it panics, that is recorded, and the process aborts.
pub(super) async fn abort_on_panic<T>(
    work: impl Future<Output = T>,
    panics: Option<&PanicRecord>,
) -> T {
    let mut work = pin!(work);
    // Guards each step on its own: a task may also be dropped by a panic that is not its own.
    poll_fn(|context| {
        let _guard = AbortOnPanic { panics };
        work.as_mut().poll(context)
    })
    .await
}

struct AbortOnPanic<'a> {
    panics: Option<&'a PanicRecord>,
}

impl Drop for AbortOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the engine panicked; its state is on disk, the process ends");
            if let Some(panics) = self.panics {
                panics.note();
            }
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{env, os::unix::process::ExitStatusExt, path::Path, process::Command};

    use super::*;

    const SIGABRT: i32 = 6;

    #[tokio::test]
    async fn a_panic_ends_the_process() {
        // This test runs itself once more, in a process that may end.
        const MARK: &str = "LEVERET_TEST_PANICS";
        if let Some(folder) = env::var_os(MARK) {
            let panics = PanicRecord::in_directory(Path::new(&folder));
            let work = abort_on_panic(async { panic!("as the test asks") }, Some(&panics));
            return work.await;
        }
        let name = "host::guard::tests::a_panic_ends_the_process";
        let folder = tempfile::tempdir().unwrap();
        let mut again = Command::new(env::current_exe().unwrap());
        let ended = again.args(["--exact", name]).env(MARK, folder.path()).output().unwrap();
        assert_eq!(ended.status.signal(), Some(SIGABRT));
        assert!(folder.path().join("panics").exists(), "it is noted");
    }

    #[tokio::test]
    async fn work_in_peace_gives_its_result() {
        assert_eq!(abort_on_panic(async { 7 }, None).await, 7);
    }
}
