//! What a run file means: checked as far as that is possible without a broker.

mod consumer;
mod fit;
mod material;
mod raw;
mod schedules;
mod service;
mod topology;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use leveret::{Config, ConfigText, ControlServer, Endpoint, FieldValue, parse_span};
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

pub(crate) use consumer::Consumer;
use raw::{RawBroker, RawControl, RawPool, RawRun};
pub(crate) use service::Service;
pub(crate) use topology::Topology;

use crate::load::RunFile;
use crate::problems::{Problems, RunFileError};
use crate::schedule::Schedule;
use crate::show::Setting;
use crate::values::{Lists, get, overlay, take};

/// The tables that every application knows.
const COMMON: [&str; 7] =
    ["guarantee", "connection", "connections", "settings", "handlers", "files", "logging"];

/// What is to be run.
#[derive(Debug)]
pub struct Plan {
    pub(crate) name: String,
    /// As the file, the environment and flags say them.
    pub(crate) settings: Vec<Setting>,
    pub(crate) grace: Option<Duration>,
    pub(crate) inbox_file: Option<PathBuf>,
    pub(crate) config: Config,
    pub(crate) doors: Option<Doors>,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) control: Option<ControlServer>,
    pub(crate) services: Vec<Service>,
    pub(crate) consumers: Vec<Consumer>,
    pub(crate) schedules: Vec<Schedule>,
    pub(crate) topology: Topology,
}

/// Where others come in to the embedded broker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Doors {
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) admin_listen: Option<SocketAddr>,
}

/// The unnamed connection's name in service lines.
const DEFAULT_CONNECTION: &str = "default";

/// What is known while a file is read.
struct Reading<'a> {
    text: &'a ConfigText,
    problems: Problems,
    /// Names of connections, and of pools with how many connections each has.
    connections: BTreeMap<String, usize>,
    /// How many consumers each has got so far.
    taken: BTreeMap<String, usize>,
    /// Where the file speaks of each handler.
    places: BTreeMap<String, Range<usize>>,
}

impl Plan {
    /// What the file means; everything that is wrong with that is told at once.
    pub fn of(file: RunFile<'_>) -> Result<Self, RunFileError> {
        let settings = file.settings();
        let RunFile { text, mut table, name } = file;
        let (problems, taken) = (Problems::default(), BTreeMap::new());
        let (connections, places) = (BTreeMap::new(), BTreeMap::new());
        let mut reading = Reading { text, problems, connections, taken, places };
        let consumers = take(&mut table, "consumers");
        // The files are read.
        drop(take(&mut table, "include"));
        let mut common = DeTable::new();
        for key in COMMON {
            if let Some(value) = take(&mut table, key) {
                common.insert(Spanned::new(value.span(), Cow::Borrowed(key)), value);
            }
        }
        let run: Option<RawRun> = reading.typed(Spanned::new(0..0, DeValue::Table(table)));
        let run = run.unwrap_or_default();
        reading.pools(&run.pool, &mut common);
        let sites: Vec<&str> = run.sites.keys().map(String::as_str).collect();
        let services = reading.services(&run.services, &sites);
        let mut handlers = DeTable::new();
        let consumers = match consumers.map(Spanned::into_inner) {
            Some(DeValue::Table(table)) => {
                reading.consumers(table, &services, &run.sites, &mut handlers)
            }
            _ => Vec::new(),
        };
        let common = with_handlers(common, handlers);
        reading.know_places(&common);
        reading.check_material(&common);
        let config = reading.config(common);
        let doors = run.broker.as_ref().map(|broker| reading.doors(broker, &config));
        let metrics = run.metrics.as_ref().and_then(|metrics| metrics.listen.parse().ok());
        let control = run.control.and_then(|control| reading.control(control));
        let schedules = reading.schedules(&run.schedules);
        let topology = reading.topology(run.exchanges, run.queues, run.bindings);
        let plan = Self {
            name: run.app.unwrap_or(name),
            settings,
            grace: run.grace.as_deref().and_then(parse_span),
            inbox_file: run.inbox_file,
            config,
            doors,
            metrics,
            control,
            services: services.into_iter().map(Spanned::into_inner).collect(),
            consumers,
            schedules,
            topology,
        };
        reading.fit(&plan);
        reading.problems.finish()?;
        Ok(plan)
    }
}

impl<'a> Reading<'a> {
    fn wrong(&mut self, span: Range<usize>, message: impl std::fmt::Display, hint: Option<String>) {
        self.problems.add(self.text, span, message, hint);
    }

