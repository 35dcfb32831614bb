//! The queues, exchange and bindings that the load goes through.

use leveret_client::{
    Channel, ChannelError, ExchangeDeclare, ExchangeDelete, ExchangeKind, QueueBinding,
    QueueDeclare, QueueDelete, ShortStr,
};

use super::{
    args::{BenchArgs, Pattern},
    failure::Failure,
};

/// Where messages go in and come out.
#[derive(Debug, Clone)]
pub(super) struct Topology {
    pub(super) exchange: ShortStr,
    /// Routing keys, taken in turns.
    pub(super) keys: Vec<ShortStr>,
    /// Keys of bindings, each of one queue.
    bindings: Vec<ShortStr>,
    pub(super) queues: Vec<ShortStr>,
}

impl Topology {
    pub(super) fn plan(args: &BenchArgs) -> Result<Self, Failure> {
        let queues = (1..=args.queues.max(1))
            .map(|number| name(format!("{}-{number}", args.name)))
            .collect::<Result<Vec<_>, _>>()?;
        let (exchange, bindings) = match args.pattern {
            Pattern::Queue => (ShortStr::EMPTY, Vec::new()),
            Pattern::Fanout => (name(args.name.clone())?, vec![ShortStr::EMPTY]),
            Pattern::Topic => {
                let keys = (0..args.bindings.max(1)).map(|number| name(format!("bench.{number}")));
                (name(args.name.clone())?, keys.collect::<Result<Vec<_>, _>>()?)
            }
        };
        let mut keys = if bindings.is_empty() { queues.clone() } else { bindings.clone() };
        keys.truncate(args.keys.unwrap_or(usize::MAX).max(1));
        Ok(Self { exchange, keys, bindings, queues })
    }

    /// Makes all of it, as new; what a drain is to take is left as it is.
    pub(super) async fn declare(
        &self,
        channel: &Channel,
        args: &BenchArgs,
    ) -> Result<(), ChannelError> {
        for name in &self.queues {
            if args.producers > 0 {
                self.delete_queue(channel, name).await?;
            }
            let declare = QueueDeclare {
                name: name.clone(),
                durable: args.persistent,
                ..QueueDeclare::default()
            };
            channel.queue_declare(&declare).await?;
        }
        let kind = match args.pattern {
            Pattern::Queue => return Ok(()),
            Pattern::Fanout => ExchangeKind::Fanout,
            Pattern::Topic => ExchangeKind::Topic,
        };
        let declare = ExchangeDeclare {
            name: self.exchange.clone(),
            kind,
            durable: args.persistent,
            ..ExchangeDeclare::default()
        };
        channel.exchange_declare(&declare).await?;
        self.bind(channel).await
    }

    async fn bind(&self, channel: &Channel) -> Result<(), ChannelError> {
        // Each queue has at least one binding, and each key exactly one queue.
        let rounds = self.bindings.len().max(self.queues.len());
        let keys = self.bindings.iter().cycle().take(rounds);
        for (routing_key, queue) in keys.zip(self.queues.iter().cycle()) {
            let binding = QueueBinding {
                queue: queue.clone(),
                exchange: self.exchange.clone(),
                routing_key: routing_key.clone(),
                ..QueueBinding::default()
            };
            channel.queue_bind(&binding).await?;
        }
        Ok(())
    }

    pub(super) async fn delete(&self, channel: &Channel) -> Result<(), ChannelError> {
        for name in &self.queues {
            self.delete_queue(channel, name).await?;
        }
        if !self.exchange.is_empty() {
            let delete = ExchangeDelete { name: self.exchange.clone(), if_unused: false };
            channel.exchange_delete(&delete).await?;
        }
        Ok(())
    }

    async fn delete_queue(&self, channel: &Channel, name: &ShortStr) -> Result<(), ChannelError> {
        let delete = QueueDelete { name: name.clone(), ..QueueDelete::default() };
        channel.queue_delete(&delete).await.map(drop)
    }
}

fn name(text: String) -> Result<ShortStr, Failure> {
    ShortStr::try_from(text).map_err(Failure::Name)
}
