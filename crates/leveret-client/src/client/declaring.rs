//! Declaring, binding and deleting through a client, which remembers it.

use leveret_protocol::ShortStr;
use tokio::time::timeout;

use crate::{
    channel::{Channel, TxChannel},
    client::{
        Client,
        deed::{Deed, Outcome},
        error::ClientError,
    },
    error::ChannelError,
    topology::{
        ExchangeBinding, ExchangeDeclare, ExchangeDelete, QueueBinding, QueueDeclare,
        QueueDeclared, QueueDelete,
    },
};

/// Exchanges, queues and bindings to declare together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Topology {
    /// Exchanges.
    pub exchanges: Vec<ExchangeDeclare>,
    /// Bindings between exchanges.
    pub exchange_bindings: Vec<ExchangeBinding>,
    /// Queues.
    pub queues: Vec<QueueDeclare>,
    /// Bindings of queues.
    pub queue_bindings: Vec<QueueBinding>,
}

/// What is declared here is declared again on each new connection: exchanges, then queues, then
/// bindings. It is remembered as a set: declared twice, it is there once. What is deleted or
/// unbound here is forgotten, and so is a queue that deletes itself when its last
/// [`Subscription`](crate::Subscription) ends. What is declared passively is only looked at.
///
/// A queue that the broker names (see [`QueueDeclare::private`]) has another name on a new
/// connection. Everything here and in subscriptions takes the name it had first, and means the
/// one it has now; [`current_name`](Client::current_name) tells that to others.
///
/// All of these wait for a connection up to
/// [`wait_deadline`](crate::ClientOptions::wait_deadline), and start over if it is lost underway.
impl Client {
    /// Declares everything, in the order of its fields, and gives the queues.
    ///
    /// A binding without a queue is one of the last queue.
    pub async fn declare(&self, topology: Topology) -> Result<Vec<QueueDeclared>, ClientError> {
        let Topology { exchanges, exchange_bindings, queues, queue_bindings } = topology;
        let mut deeds: Vec<Deed> = exchanges.into_iter().map(Deed::DeclareExchange).collect();
        deeds.extend(exchange_bindings.into_iter().map(Deed::BindExchange));
        deeds.extend(queues.into_iter().map(Deed::DeclareQueue));
        deeds.extend(queue_bindings.into_iter().map(Deed::BindQueue));
        let outcomes = self.perform_all(deeds).await?;
        Ok(outcomes.into_iter().filter_map(declared).collect())
    }

    /// As [`Channel::exchange_declare`].
    pub async fn exchange_declare(&self, exchange: &ExchangeDeclare) -> Result<(), ClientError> {
        self.perform(Deed::DeclareExchange(exchange.clone())).await.map(drop)
    }

    /// As [`Channel::exchange_delete`].
    pub async fn exchange_delete(&self, exchange: &ExchangeDelete) -> Result<(), ClientError> {
        self.perform(Deed::DeleteExchange(exchange.clone())).await.map(drop)
    }

    /// As [`Channel::exchange_bind`].
    pub async fn exchange_bind(&self, binding: &ExchangeBinding) -> Result<(), ClientError> {
        self.perform(Deed::BindExchange(binding.clone())).await.map(drop)
    }

    /// As [`Channel::exchange_unbind`].
    pub async fn exchange_unbind(&self, binding: &ExchangeBinding) -> Result<(), ClientError> {
        self.perform(Deed::UnbindExchange(binding.clone())).await.map(drop)
    }

    /// As [`Channel::queue_declare`].
    pub async fn queue_declare(&self, queue: &QueueDeclare) -> Result<QueueDeclared, ClientError> {
        let outcome = self.perform(Deed::DeclareQueue(queue.clone())).await?;
        let name = queue.name.clone();
        // A queue is never declared without being given.
        Ok(declared(outcome).unwrap_or(QueueDeclared { name, messages: 0, consumers: 0 }))
    }

    /// As [`Channel::queue_delete`].
    pub async fn queue_delete(&self, queue: &QueueDelete) -> Result<u32, ClientError> {
        match self.perform(Deed::DeleteQueue(queue.clone())).await? {
            Outcome::Deleted(messages) => Ok(messages),
            Outcome::Done | Outcome::Declared(_) => Ok(0),
        }
    }

