//! Consumers: one for each service they belong to, with its names filled in.

use std::borrow::Cow;

use leveret::{ConfigText, FieldValue, Handler, Queue};
use leveret_targets::TargetConfig;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::raw::{RawBind, RawConsumer, Site};
use super::service::Service;
use super::{Reading, field_value};
use crate::shape::HANDLER;
use crate::values::{get, take};

/// A queue, and what handles its messages.
#[derive(Debug, Clone)]
pub(crate) struct Consumer {
    /// Its name in logs, metrics and dead letters.
    pub(crate) name: String,
    /// What it is called in the file.
    pub(crate) written: String,
    pub(crate) queue: Queue,
    pub(crate) binds: Vec<RawBind>,
    /// A named connection; `None` is the unnamed one.
    pub(crate) connection: Option<String>,
    pub(crate) inbox: bool,
    pub(crate) handler: Handler,
}

/// A consumer as written, and for whom it runs.
struct Instance<'s> {
    name: String,
    written: &'s str,
    service: Option<&'s Service>,
    site: Option<&'s Site>,
}

impl Consumer {
    /// The target's handler, put where the file says.
    pub(crate) fn into_handler(self) -> Handler {
        let mut handler = self.handler.named(self.name).on_queue(self.queue);
        for RawBind { exchange, key, kind } in self.binds {
            let kind = kind.as_deref().unwrap_or("topic");
            handler = handler.bind_kind(kind, exchange, key.as_deref().unwrap_or("#"));
        }
        if let Some(connection) = self.connection {
            handler = handler.on_connection(connection);
        }
        if self.inbox { handler.inbox() } else { handler }
    }
}

impl<'a> Reading<'a> {
    /// Every consumer, once for each of its services; what the framework is told of each goes to
    /// `handlers`.
    pub(super) fn consumers(
        &mut self,
        table: DeTable<'a>,
        services: &[Spanned<Service>],
        sites: &std::collections::BTreeMap<String, Site>,
        handlers: &mut DeTable<'a>,
    ) -> Vec<Consumer> {
        let mut consumers: Vec<Consumer> = Vec::new();
        let mut is_served = vec![false; services.len()];
        for (name, value) in table {
            let span = value.span();
            let DeValue::Table(own) = value.into_inner() else { continue };
            let group = get(&own, "service").and_then(|value| value.get_ref().as_str());
            let group = group.unwrap_or(name.get_ref()).to_owned();
            let mut instances = Vec::new();
            for (service, is_served) in services.iter().zip(&mut is_served) {
                let service = service.get_ref();
                if service.name == group {
                    *is_served = true;
                    let title = service.title();
                    let is_whole = name.get_ref() == &service.name;
                    let title =
                        if is_whole { title } else { format!("{title}/{}", name.get_ref()) };
                    let site = service.site.as_ref().and_then(|site| sites.get(site));
                    let (service, written) = (Some(service), name.get_ref().as_ref());
                    instances.push(Instance { name: title, written, service, site });
                }
            }
            if instances.is_empty() {
                let written = name.get_ref().as_ref();
                let name = written.to_owned();
                instances.push(Instance { name, written, service: None, site: None });
            }
            for instance in instances {
                let own = Spanned::new(span.clone(), own.clone());
                consumers.extend(self.consumer(own, &instance, &consumers, handlers));
            }
        }
        let names: Vec<String> = consumers.iter().map(|one| one.name.clone()).collect();
        for (service, _) in services.iter().zip(is_served).filter(|(_, is_served)| !is_served) {
            let name = &service.get_ref().name;
            let near = ConfigText::nearest(name, names.iter().map(String::as_str));
            let hint = near.map_or_else(
                || format!("describe it: `[consumers.{name}]`"),
                |near| format!("did you mean `{near}`?"),
            );
            self.wrong(service.span(), format!("no consumer belongs to `{name}`"), Some(hint));
        }
        consumers
    }

