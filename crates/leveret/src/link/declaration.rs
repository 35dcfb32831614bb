//! What must exist before anything is consumed, in order.

use leveret_client::{
    ChannelError, Connection, ExchangeBinding, ExchangeDeclare, ExchangeKind as ClientKind,
    QueueBinding, QueueDeclare,
};
use leveret_protocol::{FieldTable, FieldValue, ShortStr};

use crate::handler::{Handler, HashOn, hash_kind};
use crate::topology::{Binding, ExchangeKind, Presence, Queue};

/// One thing to declare.
#[derive(Debug, Clone)]
pub(crate) enum Declaration {
    Exchange(ExchangeDeclare),
    Queue(QueueDeclare),
    Binding(QueueBinding),
    ExchangeBinding(ExchangeBinding),
}

/// A declaration that the broker refused.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot declare {what}")]
pub(crate) struct DeclareError {
    pub(crate) what: String,
    pub(crate) source: ChannelError,
}

impl Declaration {
    /// Everything one handler needs.
    pub(crate) fn of(handler: &Handler) -> Vec<Self> {
        if handler.partitions.is_some() {
            return Self::of_partitions(handler);
        }
        let queue = ShortStr::truncated(handler.queue());
        let mut declarations =
            vec![Self::queue(&handler.queue), Self::durable_queue(&handler.dead_letter_queue())];
        for binding in &handler.bindings {
            let exchange = ShortStr::truncated(&binding.exchange);
            declarations.extend(Self::source(binding));
            declarations.push(Self::Binding(QueueBinding {
                queue: queue.clone(),
                exchange,
                routing_key: ShortStr::truncated(&binding.pattern()),
                ..QueueBinding::default()
            }));
        }
        declarations
    }

    /// The queues in reverse order: where the first is, all of them are.
    fn of_partitions(handler: &Handler) -> Vec<Self> {
        let exchange = ShortStr::truncated(&handler.partition_exchange());
        let hash_on = handler.hash_on();
        let argument = hash_on.as_ref().and_then(HashOn::argument);
        let argument = argument
            .map(|(name, value)| (ShortStr::from_static(name), FieldValue::from(value.to_owned())));
        let mut declarations = vec![Self::Exchange(ExchangeDeclare {
            name: exchange.clone(),
            kind: client_kind(&hash_kind()),
            arguments: argument.into_iter().collect(),
            ..ExchangeDeclare::default()
        })];
        let queues: Vec<ShortStr> =
            handler.queues().iter().map(|queue| ShortStr::truncated(queue)).collect();
        let own = handler.queue.clone().single_active().table();
        declarations.extend(queues.iter().rev().map(|name| {
            let (name, arguments) = (name.clone(), own.clone());
            Self::Queue(QueueDeclare { name, arguments, ..QueueDeclare::default() })
        }));
        declarations.push(Self::durable_queue(&handler.dead_letter_queue()));
        declarations.extend(queues.into_iter().map(|queue| {
            // The key is the weight: all have the same share.
            let (exchange, routing_key) = (exchange.clone(), ShortStr::from_static("1"));
            Self::Binding(QueueBinding { queue, exchange, routing_key, ..QueueBinding::default() })
        }));
        for binding in &handler.bindings {
            declarations.extend(Self::source(binding));
            declarations.push(Self::ExchangeBinding(ExchangeBinding {
                destination: exchange.clone(),
                source: ShortStr::truncated(&binding.exchange),
                routing_key: ShortStr::truncated(&binding.pattern()),
                ..ExchangeBinding::default()
            }));
        }
        declarations
    }

    /// The exchange that a handler is bound to, unless every broker has it.
    fn source(binding: &Binding) -> Option<Self> {
        binding.declares_exchange().then(|| Self::exchange(&binding.exchange, &binding.kind))
    }

    pub(crate) fn exchange(name: &str, kind: &ExchangeKind) -> Self {
        Self::Exchange(ExchangeDeclare {
            name: ShortStr::truncated(name),
            kind: client_kind(kind),
            ..ExchangeDeclare::default()
        })
    }

    pub(crate) fn queue(queue: &Queue) -> Self {
        let is_expected = queue.presence() == Presence::Expect;
        Self::Queue(QueueDeclare {
            name: ShortStr::truncated(queue.name()),
            passive: is_expected,
            arguments: if is_expected { FieldTable::default() } else { queue.table() },
            ..QueueDeclare::default()
        })
    }

    pub(crate) fn durable_queue(name: &str) -> Self {
        Self::Queue(QueueDeclare { name: ShortStr::truncated(name), ..QueueDeclare::default() })
    }

    pub(crate) fn is_binding(&self) -> bool {
        match self {
            Self::Binding(_) | Self::ExchangeBinding(_) => true,
            Self::Exchange(_) | Self::Queue(_) => false,
        }
    }

    fn what(&self) -> String {
        match self {
            Self::Exchange(exchange) => format!("exchange `{}`", exchange.name),
            Self::Queue(queue) => format!("queue `{}`", queue.name),
            Self::Binding(binding) => format!(
                "binding of queue `{}` to exchange `{}` with key `{}`",
                binding.queue, binding.exchange, binding.routing_key
            ),
            Self::ExchangeBinding(binding) => format!(
                "binding of exchange `{}` to exchange `{}` with key `{}`",
                binding.destination, binding.source, binding.routing_key
            ),
        }
    }
}

/// Declares everything; what exists already and is the same stays as it is.
pub(crate) async fn declare(
    connection: &Connection,
    declarations: &[Declaration],
) -> Result<(), DeclareError> {
    let channel = connection
        .channel()
        .await
        .map_err(|source| DeclareError { what: "anything".to_owned(), source })?;
    for declaration in declarations {
        match declaration {
            Declaration::Exchange(exchange) => channel.exchange_declare(exchange).await,
            Declaration::Queue(queue) => channel.queue_declare(queue).await.map(drop),
            Declaration::Binding(binding) => channel.queue_bind(binding).await,
            Declaration::ExchangeBinding(binding) => channel.exchange_bind(binding).await,
        }
        .map_err(|source| DeclareError { what: declaration.what(), source })?;
    }
    channel.close().await;
    Ok(())
}

fn client_kind(kind: &ExchangeKind) -> ClientKind {
    match kind {
        ExchangeKind::Direct => ClientKind::Direct,
        ExchangeKind::Fanout => ClientKind::Fanout,
        ExchangeKind::Topic => ClientKind::Topic,
        ExchangeKind::Headers => ClientKind::Headers,
        ExchangeKind::Other(name) => ClientKind::Other(ShortStr::truncated(name)),
    }
}
