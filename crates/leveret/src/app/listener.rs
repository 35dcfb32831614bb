//! Listeners of an application.

use std::future::Future;

use super::App;
use crate::failure::{Classify, Failure};
use crate::listener::{Listener, ListenerBody, ListenerContext};

impl App {
    /// A task that begins when the application is ready and ends when it stops: to take in what
    /// comes otherwise than by a queue.
    ///
    /// When the application stops, [`ListenerContext::stopping`] returns; the task has the grace
    /// time to come to its end, like a handler, and can publish until then. Ending with `Ok` it is
    /// done. An error or a panic is logged, and it begins again after a pause that grows up to 30 s.
    ///
    /// ```
    /// use std::time::Duration;
    /// use leveret::{App, Handler, Publish, PublishError};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let app = App::new("clock")
    ///     .in_memory()
    ///     .handler(Handler::new("ticks", async || {}).named("count"))
    ///     .listener("ticker", |context| async move {
    ///         let mut ticks = tokio::time::interval(Duration::from_millis(10));
    ///         loop {
    ///             tokio::select! {
    ///                 () = context.stopping() => return Ok::<(), PublishError>(()),
    ///                 _ = ticks.tick() => {}
    ///             }
    ///             context.publisher().publish(Publish::to_queue("ticks")).await?;
    ///         }
    ///     });
    /// let running = app.start().await?;
    /// running.wait_until(|stats| stats.handler("count").handled >= 3).await;
    /// running.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn listener<Fut, E>(
        mut self,
        name: impl Into<String>,
        listener: impl Fn(ListenerContext) -> Fut + Send + Sync + 'static,
    ) -> Self
    where
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Classify + 'static,
    {
        let body: ListenerBody = Box::new(move |context| {
            let ending = listener(context);
            Box::pin(async { ending.await.map_err(|error| Failure::of(&error)) })
        });
        self.listeners.push(Listener { name: name.into(), body });
        self
    }
}
