//! One connection of the toy broker.

use std::collections::BTreeMap;

use bytes::{Buf as _, Bytes, BytesMut};
use leveret_client::{ChannelNumber, FieldTable, ShortStr};
use leveret_protocol::{
    AmqpError, Event, Limits, Method, ReplyCode, ServerHello, Session, Timestamp, basic, confirm,
    exchange, queue, tx,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream},
    sync::watch,
};

use super::{
    Confirming, Door, PIPE_BYTES, Toy,
    model::{Guest, Message},
    short,
};

/// One connection.
struct Serving {
    toy: Toy,
    guest: Guest,
    session: Session,
    stream: DuplexStream,
    channels: BTreeMap<ChannelNumber, Channel>,
    /// What it was told last.
    blocked: Option<ShortStr>,
}

#[derive(Default)]
struct Channel {
    prefetch: u16,
    /// In confirm mode, how many publishes came.
    published: Option<u64>,
    /// In transaction mode, what waits for the commit.
    uncommitted: Option<Vec<Message>>,
}

/// Serves a connection until it is closed or cut.
pub(super) async fn serve(toy: Toy, guest: Guest, stream: DuplexStream) {
    let mut cuts = toy.cuts.subscribe();
    let work = toy.work.subscribe();
    let hello = ServerHello {
        mechanisms: Bytes::from_static(b"PLAIN"),
        locales: Bytes::from_static(b"en_US"),
        server_properties: FieldTable::builder().insert("product", "toy").build(),
    };
    let limits = Limits { heartbeat_secs: 0, ..Limits::default() };
    let session = Session::server(Timestamp::default(), hello, limits);
    toy.state().connections += 1;
    let (channels, blocked) = (BTreeMap::new(), None);
    let mut serving = Serving { toy: toy.clone(), guest, session, stream, channels, blocked };
    tokio::select! {
        biased;
        _ = cuts.changed() => {}
        () = serving.run(work) => {}
    }
    toy.state().model.leave(guest, None);
    toy.state().connections -= 1;
    toy.stir();
}

impl Serving {
    async fn run(&mut self, mut work: watch::Receiver<u64>) {
        let mut buffer = BytesMut::with_capacity(PIPE_BYTES);
        while !self.session.is_closed() {
            let mut has_changed = false;
            while let Some(event) = self.session.poll_event() {
                self.handle(event);
                has_changed = true;
            }
            self.push();
            if has_changed {
                self.toy.stir();
            }
            if !self.flush().await || self.session.is_closed() {
                return;
            }
            buffer.reserve(PIPE_BYTES);
            tokio::select! {
                Ok(()) = work.changed() => {}
                read = self.stream.read_buf(&mut buffer) => match read {
                    Ok(0) | Err(_) => return,
                    Ok(_) => self.session.receive(Timestamp::default(), &mut buffer),
                }
            }
        }
    }

    /// Says what nobody asked for: deliveries, cancels, blocking.
    fn push(&mut self) {
        if !self.session.is_open() {
            return;
        }
        let mut state = self.toy.state();
        let blocked = state.blocked.clone();
        let guest = self.guest;
        let cancelled: Vec<_> =
            state.model.cancelled.extract_if(.., |(of, _, _)| *of == guest).collect();
        let mut deliveries = Vec::new();
        while let Some(outgoing) = state.model.next_for(guest) {
            deliveries.push(outgoing);
        }
        drop(state);
        if blocked != self.blocked {
            match blocked.clone() {
                Some(reason) => self.session.send_blocked(reason),
                None => self.session.send_unblocked(),
            }
            self.blocked = blocked;
        }
        for (_, channel, consumer_tag) in cancelled {
            self.say(channel, basic::Cancel { consumer_tag, no_wait: true });
        }
        for outgoing in deliveries {
            let message = outgoing.message;
            let deliver = basic::Deliver {
                consumer_tag: outgoing.consumer,
                delivery_tag: outgoing.tag,
                redelivered: message.redelivered,
                exchange: message.publish.exchange,
                routing_key: message.publish.routing_key,
            };
            let (deliver, body) = (deliver.into(), message.body);
            self.session.send_content(outgoing.channel, &deliver, &message.properties, body).ok();
        }
    }

    async fn flush(&mut self) -> bool {
        let mut output = self.session.take_output();
        while output.has_remaining() {
            if self.stream.write_all_buf(&mut output).await.is_err() {
                return false;
            }
        }
        true
    }

    fn handle(&mut self, event: Event) {
        let door = self.toy.state().door;
        match event {
            Event::Login { .. } if door == Door::Refusing => {
                self.session.refuse_login(&AmqpError::new(ReplyCode::AccessRefused, "not you"));
            }
            Event::Login { .. } => self.session.accept_login(),
            Event::Open { .. } => self.session.accept_open(),
            Event::Closing { .. } => self.session.finish_close(),
            Event::ChannelOpened { channel } => {
                self.channels.insert(channel, Channel::default());
            }
            Event::ChannelClosing { channel, .. } => {
                self.toy.state().model.leave(self.guest, Some(channel));
                self.session.finish_channel_close(channel);
            }
            Event::Method { channel, method } => {
                self.toy.state().methods.push(method.name());
                let done = self.obey(channel, method);
                self.answer(channel, done);
            }
            Event::Content { channel, method: Method::BasicPublish(publish), properties, body } => {
                let message = Message { publish, properties, body, redelivered: false };
                if let Err(error) = self.take(channel, message) {
                    self.answer(channel, Err(error));
                }
            }
            _ => {}
        }
    }