    fn consumer(
        &mut self,
        own: Spanned<DeTable<'a>>,
        instance: &Instance<'_>,
        others: &[Consumer],
        handlers: &mut DeTable<'a>,
    ) -> Option<Consumer> {
        let span = own.span();
        let mut value = Spanned::new(span.clone(), DeValue::Table(own.into_inner()));
        self.fill(instance, &mut value);
        let DeValue::Table(mut own) = value.into_inner() else { return None };
        self.tell_handler(instance, span.clone(), &mut own, handlers);
        let target = take(&mut own, "target")?;
        drop(take(&mut own, "service"));
        let span_of_target = target.span();
        let config: TargetConfig = self.target(target)?;
        let raw: RawConsumer = self.typed(Spanned::new(span, DeValue::Table(own)))?;
        let connection = match (&raw.connection, instance.service) {
            (Some(connection), _) => {
                self.known_connection(connection.get_ref(), connection.span());
                Some(connection.get_ref().clone())
            }
            (None, Some(service)) => Some(service.connection.clone()),
            (None, None) => None,
        };
        let connection = self.spread(connection);
        let queue_name = raw.queue.get_ref();
        let rival =
            |other: &&Consumer| other.queue.name() == queue_name && other.connection == connection;
        if let Some(rival) = others.iter().find(rival) {
            let text = format!(
                "`{}` and `{}` both consume from queue `{queue_name}`",
                rival.name, instance.name
            );
            let hint = match instance.service {
                Some(_) => "write `${site}` in its name, and each site has its own",
                None => "give each its own queue, bound to the same keys",
            };
            self.wrong(raw.queue.span(), text, Some(hint.to_owned()));
        }
        let mut queue = Queue::new(queue_name.as_str());
        for (name, value) in raw.arguments {
            if let Some(value) = self.field(&value) {
                queue = queue.argument(name, value);
            }
        }
        if raw.expect {
            queue = queue.expect_present();
        }
        let handler = match config.into_handler(&instance.name, queue.name()) {
            Ok(handler) => handler,
            Err(error) => {
                self.wrong(span_of_target, error, None);
                return None;
            }
        };
        let (name, written) = (instance.name.clone(), instance.written.to_owned());
        let (binds, inbox) = (raw.bind, raw.inbox);
        Some(Consumer { name, written, queue, binds, connection, inbox, handler })
    }

    /// The framework's own keys, under the instance's name.
    fn tell_handler(
        &mut self,
        instance: &Instance<'_>,
        span: std::ops::Range<usize>,
        own: &mut DeTable<'a>,
        handlers: &mut DeTable<'a>,
    ) {
        let mut said = DeTable::new();
        for key in &HANDLER {
            if let Some(value) = take(own, key.name) {
                let place = value.span();
                said.insert(Spanned::new(place, Cow::Borrowed(key.name)), value);
            }
        }
        // The line is for this site, the consumer for all.
        if let Some(workers) = instance.service.and_then(|service| service.workers) {
            let (text, _) = self.text.add("", workers.to_string());
            if let Ok(value) = DeValue::parse(text) {
                let key = Spanned::new(span.clone(), Cow::Borrowed("concurrency"));
                said.insert(key, Spanned::new(span.clone(), value.into_inner()));
            }
        }
        let principal = instance.site.and_then(|site| site.principal.clone());
        if let (Some(principal), None) = (principal, get(&said, "principal")) {
            let value = DeValue::String(Cow::Owned(principal));
            let key = Spanned::new(span.clone(), Cow::Borrowed("principal"));
            said.insert(key, Spanned::new(span.clone(), value));
        }
        let key = Spanned::new(span.clone(), Cow::Owned(instance.name.clone()));
        handlers.insert(key, Spanned::new(span, DeValue::Table(said)));
    }

    /// One kind of target, and no other.
    fn target(&mut self, target: Spanned<DeValue<'a>>) -> Option<TargetConfig> {
        let kinds = target.get_ref().as_table().map_or(0, toml::map::Map::len);
        if kinds != 1 {
            let text =
                format!("a target is one of `http`, `command`, `worker`, found {kinds} of them");
            self.wrong(target.span(), text, None);
            return None;
        }
        self.typed(target)
    }

    /// Puts the service's names into all texts.
    fn fill(&mut self, instance: &Instance<'_>, value: &mut Spanned<DeValue<'a>>) {
        let span = value.span();
        match value.get_mut() {
            DeValue::String(text) if text.contains("${s") => match filled(instance, text) {
                Ok(filled) => *text = Cow::Owned(filled),
                Err(problem) => self.wrong(span, problem, None),
            },
            DeValue::Array(list) => list.iter_mut().for_each(|item| self.fill(instance, item)),
            DeValue::Table(table) => {
                table.iter_mut().for_each(|(_, value)| self.fill(instance, value));
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
    }

    /// A value of a field table; an error if it has no form there.
    pub(super) fn field(&mut self, value: &Spanned<toml::Value>) -> Option<FieldValue> {
        let field = field_value(value.get_ref());
        if field.is_none() {
            let text = "a text, a whole number, `true` or `false` is possible here";
            self.wrong(value.span(), text, None);
        }
        field
    }
}

fn filled(instance: &Instance<'_>, text: &str) -> Result<String, String> {
    let mut out = text.to_owned();
    let service = instance.service;
    let site = instance.site;
    let names = [
        ("${site.host}", site.and_then(|site| site.host.clone())),
        ("${site.path-prefix}", site.and_then(|site| site.path_prefix.clone())),
        ("${site.principal}", site.and_then(|site| site.principal.clone())),
        ("${site}", service.and_then(|service| service.site.clone())),
        ("${service}", service.map(|service| service.name.clone())),
    ];
    for (name, value) in names {
        if out.contains(name) {
            let value = value.ok_or_else(|| {
                format!("`{name}` says nothing here, as `{}` runs without it", instance.name)
            })?;
            out = out.replace(name, &value);
        }
    }
    Ok(out)
}
