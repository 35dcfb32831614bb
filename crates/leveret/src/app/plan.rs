//! Every check of an application before anything happens.

use std::collections::BTreeMap;

use leveret_protocol::ShortStr;

use leveret_settings::nearest;

use super::error::StartError;
use super::manner::check_manner;
use super::{App, DEFAULT_CONNECTION};
use crate::config::HandlerConfig;
use crate::endpoint::Endpoint;
use crate::handler::{CONCURRENCY_MAX, EXCHANGE_SUFFIX, Handler, Inboxing};
use crate::principal::Principal;
use crate::shared::Needs;

/// The longest name of a queue that has a dead-letter queue beside it.
const QUEUE_BYTES_MAX: usize = ShortStr::MAX_BYTES - ".dead".len();

/// The same for one that is divided, with an exchange before it.
const DIVIDED_BYTES_MAX: usize = ShortStr::MAX_BYTES - EXCHANGE_SUFFIX.len();

impl App {
    /// Checks everything that can be known without a broker.
    pub(super) fn check(&mut self) -> Result<(), StartError> {
        self.apply_configuration()?;
        let mut queues: BTreeMap<(&str, String), &str> = BTreeMap::new();
        let mut names: BTreeMap<&str, &str> = BTreeMap::new();
        for handler in &self.handlers {
            let connection = handler.connection.as_deref().unwrap_or(DEFAULT_CONNECTION);
            // Too many partitions are not listed.
            check_manner(handler)?;
            for queue in handler.queues() {
                if let Some(first) = queues.insert((connection, queue.clone()), handler.name()) {
                    return Err(StartError::DuplicateQueue {
                        queue,
                        first: first.to_owned(),
                        second: handler.name().to_owned(),
                    });
                }
            }
            if let Some(first) = names.insert(handler.name(), handler.queue()) {
                return Err(StartError::DuplicateName {
                    name: handler.name().to_owned(),
                    first: first.to_owned(),
                    second: handler.queue().to_owned(),
                });
            }
            self.check_handler(handler)?;
        }
        self.check_needs()
    }

    /// What does not fit, by the name of the handler, of all of them at once.
    ///
    /// For the command's own reader of files, not for applications.
    #[doc(hidden)]
    pub fn misfits(&mut self) -> Vec<(String, StartError)> {
        if let Err(error) = self.apply_configuration() {
            let mut name = String::new();
            if let StartError::UnknownHandler { handler, .. } | StartError::Unfit { handler, .. } =
                &error
            {
                name.clone_from(handler);
            }
            return vec![(name, error)];
        }
        let check = |handler: &Handler| {
            let checked = check_manner(handler).and_then(|()| self.check_handler(handler));
            Some((handler.name.clone(), checked.err()?))
        };
        self.handlers.iter().filter_map(check).collect()
    }

    fn check_handler(&self, handler: &Handler) -> Result<(), StartError> {
        check_numbers(handler)?;
        check_names(handler)?;
        self.check_connection(handler)?;
        self.check_inbox(handler)
    }

    /// The endpoint of each connection that is used, by its name.
    pub(super) fn endpoints(&self) -> BTreeMap<String, Endpoint> {
        let named = self.connections.iter();
        let used = named.filter(|(name, _)| {
            self.handlers.iter().any(|handler| handler.connection.as_ref() == Some(name))
        });
        let mut endpoints: BTreeMap<String, Endpoint> =
            used.map(|(name, endpoint)| (name.clone(), endpoint.clone())).collect();
        endpoints.insert(DEFAULT_CONNECTION.to_owned(), self.endpoint.clone());
        endpoints
    }

    fn apply_configuration(&mut self) -> Result<(), StartError> {
        for (name, config) in &self.handler_configs {
            let Some(handler) = self.handlers.iter_mut().find(|handler| handler.name == *name)
            else {
                let known = self.handlers.iter().map(Handler::name);
                let suggestion = suggestion(nearest(name, known));
                return Err(StartError::UnknownHandler { handler: name.clone(), suggestion });
            };
            overrule(handler, config);
            // Started or described, it is the same: what is there already is not put twice.
            if !handler.error_routes.starts_with(&config.error_routes) {
                handler.error_routes.splice(0..0, config.error_routes.iter().cloned());
            }
            #[cfg(feature = "http")]
            if !config.statuses.is_empty() && !handler.service.overrule(&config.statuses) {
                let reason = "has statuses in the configuration, and serves no requests".to_owned();
                return Err(StartError::Unfit { handler: name.clone(), reason });
            }
            for (errors, rule) in &config.rules {
                handler.rules.put(errors.clone(), *rule);
            }
        }
        Ok(())
    }