    fn typed<T: Deserialize<'a>>(&mut self, value: Spanned<DeValue<'a>>) -> Option<T> {
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(typed) => Some(typed),
            Err(error) => {
                let start = error.span().unwrap_or(0..0).start;
                self.problems.push(start, self.text.toml_error(&error, 0));
                None
            }
        }
    }

    /// Pools become connections; `listen` is where consumers are, `publish` the unnamed one, unless
    /// the file has a `[connection]`.
    fn pools(&mut self, pools: &BTreeMap<Spanned<String>, RawPool>, common: &mut DeTable<'a>) {
        if let Some(DeValue::Table(named)) = get(common, "connections").map(Spanned::get_ref) {
            self.connections
                .extend(named.keys().map(|key| (key.get_ref().clone().into_owned(), 1)));
        }
        let unnamed = get(common, "connection").map(|value| value.get_ref().clone());
        let mut named = DeTable::new();
        for (name, pool) in pools {
            let size = pool.size.unwrap_or(1);
            if self.connections.insert(name.get_ref().clone(), size).is_some() {
                let text = format!("`{}` is a connection already", name.get_ref());
                self.wrong(name.span(), text, None);
            }
            let address = match (&pool.address, unnamed.as_ref().and_then(|one| one.get("address")))
            {
                (Some(address), _) => {
                    let value = DeValue::String(Cow::Owned(address.get_ref().clone()));
                    Spanned::new(address.span(), value)
                }
                (None, Some(address)) => address.clone(),
                (None, None) => {
                    let hint = "write `address`, here or in `[connection]`".to_owned();
                    let text = format!("pool `{}` has no address", name.get_ref());
                    self.wrong(name.span(), text, Some(hint));
                    continue;
                }
            };
            let place = name.span();
            let key = |text: Cow<'static, str>| Spanned::new(place.clone(), text);
            let mut connection = DeTable::new();
            connection.insert(key("address".into()), address);
            let connection = Spanned::new(place.clone(), DeValue::Table(connection));
            if name.get_ref() == "publish" && unnamed.is_none() {
                common.insert(key("connection".into()), connection.clone());
            }
            for number in 1..=size {
                named.insert(key(numbered(name.get_ref(), number).into()), connection.clone());
            }
        }
        if !named.is_empty() {
            let connections = Spanned::new(0..0, DeValue::Table(named));
            let mut upper = DeTable::new();
            upper.insert(Spanned::new(0..0, Cow::Borrowed("connections")), connections);
            overlay(common, upper, Lists::Replace);
        }
        self.unnamed(common);
    }

    /// Without a `[connection]` the only one there is also the unnamed one: no other broker is to
    /// appear inside the program by itself.
    fn unnamed(&mut self, common: &mut DeTable<'a>) {
        let named = get(common, "connections").and_then(|value| value.get_ref().as_table());
        let (Some(named), None) = (named, get(common, "connection")) else { return };
        let Some((first, value)) = named.iter().next() else { return };
        if self.connections.len() == 1 {
            let key = Spanned::new(first.span(), Cow::Borrowed("connection"));
            let value = value.clone();
            common.insert(key, value);
            return;
        }
        let hint = "write `[connection]`: files and schedules use it, and consumers that name none";
        let text = "several connections, and none that is meant where none is named";
        self.wrong(first.span(), text, Some(hint.to_owned()));
    }

    fn known_connection(&mut self, name: &str, span: Range<usize>) {
        if name == DEFAULT_CONNECTION || self.connections.contains_key(name) {
            return;
        }
        let known: Vec<String> = self.connections.keys().cloned().collect();
        let known = known.iter().map(String::as_str).chain([DEFAULT_CONNECTION]);
        let hint = match ConfigText::nearest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("describe it: `[connections.{name}]`"),
        };
        self.wrong(span, format!("`{name}` is no connection"), Some(hint));
    }

    /// The connection that the next consumer of this name gets: a pool's take turns.
    fn spread(&mut self, connection: Option<String>) -> Option<String> {
        let is_listening = self.connections.contains_key("listen");
        let name = match connection {
            Some(name) if name == DEFAULT_CONNECTION => return None,
            Some(name) => name,
            None if is_listening => "listen".to_owned(),
            None => return None,
        };
        let size = self.connections.get(&name).copied().unwrap_or(1);
        let taken = self.taken.entry(name.clone()).or_insert(0);
        let number = *taken % size + 1;
        *taken += 1;
        Some(numbered(&name, number))
    }

    /// What the framework makes of its tables. Each is shown to it alone first, so that a mistake
    /// in one does not hide those of another.
    fn config(&mut self, common: DeTable<'a>) -> Config {
        let whole = self.text.config(Spanned::new(0..0, common.clone()));
        if let Err(error) = &whole {
            for (key, value) in common {
                self.config_of(vec![key], value);
            }
            if self.problems.is_empty() {
                self.problems.push(0, error.clone());
            }
        }
        whole.unwrap_or_default()
    }

    fn config_of(&mut self, path: Vec<Spanned<Cow<'a, str>>>, value: Spanned<DeValue<'a>>) {
        let is_rules = path.get(2).is_some_and(|key| key.get_ref() == "on-error");
        let depth = match path.first().map(|key| key.get_ref().as_ref()) {
            Some("handlers") if is_rules => 4,
            Some("handlers") => 3,
            Some("connections" | "files") => 2,
            Some(_) | None => 1,
        };
        let span = value.span();
        if let (DeValue::Table(table), true) = (value.get_ref(), path.len() < depth) {
            let known = self.problems.len();
            for (key, value) in table.clone() {
                self.config_of(path.iter().cloned().chain([key]).collect(), value);
            }
            // Its parts may contradict each other.
            if self.problems.len() > known {
                return;
            }
        }
        let mut inner = value;
        for key in path.into_iter().rev() {
            let mut table = DeTable::new();
            table.insert(key, inner);
            inner = Spanned::new(span.clone(), DeValue::Table(table));
        }
        let DeValue::Table(table) = inner.into_inner() else { return };
        if let Err(error) = self.text.config(Spanned::new(span.clone(), table)) {
            self.problems.push(span.start, error);
        }
    }

    fn control(&mut self, control: RawControl) -> Option<ControlServer> {
        let address = address(&control.listen)?;
        if control.token_file.is_none() && !address.ip().is_loopback() {
            let text = format!("`{address}` can be reached from other machines");
            let hint = "write `token-file`, or a loopback address".to_owned();
            self.wrong(control.listen.span(), text, Some(hint));
        }
        let server = ControlServer::at(address);
        Some(control.token_file.into_iter().fold(server, ControlServer::token_file))
    }

    fn doors(&mut self, broker: &RawBroker, config: &Config) -> Doors {
        let first = broker.listen.first().or(broker.admin_listen.as_ref());
        if let (Some(Endpoint::Address(_)), Some(first)) = (&config.connection, first) {
            let text = "`[broker]` is for the embedded broker, and `[connection]` leads elsewhere";
            self.wrong(first.span(), text, None);
        }
        if let (Some(Endpoint::Memory), true, Some(first)) =
            (&config.connection, config.no_loss, first)
        {
            let text = "`guarantee = \"no-loss\"`, and a broker in memory forgets all when it ends";
            self.wrong(first.span(), text, None);
        }
        Doors {
            listen: broker.listen.iter().filter_map(address).collect(),
            admin_listen: broker.admin_listen.as_ref().and_then(address),
        }
    }
}

/// `[handlers.NAME]` of the file is laid over what its consumer says.
fn with_handlers<'a>(common: DeTable<'a>, said: DeTable<'a>) -> DeTable<'a> {
    let mut all = DeTable::new();
    let value = Spanned::new(0..0, DeValue::Table(said));
    all.insert(Spanned::new(0..0, Cow::Borrowed("handlers")), value);
    overlay(&mut all, common, Lists::Replace);
    all
}

/// As the shape of the file has it.
fn address(text: &Spanned<String>) -> Option<SocketAddr> {
    text.get_ref().parse().ok()
}

fn numbered(name: &str, number: usize) -> String {
    if number == 1 { name.to_owned() } else { format!("{name}#{number}") }
}

/// A value of a field table; nothing if it has no form there.
fn field_value(value: &toml::Value) -> Option<FieldValue> {
    match value {
        toml::Value::String(text) => Some(text.as_str().into()),
        toml::Value::Integer(number) => Some((*number).into()),
        toml::Value::Boolean(is_true) => Some((*is_true).into()),
        toml::Value::Float(_)
        | toml::Value::Datetime(_)
        | toml::Value::Array(_)
        | toml::Value::Table(_) => None,
    }
}
