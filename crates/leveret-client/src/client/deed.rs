//! One thing that is done to a broker's exchanges, queues and bindings.

use leveret_protocol::ShortStr;

use crate::{
    channel::Channel,
    client::step::RecoveryStep,
    error::ChannelError,
    topology::{
        ExchangeBinding, ExchangeDeclare, ExchangeDelete, QueueBinding, QueueDeclare,
        QueueDeclared, QueueDelete,
    },
};

/// One thing to do, with the names that the broker knows now.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    DeclareExchange(ExchangeDeclare),
    DeleteExchange(ExchangeDelete),
    BindExchange(ExchangeBinding),
    UnbindExchange(ExchangeBinding),
    DeclareQueue(QueueDeclare),
    DeleteQueue(QueueDelete),
    BindQueue(QueueBinding),
    UnbindQueue(QueueBinding),
}

/// What it came to.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Done,
    Declared(QueueDeclared),
    /// The messages that went with a queue.
    Deleted(u32),
}

impl Deed {
    pub(crate) async fn perform(&self, channel: &Channel) -> Result<Outcome, ChannelError> {
        match self {
            Self::DeclareExchange(exchange) => channel.exchange_declare(exchange).await?,
            Self::DeleteExchange(exchange) => channel.exchange_delete(exchange).await?,
            Self::BindExchange(binding) => channel.exchange_bind(binding).await?,
            Self::UnbindExchange(binding) => channel.exchange_unbind(binding).await?,
            Self::BindQueue(binding) => channel.queue_bind(binding).await?,
            Self::UnbindQueue(binding) => channel.queue_unbind(binding).await?,
            Self::DeclareQueue(queue) => {
                return channel.queue_declare(queue).await.map(Outcome::Declared);
            }
            Self::DeleteQueue(queue) => {
                return channel.queue_delete(queue).await.map(Outcome::Deleted);
            }
        }
        Ok(Outcome::Done)
    }

    /// The queue that it names.
    pub(crate) const fn queue_mut(&mut self) -> Option<&mut ShortStr> {
        match self {
            Self::DeclareQueue(queue) => Some(&mut queue.name),
            Self::DeleteQueue(queue) => Some(&mut queue.name),
            Self::BindQueue(binding) | Self::UnbindQueue(binding) => Some(&mut binding.queue),
            Self::DeclareExchange(_)
            | Self::DeleteExchange(_)
            | Self::BindExchange(_)
            | Self::UnbindExchange(_) => None,
        }
    }

    /// What listeners are told it is.
    pub(crate) fn step(&self) -> RecoveryStep {
        match self.clone() {
            Self::DeclareExchange(ExchangeDeclare { name, .. })
            | Self::DeleteExchange(ExchangeDelete { name, .. }) => RecoveryStep::Exchange { name },
            Self::DeclareQueue(QueueDeclare { name, .. })
            | Self::DeleteQueue(QueueDelete { name, .. }) => RecoveryStep::Queue { name },
            Self::BindExchange(binding) | Self::UnbindExchange(binding) => {
                let ExchangeBinding { destination, source, routing_key, .. } = binding;
                RecoveryStep::ExchangeBinding { source, destination, routing_key }
            }
            Self::BindQueue(binding) | Self::UnbindQueue(binding) => {
                let QueueBinding { queue, exchange, routing_key, .. } = binding;
                RecoveryStep::QueueBinding { queue, exchange, routing_key }
            }
        }
    }
}
