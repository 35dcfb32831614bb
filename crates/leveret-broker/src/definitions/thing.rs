//! An exchange, a queue or a binding as the method that makes it.

use leveret_protocol::{FieldTable, Method, ShortStr, exchange, queue};

use super::{error::DefinitionsError, item::Item};

const QUEUE_TYPE: &str = "x-queue-type";

/// The type of a queue that is declared without one, where no other is the default.
const CLASSIC: &str = "classic";

/// Something in a virtual host.
#[derive(Debug)]
pub(super) struct Thing {
    pub(super) place: String,
    pub(super) kind: Kind,
    pub(super) method: Method,
}

/// What it is; a name that is taken already keeps what has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Exchange(ShortStr),
    Queue { name: ShortStr, is_plainly_classic: bool },
    Binding,
}

type Read<T> = Result<T, DefinitionsError>;

impl Thing {
    pub(super) fn exchange(item: &Item<'_>) -> Read<Self> {
        let name = item.name("name")?;
        let declare = exchange::Declare {
            exchange: name.clone(),
            kind: item.name("type")?,
            durable: item.flag("durable", true)?,
            auto_delete: item.flag("auto_delete", false)?,
            internal: item.flag("internal", false)?,
            no_wait: true,
            arguments: item.arguments()?,
            ..exchange::Declare::default()
        };
        let (place, kind) = (item.place.clone(), Kind::Exchange(name));
        Ok(Self { place, kind, method: Method::ExchangeDeclare(declare) })
    }

    pub(super) fn queue(item: &Item<'_>) -> Read<Self> {
        let name = item.name("name")?;
        if name.is_empty() {
            return Err(item.error("`name` is empty"));
        }
        let mut arguments = item.arguments()?;
        let said = item.text_if_there("type")?;
        let is_typed = arguments.get(QUEUE_TYPE).is_some();
        if let Some(said) = said.filter(|said| !is_typed && *said != CLASSIC) {
            arguments = with_type(&arguments, said);
        }
        let is_plainly_classic = !is_typed && said == Some(CLASSIC);
        let declare = queue::Declare {
            queue: name.clone(),
            durable: item.flag("durable", true)?,
            auto_delete: item.flag("auto_delete", false)?,
            no_wait: true,
            arguments,
            ..queue::Declare::default()
        };
        let (place, kind) = (item.place.clone(), Kind::Queue { name, is_plainly_classic });
        Ok(Self { place, kind, method: Method::QueueDeclare(declare) })
    }

    pub(super) fn binding(item: &Item<'_>) -> Read<Self> {
        let (source, destination) = (item.name("source")?, item.name("destination")?);
        let routing_key = match item.text_if_there("routing_key")? {
            Some(_) => item.name("routing_key")?,
            None => ShortStr::EMPTY,
        };
        let (arguments, no_wait) = (item.arguments()?, true);
        if source.is_empty() || destination.is_empty() {
            return Err(item.error("the default exchange has no bindings that can be made"));
        }
        let method = match item.text("destination_type")? {
            "queue" => Method::QueueBind(queue::Bind {
                queue: destination,
                exchange: source,
                routing_key,
                no_wait,
                arguments,
            }),
            "exchange" => Method::ExchangeBind(exchange::Bind {
                destination,
                source,
                routing_key,
                no_wait,
                arguments,
            }),
            other => {
                let text = format!("`destination_type` is `{other}`, wanted `queue` or `exchange`");
                return Err(item.error(text));
            }
        };
        Ok(Self { place: item.place.clone(), kind: Kind::Binding, method })
    }

    /// A queue that says it is classic, where others are not by default, says so to the engine.
    pub(super) fn settle_type(&mut self, is_classic_default: bool) {
        if let (Kind::Queue { is_plainly_classic: true, .. }, Method::QueueDeclare(declare)) =
            (&self.kind, &mut self.method)
            && !is_classic_default
        {
            declare.arguments = with_type(&declare.arguments, CLASSIC);
        }
    }

    pub(super) fn is_binding(&self) -> bool {
        self.kind == Kind::Binding
    }

    /// Whether something in the virtual host has its name.
    pub(super) fn is_among(&self, exchanges: &[ShortStr], queues: &[ShortStr]) -> bool {
        match &self.kind {
            Kind::Exchange(name) => name.is_empty() || exchanges.binary_search(name).is_ok(),
            Kind::Queue { name, .. } => queues.binary_search(name).is_ok(),
            Kind::Binding => false,
        }
    }
}

/// The arguments with a type of queue.
pub(super) fn with_type(arguments: &FieldTable, queue_type: &str) -> FieldTable {
    let typed = (ShortStr::from_static(QUEUE_TYPE), queue_type.into());
    arguments.iter().chain([typed]).collect()
}