    /// As [`Channel::queue_bind`]; the queue must be named.
    pub async fn queue_bind(&self, binding: &QueueBinding) -> Result<(), ClientError> {
        self.perform(Deed::BindQueue(binding.clone())).await.map(drop)
    }

    /// As [`Channel::queue_unbind`]; the queue must be named.
    pub async fn queue_unbind(&self, binding: &QueueBinding) -> Result<(), ClientError> {
        self.perform(Deed::UnbindQueue(binding.clone())).await.map(drop)
    }

    /// How a queue is called now that the broker first gave this name; other names stay as they
    /// are.
    pub fn current_name(&self, queue: &ShortStr) -> ShortStr {
        self.inner.shared.record.lock().current_name(queue)
    }

    /// A new channel in transaction mode, on the connection for consuming: what is consumed and
    /// published in one transaction must share a channel, and so a connection.
    ///
    /// It does not heal, so that no transaction goes on in halves: what was not committed when
    /// the connection is lost does not happen, and all later operations on it fail. While the
    /// broker holds up publishers it holds up the whole connection: see
    /// [`ClientEvent::Blocked`](crate::ClientEvent::Blocked).
    pub async fn tx_channel(&self) -> Result<TxChannel, ClientError> {
        let connection = self.consuming_connection().await?;
        Ok(connection.channel().await?.into_tx().await?)
    }

    async fn perform(&self, deed: Deed) -> Result<Outcome, ClientError> {
        let outcomes = self.perform_all(vec![deed]).await?;
        Ok(outcomes.into_iter().next().unwrap_or(Outcome::Done))
    }

    async fn perform_all(&self, deeds: Vec<Deed>) -> Result<Vec<Outcome>, ClientError> {
        let within = self.inner.options.wait_deadline;
        match timeout(within, self.go_through(deeds)).await {
            Ok(outcomes) => outcomes,
            Err(_) => Err(self.inner.consuming.absent(within)),
        }
    }

    async fn go_through(&self, deeds: Vec<Deed>) -> Result<Vec<Outcome>, ClientError> {
        let mut outcomes = Vec::new();
        let mut left = deeds.iter().peekable();
        while left.peek().is_some() {
            let connection = self.inner.consuming.newer_than(None).await?;
            let channel = match connection.channel().await {
                Err(error) if error.is_connection_end() => continue,
                channel => channel?,
            };
            while let Some(deed) = left.peek() {
                let deed = with_queue((*deed).clone(), &outcomes);
                match self.inner.do_and_note(&channel, deed).await {
                    Ok(Some(outcome)) => outcomes.push(outcome),
                    Ok(None) => break,
                    Err(error) if error.is_connection_end() => break,
                    Err(error) => return Err(error.into()),
                }
                left.next();
            }
        }
        Ok(outcomes)
    }
}

impl super::Inner {
    /// Does one thing and remembers it; nothing if the connection was lost meanwhile.
    async fn do_and_note(
        &self,
        channel: &Channel,
        deed: Deed,
    ) -> Result<Option<Outcome>, ChannelError> {
        let deed = self.shared.with_current_names(deed);
        let outcome = deed.perform(channel).await?;
        let mut record = self.shared.record.lock();
        // The next connection is given what is in the record when this one has ended: what came
        // too late for that is done again.
        if channel.end().is_some() {
            return Ok(None);
        }
        record.note(&deed, &outcome);
        Ok(Some(outcome))
    }
}

/// A binding that names no queue is one of the last queue that was declared.
fn with_queue(mut deed: Deed, outcomes: &[Outcome]) -> Deed {
    if let Deed::BindQueue(binding) = &mut deed
        && binding.queue.is_empty()
    {
        let queues = outcomes.iter().rev().cloned().filter_map(declared);
        binding.queue = queues.map(|queue| queue.name).next().unwrap_or_default();
    }
    deed
}

fn declared(outcome: Outcome) -> Option<QueueDeclared> {
    match outcome {
        Outcome::Declared(declared) => Some(declared),
        Outcome::Done | Outcome::Deleted(_) => None,
    }
}
