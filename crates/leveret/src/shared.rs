//! What all handlers of an application share: its name, its state, its settings.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use leveret_protocol::ShortStr;
use serde::de::DeserializeOwned;

use crate::captures::{Template, Wanted, wanted};
use crate::locals::Locals;
use crate::message_log::MessageLog;
use crate::trace::Tracing;

/// Values by their type, fixed once the application runs.
pub(crate) struct Shared {
    pub(crate) app_id: ShortStr,
    pub(crate) tracing: Tracing,
    pub(crate) message_log: MessageLog,
    values: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    settings: toml::Table,
}

/// Marks settings apart from state of the same type.
struct SettingsValue<T>(Arc<T>);

/// Checks, before anything runs, that the application has what a handler's arguments ask for.
#[derive(Debug)]
pub struct Needs<'a> {
    shared: &'a mut Shared,
    locals: &'a Locals,
    missing: Vec<String>,
    /// How many arguments take batches.
    batches: usize,
    /// Arguments that are one message's own.
    singles: Vec<&'static str>,
    is_in_batch: bool,
}

impl Shared {
    pub(crate) fn new(app_id: &str) -> Self {
        Self {
            app_id: ShortStr::truncated(app_id),
            tracing: Tracing::default(),
            message_log: MessageLog::default(),
            values: HashMap::new(),
            settings: toml::Table::new(),
        }
    }

    pub(crate) fn put_state<T: Send + Sync + 'static>(&mut self, value: T) {
        self.values.insert(TypeId::of::<T>(), Box::new(value));
    }

    pub(crate) fn put_settings<T: Send + Sync + 'static>(&mut self, value: T) {
        self.put_state(SettingsValue(Arc::new(value)));
    }

    pub(crate) fn put_settings_table(&mut self, table: toml::Table) {
        self.settings = table;
    }

    pub(crate) fn state<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.values.get(&TypeId::of::<T>())?.downcast_ref()
    }

    pub(crate) fn settings<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.state::<SettingsValue<T>>().map(|value| value.0.clone())
    }
}

impl<'a> Needs<'a> {
    pub(crate) fn of(shared: &'a mut Shared, locals: &'a Locals) -> Self {
        Self {
            shared,
            locals,
            missing: Vec::new(),
            batches: 0,
            singles: Vec::new(),
            is_in_batch: false,
        }
    }

    /// A value given with [`App::state`](crate::App::state).
    pub fn state<T: Send + Sync + 'static>(&mut self) {
        if !self.has_state::<T>() {
            let name = type_name::<T>();
            self.missing.push(format!("state of type `{name}`: add `.state(..)` to the app"));
        }
    }

    /// A value given with [`App::state`](crate::App::state); `fix` says what to write if it is missing.
    pub fn state_or<T: Send + Sync + 'static>(&mut self, fix: &str) {
        if !self.has_state::<T>() {
            self.missing.push(fix.to_owned());
        }
    }

    /// Settings given with [`App::settings`](crate::App::settings) or in the configuration file.
    pub fn settings<T: DeserializeOwned + Send + Sync + 'static>(&mut self) {
        if self.shared.settings::<T>().is_some() {
            return;
        }
        match self.shared.settings.clone().try_into::<T>() {
            Ok(settings) => self.shared.put_settings(settings),
            Err(error) => {
                let (name, text) = (type_name::<T>(), error.message());
                self.missing.push(format!("settings of type `{name}`: {text}"));
            }
        }
    }

    /// Says that an extractor, named so, draws from one message: it has no place beside a
    /// [`Batch`](crate::Batch), only in one.
    pub fn one_message(&mut self, extractor: &'static str) {
        if !self.is_in_batch {
            self.singles.push(extractor);
        }
    }

    /// Says that an extractor, named so, has no place in a handler of batches at all.
    pub fn no_batch(&mut self, extractor: &'static str) {
        self.singles.push(extractor);
    }

    /// What is needed for each message of a batch.
    pub(crate) fn in_batch(&mut self, each: impl FnOnce(&mut Self)) {
        self.batches += 1;
        self.is_in_batch = true;
        each(self);
        self.is_in_batch = false;
    }

    /// Compares what the arguments take with how the handler is run.
    pub(crate) fn check_batch(&mut self, takes_batches: bool) {
        let wrong = match (takes_batches, self.batches, self.singles.first()) {
            (false, 0, _) | (true, 1, None) => return,
            (false, ..) => "to be made with `Handler::batch(..)`, as it takes a `Batch`".to_owned(),
            (true, 0, _) => "an argument `Batch<_>`, as it handles batches".to_owned(),
            (true, 1, Some(single)) => {
                format!(
                    "one message at a time for `{single}`: take it within `Batch<_>`, if it can be there"
                )
            }
            (true, ..) => "one `Batch<_>`: make it one of tuples, `Batch<(A, B)>`".to_owned(),
        };
        self.missing.push(wrong);
    }

    /// Something else that is wrong, in words that follow `needs`.
    pub(crate) fn other(&mut self, what: String) {
        self.missing.push(what);
    }

    /// Words of the routing key by their names: see [`Captures`](crate::Captures).
    pub fn captures<T: DeserializeOwned>(&mut self) {
        match wanted::<T>() {
            Wanted::Anything => {}
            Wanted::Words(count) => {
                if self.locals.templates().all(|template| template.names().count() != count) {
                    let what =
                        if count == 1 { "one word".to_owned() } else { format!("{count} words") };
                    self.missing.push(format!(
                        "{what} of the routing key, and no binding names as many: write `{{name}}` in a binding key for each"
                    ));
                }
            }
            Wanted::Names(names) => {
                let known: Vec<&str> = self.locals.templates().flat_map(Template::names).collect();
                let quoted: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
                let listed = match quoted.as_slice() {
                    [] => "none".to_owned(),
                    quoted => format!("only {}", quoted.join(", ")),
                };
                let missing = names.iter().filter(|name| !known.contains(name)).map(|name| {
                    format!("the word `{name}` of the routing key, and its bindings name {listed}: write `{{{name}}}` in a binding key")
                });
                self.missing.extend(missing);
            }
        }
    }

    fn has_state<T: Send + Sync + 'static>(&self) -> bool {
        self.locals.state::<T>().is_some() || self.shared.state::<T>().is_some()
    }

    /// What is not there, in words.
    pub(crate) fn missing(self) -> Vec<String> {
        self.missing
    }
}

impl Debug for Shared {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}
