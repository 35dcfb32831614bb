//! Ctrl-C as a wish, where what is under way is to be brought to an end first.

use tokio::sync::watch;

/// Becomes true when somebody presses Ctrl-C; a second one ends the process.
pub(crate) fn interruption() -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        for is_second in [false, true] {
            if tokio::signal::ctrl_c().await.is_err() {
                // Without signals the shell ends it all the same.
                std::future::pending::<()>().await;
            }
            if is_second {
                std::process::exit(130);
            }
            sender.send_replace(true);
        }
    });
    receiver
}