    fn answer(&mut self, channel: ChannelNumber, done: Result<Option<Method>, AmqpError>) {
        match done {
            Ok(Some(reply)) => self.say(channel, reply),
            Ok(None) => {}
            Err(error) => {
                self.toy.state().model.leave(self.guest, Some(channel));
                self.session.close_channel(channel, &error);
            }
        }
    }

    fn say(&mut self, channel: ChannelNumber, method: impl Into<Method>) {
        // The channel may be closing.
        self.session.send(channel, &method.into()).ok();
    }

    fn obey(&mut self, number: ChannelNumber, method: Method) -> Result<Option<Method>, AmqpError> {
        let at = (self.guest, number);
        if let Some((tag, goes_back)) = settlement(&method) {
            return self.toy.state().model.settle(at, tag, goes_back).map(|()| None);
        }
        let mut state = self.toy.state();
        let refusal = state.refusals.get(method.name()).cloned();
        if let Some(error) = refusal {
            return Err(error);
        }
        let model = &mut state.model;
        let channel = self.channels.get_mut(&number).unwrap();
        let reply: Method = match method {
            Method::ExchangeDeclare(declare) => {
                model.exchanges.insert(declare.exchange, declare.durable);
                exchange::DeclareOk {}.into()
            }
            Method::ExchangeDelete(delete) => {
                model.exchanges.remove(&delete.exchange);
                exchange::DeleteOk {}.into()
            }
            Method::ExchangeBind(_) => exchange::BindOk {}.into(),
            Method::QueueDeclare(declare) => model.declare(self.guest, declare)?.into(),
            Method::QueueBind(bind) => model.bind(bind).map(|()| queue::BindOk {})?.into(),
            Method::QueueUnbind(unbind) => {
                let gone = (unbind.exchange, unbind.routing_key, unbind.queue);
                model.bindings.retain(|known| *known != gone);
                queue::UnbindOk {}.into()
            }
            Method::QueueDelete(delete) => {
                model.delete(&delete.queue);
                queue::DeleteOk::default().into()
            }
            Method::BasicQos(qos) => {
                channel.prefetch = qos.prefetch_count;
                basic::QosOk {}.into()
            }
            Method::BasicConsume(consume) => {
                let consumer_tag = model.consume(at, consume, channel.prefetch)?;
                basic::ConsumeOk { consumer_tag }.into()
            }
            Method::BasicCancel(basic::Cancel { consumer_tag, .. }) => {
                model.cancel(&consumer_tag);
                basic::CancelOk { consumer_tag }.into()
            }
            Method::ConfirmSelect(_) => {
                channel.published = Some(0);
                confirm::SelectOk {}.into()
            }
            Method::TxSelect(_) => {
                channel.uncommitted = Some(Vec::new());
                tx::SelectOk {}.into()
            }
            Method::TxCommit(_) => {
                for message in channel.uncommitted.iter_mut().flat_map(|all| all.drain(..)) {
                    model.publish(&message)?;
                }
                tx::CommitOk {}.into()
            }
            other => {
                let text = format!("the toy does not know {}", other.name());
                return Err(AmqpError::new(ReplyCode::NotImplemented, text));
            }
        };
        Ok(Some(reply))
    }

    /// Takes a publish.
    fn take(&mut self, number: ChannelNumber, message: Message) -> Result<(), AmqpError> {
        let channel = self.channels.get_mut(&number).unwrap();
        if let Some(uncommitted) = &mut channel.uncommitted {
            uncommitted.push(message);
            return Ok(());
        }
        let mut state = self.toy.state();
        let confirming = state.confirming;
        let is_routed = state.model.publish(&message)?;
        drop(state);
        if !is_routed && message.publish.mandatory {
            let returned = basic::Return {
                reply_code: 312,
                reply_text: short("NO_ROUTE"),
                exchange: message.publish.exchange,
                routing_key: message.publish.routing_key,
            };
            let Message { properties, body, .. } = message;
            self.session.send_content(number, &returned.into(), &properties, body).ok();
        }
        if let Some(published) = &mut channel.published {
            *published += 1;
            let delivery_tag = *published;
            if confirming == Confirming::AtOnce {
                self.say(number, basic::Ack { delivery_tag, multiple: false });
            }
        }
        Ok(())
    }
}

/// The delivery that a method settles, and whether it goes back.
fn settlement(method: &Method) -> Option<(u64, bool)> {
    match method {
        Method::BasicAck(ack) => Some((ack.delivery_tag, false)),
        Method::BasicNack(nack) => Some((nack.delivery_tag, nack.requeue)),
        Method::BasicReject(reject) => Some((reject.delivery_tag, reject.requeue)),
        _ => None,
    }
}
