//! Handlers that are mounted together, under a name of their own.

use std::sync::Arc;
use std::time::Duration;

use super::{Handler, IntoHandler};
use crate::locals::Scope;
use crate::principal::Principal;
use crate::retry::RetryPolicy;
use crate::rules::{Errors, Rule, Rules};
use crate::topology::Presence;

/// Handlers that belong together: a part of an application, mounted with
/// [`App::mount`](crate::App::mount) or in another group.
///
/// What a group says holds for its handlers, and for those of the groups in it, unless they say
/// otherwise themselves; the innermost wins.
///
/// ```
/// use leveret::{App, Handler, Handlers, RetryPolicy, State, Text};
///
/// async fn charge(State(bank): State<&'static str>, Text(card): Text) {
///     println!("{bank} charges {card}");
/// }
///
/// fn billing() -> Handlers {
///     Handlers::new().state("the bank").handler(Handler::new("cards", charge))
/// }
///
/// let parts = Handlers::new().retry(RetryPolicy::attempts(5)).nest("billing", billing());
/// let app = App::new("shop").mount(parts); // handler `billing.charge` on queue `billing.cards`
/// # let _ = app;
/// ```
#[derive(Debug, Default)]
#[must_use = "mount it with `App::mount`"]
pub struct Handlers {
    members: Vec<Handler>,
    scope: Scope,
    connection: Option<String>,
    concurrency: Option<usize>,
    retry: Option<RetryPolicy>,
    time_limit: Option<Duration>,
    principal: Option<Principal>,
    rules: Rules,
}

impl Handlers {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more handler.
    pub fn handler(mut self, handler: impl IntoHandler) -> Self {
        self.members.push(handler.into_handler());
        self
    }

    /// The handlers of another group as they are named.
    pub fn merge(mut self, group: Self) -> Self {
        self.members.extend(group.into_handlers());
        self
    }

    /// The handlers of another group, each under a name that begins with `name` and a dot, on a
    /// queue whose name does: `charge` on `cards` becomes `billing.charge` on `billing.cards`.
    ///
    /// A queue that [somebody else declares](crate::Queue::expect_present) keeps its name, and
    /// exchanges and binding keys are as they are: messages come the same way. The configuration
    /// file names such a handler in quotes: `[handlers."billing.charge"]`.
    pub fn nest(mut self, name: impl AsRef<str>, group: Self) -> Self {
        let prefix = format!("{}.", name.as_ref());
        self.members
            .extend(group.into_handlers().into_iter().map(|handler| under(&prefix, handler)));
        self
    }

    /// A value that these handlers take as [`State<T>`](crate::State); one of each type. It wins
    /// over the application's, and is nobody else's.
    pub fn state<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.scope.put(value);
        self
    }

    /// The connection they consume on: see [`Handler::on_connection`].
    pub fn on_connection(mut self, name: impl Into<String>) -> Self {
        self.connection = Some(name.into());
        self
    }

    /// How many messages each handles at a time: see [`Handler::concurrency`].
    pub fn concurrency(mut self, workers: usize) -> Self {
        self.concurrency = Some(workers);
        self
    }

    /// How often each tries a message: see [`Handler::retry`].
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = Some(retry);
        self
    }

    /// How long one attempt may take: see [`Handler::time_limit`].
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = Some(limit);
        self
    }

    /// On whose behalf messages without a `user-id` are handled: see [`Handler::principal`].
    pub fn principal(mut self, name: impl Into<String>) -> Self {
        self.principal = Some(Principal::new(name));
        self
    }

    /// What follows failures of a class or of a name: see [`Handler::on_error`].
    pub fn on_error(mut self, errors: impl Into<Errors>, rule: Rule) -> Self {
        self.rules.put(errors.into(), rule);
        self
    }

    /// Each with what the group says.
    pub(crate) fn into_handlers(self) -> Vec<Handler> {
        let scope = (!self.scope.is_empty()).then(|| Arc::new(self.scope));
        let mut members = self.members;
        for handler in &mut members {
            handler.scopes.extend(scope.clone());
            handler.rules.put_behind(&self.rules);
            handler.connection = handler.connection.take().or_else(|| self.connection.clone());
            handler.time_limit = handler.time_limit.or(self.time_limit);
            handler.principal = handler.principal.take().or_else(|| self.principal.clone());
            if let Some(workers) = self.concurrency.filter(|_| !handler.own.concurrency) {
                handler.concurrency = workers;
                handler.own.concurrency = true;
            }
            if let Some(retry) = self.retry.filter(|_| !handler.own.retry) {
                handler.retry = retry;
                handler.own.retry = true;
            }
        }
        members
    }
}

fn under(prefix: &str, mut handler: Handler) -> Handler {
    handler.name.insert_str(0, prefix);
    match handler.queue.presence() {
        Presence::Declare => handler.queue = handler.queue.prefixed(prefix),
        Presence::Expect => {}
    }
    handler
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::Queue;

    async fn work() {}

    fn shown(handlers: Handlers) -> Vec<String> {
        let shown = |handler: &Handler| {
            let (name, queue) = (handler.name(), handler.queue());
            let (workers, retry) = (handler.concurrency, handler.retry.attempts_max());
            format!("{name} on {queue}: {workers} at a time, {retry} attempts")
        };
        handlers.into_handlers().iter().map(shown).collect()
    }

    #[test]
    fn names_grow_from_the_inside_out_and_queues_of_others_keep_theirs() {
        let theirs = Handler::new(Queue::new("theirs").expect_present(), work).named("look");
        let inner = Handlers::new().handler(Handler::new("jobs", work)).handler(theirs);
        let group =
            Handlers::new().nest("eu", inner).handler(Handler::new("all", work).named("sum"));
        assert_eq!(
            shown(Handlers::new().nest("shop", group)),
            [
                "shop.eu.work on shop.eu.jobs: 1 at a time, 3 attempts",
                "shop.eu.look on theirs: 1 at a time, 3 attempts",
                "shop.sum on shop.all: 1 at a time, 3 attempts",
            ]
        );
    }

    #[test]
    fn what_is_said_nearest_to_a_handler_holds() {
        let own = Handler::new("own", work).named("own").concurrency(1).retry(RetryPolicy::never());
        let inner = Handlers::new()
            .handler(own)
            .handler(Handler::new("inner", work).named("inner"))
            .concurrency(2);
        let outer = Handlers::new()
            .merge(inner)
            .handler(Handler::new("outer", work).named("outer"))
            .concurrency(9)
            .retry(RetryPolicy::attempts(7));
        assert_eq!(
            shown(outer),
            [
                "own on own: 1 at a time, 1 attempts",
                "inner on inner: 2 at a time, 7 attempts",
                "outer on outer: 9 at a time, 7 attempts",
            ]
        );
    }
}
