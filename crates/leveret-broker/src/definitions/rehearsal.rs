//! An engine of its own on which declarations are tried before they are made.

use leveret_engine::{
    Authority, Capabilities, ConnectionId, Effect, Effects, Engine, Input, Limits,
};
use leveret_protocol::{AmqpError, ChannelNumber, Method, ShortStr, Timestamp, exchange, queue};

use super::views::Views;
use crate::{recovery::fresh_engine, registry::VirtualHost};

const CONNECTION: ConnectionId = ConnectionId(1);

const CHANNEL: ChannelNumber = ChannelNumber::new(1);

/// Nothing expires here.
const NOW: Timestamp = Timestamp::from_millis(0);

/// An engine with the exchanges and queues of a virtual host, without messages.
#[derive(Debug)]
pub(super) struct Rehearsal {
    engine: Engine,
    effects: Effects,
}

impl Rehearsal {
    pub(super) fn new(name: &str, limits: Limits, views: &Views, host: &VirtualHost) -> Self {
        let engine = fresh_engine(&ShortStr::truncated(name), limits);
        let mut rehearsal = Self { engine, effects: Effects::default() };
        rehearsal.tell(Input::Connect {
            connection: CONNECTION,
            user: ShortStr::EMPTY,
            capabilities: Capabilities::default(),
            authority: Authority::full(),
        });
        rehearsal.tell(Input::OpenChannel { connection: CONNECTION, channel: CHANNEL });
        for method in made(views) {
            // What is there is right as it is.
            rehearsal.run(method).ok();
        }
        rehearsal.tell(Input::LimitQueues { queues_max: host.limits.max_queues });
        let default = host.metadata.default_queue_type();
        rehearsal.tell(Input::SetDefaultQueueType { default });
        rehearsal
    }

    /// Does a method, or says why it cannot be done.
    pub(super) fn run(&mut self, method: Method) -> Result<(), AmqpError> {
        self.take(Input::Together {
            connection: CONNECTION,
            channel: CHANNEL,
            methods: vec![method],
        })
    }

    /// What cannot be refused.
    fn tell(&mut self, input: Input) {
        self.engine.handle(NOW, input, &mut self.effects);
        drop(self.effects.drain());
    }

    fn take(&mut self, input: Input) -> Result<(), AmqpError> {
        self.engine.handle(NOW, input, &mut self.effects);
        let (mut refused, mut written) = (Ok(()), None);
        for effect in self.effects.drain() {
            if let Effect::Append { lsn, .. } = effect {
                written = Some(lsn);
            } else if let Effect::FailChannel { error, .. } | Effect::FailConnection { error, .. } =
                effect
            {
                refused = Err(*error);
            }
        }
        if let Some(upto) = written {
            self.engine.handle(NOW, Input::Durable { upto }, &mut self.effects);
            drop(self.effects.drain());
        }
        refused
    }
}

/// How what is there was made; a queue that is somebody's alone is nobody else's business.
fn made(views: &Views) -> impl Iterator<Item = Method> {
    let exchanges = views.exchanges.iter().map(|view| {
        Method::ExchangeDeclare(exchange::Declare {
            exchange: view.name.clone(),
            kind: ShortStr::truncated(view.kind),
            durable: view.durable,
            auto_delete: view.auto_delete,
            internal: view.internal,
            no_wait: true,
            arguments: view.arguments.clone(),
            ..exchange::Declare::default()
        })
    });
    let queues = views.queues.iter().filter(|view| view.owner.is_none()).map(|view| {
        Method::QueueDeclare(queue::Declare {
            queue: view.name.clone(),
            durable: view.durable,
            auto_delete: view.auto_delete,
            no_wait: true,
            arguments: view.arguments.clone(),
            ..queue::Declare::default()
        })
    });
    exchanges.chain(queues)
}
