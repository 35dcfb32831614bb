//! What must exist before anything is consumed, in order.

use leveret_client::{
    ChannelError, Connection, ExchangeBinding, ExchangeDeclare, ExchangeKind as ClientKind,
    QueueBinding, QueueDeclare,
};
use leveret_protocol::{FieldTable, ShortStr};

use crate::handler::Handler;
use crate::topology::{ExchangeKind, Presence};

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
        let queue = ShortStr::truncated(handler.queue());
        let is_expected = handler.queue.presence() == Presence::Expect;
        let own = Self::Queue(QueueDeclare {
            name: queue.clone(),
            passive: is_expected,
            arguments: if is_expected { FieldTable::default() } else { handler.queue.table() },
            ..QueueDeclare::default()
        });
        let mut declarations = vec![own, Self::durable_queue(&handler.dead_letter_queue())];
        for binding in &handler.bindings {
            let exchange = ShortStr::truncated(&binding.exchange);
            if binding.declares_exchange() {
                declarations.push(Self::Exchange(ExchangeDeclare {
                    name: exchange.clone(),
                    kind: client_kind(&binding.kind),
                    ..ExchangeDeclare::default()
                }));
            }
            declarations.push(Self::Binding(QueueBinding {
                queue: queue.clone(),
                exchange,
                routing_key: ShortStr::truncated(&binding.pattern()),
                ..QueueBinding::default()
            }));
        }
        declarations
    }

    pub(crate) fn durable_queue(name: &str) -> Self {
        Self::Queue(QueueDeclare { name: ShortStr::truncated(name), ..QueueDeclare::default() })
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