    fn check_connection(&self, handler: &Handler) -> Result<(), StartError> {
        match &handler.connection {
            Some(name) if !self.connections.contains_key(name) => {
                let known = self.connections.keys().map(String::as_str);
                Err(StartError::UnknownConnection {
                    handler: handler.name.clone(),
                    connection: name.clone(),
                    suggestion: suggestion(nearest(name, known)),
                })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn check_inbox(&self, handler: &Handler) -> Result<(), StartError> {
        let named = handler.connection.as_ref().and_then(|name| self.connections.get(name));
        let has_file = self.inbox_file.is_some() || matches!(self.endpoint, Endpoint::Directory(_));
        // Only messages that are forgotten with the program may have an inbox that is, too.
        match named.unwrap_or(&self.endpoint) {
            Endpoint::Address(_) | Endpoint::Directory(_)
                if handler.inbox == Inboxing::On && !has_file =>
            {
                Err(StartError::NoInboxFile { handler: handler.name.clone() })
            }
            Endpoint::Address(_) | Endpoint::Directory(_) | Endpoint::Memory => Ok(()),
        }
    }

    fn check_needs(&mut self) -> Result<(), StartError> {
        for handler in &self.handlers {
            let locals = handler.locals();
            let mut needs = Needs::of(&mut self.shared, &locals);
            handler.translated().needs(&mut needs);
            needs.check_batch(handler.batching.is_some());
            if handler.batching.is_some() && !handler.steps.is_empty() {
                needs.other("messages one by one, as it has translators".to_owned());
            }
            let missing = needs.missing();
            if !missing.is_empty() {
                return Err(StartError::Missing { handler: handler.name.clone(), missing });
            }
        }
        Ok(())
    }
}

/// What the configuration says in place of what the code does.
fn overrule(handler: &mut Handler, config: &HandlerConfig) {
    handler.concurrency = config.concurrency.unwrap_or(handler.concurrency);
    handler.concurrency_min = config.concurrency_min.or(handler.concurrency_min);
    handler.concurrency_max = config.concurrency_max.or(handler.concurrency_max);
    handler.paused = config.paused.unwrap_or(handler.paused);
    handler.mode = config.outputs.or(handler.mode);
    handler.retry = config.retry.unwrap_or(handler.retry);
    handler.time_limit = config.time_limit.or(handler.time_limit);
    handler.kill_switch = config.kill_switch.or(handler.kill_switch);
    handler.ordered = config.ordered.clone().or_else(|| handler.ordered.take());
    handler.partitions = config.partitions.or(handler.partitions);
    if let Some(name) = &config.principal {
        handler.principal = Some(Principal::new(name));
    }
}

fn check_numbers(handler: &Handler) -> Result<(), StartError> {
    let out_of_range = |what, found: String, wanted: String| StartError::OutOfRange {
        handler: handler.name.clone(),
        what,
        found,
        wanted,
    };
    if !(1..=CONCURRENCY_MAX).contains(&handler.concurrency) {
        let (found, wanted) = (handler.concurrency.to_string(), format!("1 to {CONCURRENCY_MAX}"));
        return Err(out_of_range("concurrency", found, wanted));
    }
    if handler.concurrency_max() > CONCURRENCY_MAX {
        let (found, wanted) =
            (handler.concurrency_max().to_string(), format!("up to {CONCURRENCY_MAX}"));
        return Err(out_of_range("concurrency bound", found, wanted));
    }
    if !(1..=handler.concurrency).contains(&handler.concurrency_min()) {
        let found = handler.concurrency_min().to_string();
        let wanted = format!("1 to its concurrency of {}", handler.concurrency);
        return Err(out_of_range("least concurrency", found, wanted));
    }
    if let Some((what, found, wanted)) = handler.kill_switch.and_then(|switch| switch.misfit()) {
        return Err(out_of_range(what, found, wanted.to_owned()));
    }
    match handler.time_limit {
        Some(limit) if limit.is_zero() => {
            Err(out_of_range("time limit", "0 s".to_owned(), "longer than nothing".to_owned()))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_names(handler: &Handler) -> Result<(), StartError> {
    for binding in &handler.bindings {
        if let Err(error) = binding.template() {
            return Err(StartError::BadKey {
                handler: handler.name.clone(),
                key: binding.key.clone(),
                problem: error.to_string(),
            });
        }
    }
    let bindings = handler.bindings.iter();
    let queue_max = handler.partitions.map_or(QUEUE_BYTES_MAX, |_| DIVIDED_BYTES_MAX);
    let names = bindings
        .flat_map(|binding| [("exchange", &binding.exchange), ("binding key", &binding.key)])
        .map(|(what, name)| (what, name.as_str(), ShortStr::MAX_BYTES))
        .chain(handler.error_routes.iter().flat_map(|route| {
            let names = [("exchange", &route.exchange), ("routing key", &route.key)];
            names.map(|(what, name)| (what, name.as_str(), ShortStr::MAX_BYTES))
        }))
        .chain([("queue", handler.queue(), queue_max)]);
    for (what, name, max) in names {
        if name.len() > max {
            let (handler, bytes) = (handler.name.clone(), name.len());
            return Err(StartError::NameTooLong { handler, what, bytes, max });
        }
    }
    Ok(())
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::{Expect, expect};
    use serde::Deserialize;

    use super::*;
    use crate::{Captures, Config, KillSwitch, Settings, State};

    async fn nothing() {}

    #[derive(Debug, Deserialize)]
    struct Limits {
        #[expect(dead_code, reason = "only its presence matters")]
        threshold: u32,
    }

    fn check_error(mut app: App, expect: Expect) {
        expect.assert_eq(&app.check().unwrap_err().to_string());
    }

    fn app() -> App {
        App::new("test").in_memory()
    }

    #[test]
    fn a_queue_has_one_handler() {
        let first = Handler::new("jobs", nothing).named("first");
        let second = Handler::new("jobs", nothing).named("second");
        check_error(
            app().handler(first).handler(second),
            expect![
                "handlers `first` and `second` both consume from queue `jobs`: give each its own queue, bound to the same keys"
            ],
        );
    }

    #[test]
    fn a_name_belongs_to_one_handler() {
        let first = Handler::new("a", nothing);
        let second = Handler::new("b", nothing);
        check_error(
            app().handler(first).handler(second),
            expect![
                "two handlers are named `nothing`, on queues `a` and `b`: rename one with `.named(..)`"
            ],
        );
    }

    #[test]
    fn state_that_nobody_gave_is_missed_at_start() {
        async fn needy(_: State<u64>, _: Settings<Limits>) {}
        let handler = || Handler::new("jobs", needy);
        check_error(
            app().handler(handler()),
            expect![
                "handler `needy` needs state of type `u64`: add `.state(..)` to the app, and settings of type `leveret::app::plan::tests::Limits`: missing field `threshold`"
            ],
        );
        let config = Config::parse("c".as_ref(), "settings.threshold = 3").unwrap();
        assert!(app().configure(config).state(7_u64).handler(handler()).check().is_ok());
    }

    #[test]
    fn concurrency_is_bounded() {
        check_error(
            app().handler(Handler::new("jobs", nothing).concurrency(0)),
            expect!["handler `nothing` has a concurrency of 0, which is not 1 to 1024"],
        );
        check_error(
            app().handler(Handler::new("jobs", nothing).concurrency_up_to(2_000)),
            expect!["handler `nothing` has a concurrency bound of 2000, which is not up to 1024"],
        );
        check_error(
            app().handler(Handler::new("jobs", nothing).concurrency(2).concurrency_down_to(3)),
            expect![
                "handler `nothing` has a least concurrency of 3, which is not 1 to its concurrency of 2"
            ],
        );
    }

    #[test]
    fn the_file_bounds_concurrency_too() {
        let text =
            "handlers.nothing = { concurrency = 4, concurrency-min = 2, concurrency-max = 8 }";
        let config = Config::parse("c".as_ref(), text).unwrap();
        let handler = Handler::new("jobs", nothing).concurrency_up_to(5);
        let mut app = app().handler(handler).configure(config);
        app.apply_configuration().unwrap();
        let gate = app.handlers.first().unwrap().gate();
        assert_eq!((gate.workers(), gate.bounds()), (4, &(2..=8)));
    }

    #[test]
    fn a_captured_word_is_named_by_a_binding() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only its names matter")]
        struct Order {
            region: String,
            number: u64,
        }
        async fn named(_: Captures<Order>) {}
        async fn placed(_: Captures<(String, u64)>) {}
        check_error(
            app().handler(Handler::new("jobs", named).bind("shop", "orders.{regoin}.{number}")),
            expect![
                "handler `named` needs the word `region` of the routing key, and its bindings name only `regoin`, `number`: write `{region}` in a binding key"
            ],
        );
        check_error(
            app().handler(
                Handler::new("jobs", named).bind("shop", "orders.*.{number}.{region..}.{number}"),
            ),
            expect![
                "handler `named`: in the binding key `orders.*.{number}.{region..}.{number}`, two words are named `number`: give each its own name"
            ],
        );
        check_error(
            app().handler(Handler::new("jobs", placed).bind("shop", "orders.{region}")),
            expect![
                "handler `placed` needs 2 words of the routing key, and no binding names as many: write `{name}` in a binding key for each"
            ],
        );
        check_error(
            app().handler(Handler::new("jobs", nothing).bind("shop", "orders.{region.created")),
            expect![
                "handler `nothing`: in the binding key `orders.{region.created`, `{region.created` captures nothing: write `{name}` for one word between dots, `{name..}` for any number"
            ],
        );
        let two = Handler::new("jobs", named).bind("shop", "a.{region}").bind("shop", "b.{number}");
        assert!(app().handler(two).check().is_ok(), "each word is named somewhere");
    }

    #[test]
    fn a_kill_switch_has_numbers_that_make_sense() {
        let check = |switch, expect| {
            check_error(app().handler(Handler::new("jobs", nothing).kill_switch(switch)), expect);
        };
        check(
            KillSwitch { ratio: 1.5, ..KillSwitch::default() },
            expect![
                "handler `nothing` has a kill switch ratio of 1.5, which is not above 0 and up to 1"
            ],
        );
        check(
            KillSwitch { minimum: 0, ..KillSwitch::default() },
            expect!["handler `nothing` has a kill switch minimum of 0, which is not 1 or more"],
        );
        check(
            KillSwitch { pause: Duration::ZERO, ..KillSwitch::default() },
            expect![
                "handler `nothing` has a kill switch pause of 0 ms, which is not longer than nothing"
            ],
        );
    }

    #[test]
    fn a_handler_of_the_configuration_must_be_there() {
        let config = Config::parse("c".as_ref(), "handlers.nothin.concurrency = 3").unwrap();
        check_error(
            app().configure(config).handler(Handler::new("jobs", nothing)),
            expect![
                "the configuration describes handler `nothin`, which is not there; did you mean `nothing`?"
            ],
        );
    }

    #[test]
    fn routes_of_the_configuration_are_asked_first_and_put_once() {
        let text = "[[handlers.nothing.error-routes]]\nqueue = \"first\"\n\
                    [[handlers.nothing.error-routes]]\nqueue = \"second\"\n";
        let handler =
            Handler::new("jobs", nothing).route_errors(crate::ErrorRoute::to_queue("own"));
        let config = Config::parse("c".as_ref(), text).unwrap();
        let mut app = app().configure(config).handler(handler);
        app.check().unwrap();
        app.check().unwrap();
        let keys: Vec<&str> =
            app.handlers[0].error_routes.iter().map(|route| route.key.as_str()).collect();
        assert_eq!(keys, ["first", "second", "own"]);
    }

    #[cfg(feature = "http")]
    #[test]
    fn statuses_are_for_handlers_of_requests() {
        let text = "[handlers.nothing]\nstatuses = { 404 = \"ack\" }\n";
        let config = Config::parse("c".as_ref(), text).unwrap();
        check_error(
            app().configure(config).handler(Handler::new("jobs", nothing)),
            expect!["handler `nothing` has statuses in the configuration, and serves no requests"],
        );
    }

    #[test]
    fn a_connection_must_be_described() {
        let handler = Handler::new("jobs", nothing).on_connection("archiv");
        check_error(
            app().connection("archive", "amqp://a").handler(handler),
            expect![
                "handler `nothing` consumes on connection `archiv`, which is not described; did you mean `archive`?"
            ],
        );
    }

    #[test]
    fn an_inbox_beside_another_broker_needs_a_file() {
        let handler = || Handler::new("jobs", nothing).inbox();
        check_error(
            App::new("a").connect("amqp://a").handler(handler()),
            expect![
                "handler `nothing` has an inbox, and the app no place for it: add `.inbox_file(..)`"
            ],
        );
        let app = App::new("a").connect("amqp://a").inbox_file("inbox").handler(handler());
        assert!({ app }.check().is_ok());
    }
}
