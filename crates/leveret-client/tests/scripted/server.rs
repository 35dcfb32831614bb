//! A server on a socket with a few rules and queues, for whoever connects again.
//!
//! The exchange `missing` does not exist, nor do queues that were never declared; the exchange
//! `silent` never confirms. The default exchange leads to queues. A consumer is given all that
//! lies in its queue when it starts, and what is refused comes back to it.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use bytes::{Bytes, BytesMut};
use leveret_client::{ConnectOptions, PoolOptions};
use leveret_protocol::{
    AmqpError, ChannelNumber, Event, FieldTable, Limits, Method, Properties, ReplyCode,
    ServerHello, Session, ShortStr, Timestamp, basic, confirm, queue, tx,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinHandle},
};

use crate::peer::short;

/// What tests look at, and set.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// Connections that were let in.
    pub(crate) connections: usize,
    /// Channels that were opened.
    pub(crate) channels: usize,
    /// Publishes, by exchange.
    pub(crate) published: HashMap<ShortStr, usize>,
    /// Queues and what is ready in them.
    pub(crate) queues: HashMap<ShortStr, VecDeque<Message>>,
    /// What consumers a passive declare tells of.
    pub(crate) consumers: u32,
    tasks: Vec<AbortHandle>,
}

/// A message in a queue.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) body: Bytes,
    pub(crate) properties: Properties,
    pub(crate) redelivered: bool,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    world: Arc<Mutex<World>>,
    listening: JoinHandle<()>,
}

/// One connection as the server sees it.
struct Served {
    session: Session,
    world: Arc<Mutex<World>>,
    channels: HashMap<ChannelNumber, Lane>,
}

/// One channel as the server sees it.
#[derive(Default)]
struct Lane {
    confirms: Option<u64>,
    delivered: u64,
    unsettled: Vec<(u64, ShortStr, Message)>,
    consumer: Option<(ShortStr, ShortStr)>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let world = Arc::<Mutex<World>>::default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let listening = tokio::spawn(listen(listener, Arc::clone(&world)));
        Self { address, world, listening }
    }

    /// Takes connections again where it did before.
    pub(crate) async fn restart(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.listening = tokio::spawn(listen(listener, Arc::clone(&self.world)));
    }

    /// Takes no connections any more, and drops those there are.
    pub(crate) async fn stop(&mut self) {
        self.listening.abort();
        (&mut self.listening).await.unwrap_err();
        self.cut();
    }

    /// Drops all connections.
    pub(crate) fn cut(&self) {
        self.world().tasks.drain(..).for_each(|task| task.abort());
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Connections and channels that were opened.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let world = self.world();
        (world.connections, world.channels)
    }

    pub(crate) fn fill(&self, queue: &str, bodies: &[&'static str]) {
        let messages = bodies.iter().map(|body| Message {
            body: Bytes::from_static(body.as_bytes()),
            properties: Properties::EMPTY,
            redelivered: false,
        });
        self.world().queues.entry(short(queue)).or_default().extend(messages);
    }

    pub(crate) fn options(&self) -> ConnectOptions {
        ConnectOptions {
            host: self.address.ip().to_string(),
            port: self.address.port(),
            ..ConnectOptions::default()
        }
    }

    pub(crate) fn pool(&self) -> PoolOptions {
        PoolOptions::to(self.options())
    }
}

async fn listen(listener: TcpListener, world: Arc<Mutex<World>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let task = tokio::spawn(serve(stream, Arc::clone(&world)));
        world.lock().unwrap().tasks.push(task.abort_handle());
    }
}

async fn serve(mut stream: TcpStream, world: Arc<Mutex<World>>) {
    let hello = ServerHello {
        mechanisms: Bytes::from_static(b"PLAIN"),
        locales: Bytes::from_static(b"en_US"),
        server_properties: FieldTable::default(),
    };
    let limits = Limits { heartbeat_secs: 0, ..Limits::default() };
    let session = Session::server(Timestamp::default(), hello, limits);
    let mut served = Served { session, world, channels: HashMap::new() };
    let mut buffer = BytesMut::new();
    loop {
        while let Some(event) = served.session.poll_event() {
            served.handle(event);
        }
        let mut output = served.session.take_output();
        if stream.write_all_buf(&mut output).await.is_err() || served.session.is_closed() {
            return served.requeue_all();
        }
        if !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
            return served.requeue_all();
        }
        served.session.receive(Timestamp::default(), &mut buffer);
    }
}

impl Served {
    fn handle(&mut self, event: Event) {
        match event {
            Event::Login { .. } => self.session.accept_login(),
            Event::Open { .. } => {
                self.world.lock().unwrap().connections += 1;
                self.session.accept_open();
            }
            Event::ChannelOpened { channel } => {
                self.world.lock().unwrap().channels += 1;
                self.channels.insert(channel, Lane::default());
            }
            Event::ChannelClosing { channel, .. } => {
                self.requeue(channel);
                self.session.finish_channel_close(channel);
            }
            Event::Closing { .. } => self.session.finish_close(),
            Event::Content { channel, method: Method::BasicPublish(sent), properties, body } => {
                self.publish(channel, sent, Message { body, properties, redelivered: false });
            }
            Event::Method { channel, method } => self.method(channel, method),
            _ => {}
        }
    }

    fn reply(&mut self, channel: ChannelNumber, method: impl Into<Method>) {
        self.session.send(channel, &method.into()).unwrap();
    }

    fn refuse(&mut self, channel: ChannelNumber) {
        self.requeue(channel);
        self.session.close_channel(channel, &AmqpError::new(ReplyCode::NotFound, "no such thing"));
    }

    fn publish(&mut self, channel: ChannelNumber, sent: basic::Publish, message: Message) {
        let basic::Publish { exchange, routing_key, .. } = sent;
        let mut world = self.world.lock().unwrap();
        *world.published.entry(exchange.clone()).or_default() += 1;
        if let Some(queue) = world.queues.get_mut(&routing_key) {
            queue.push_back(message);
        }
        drop(world);
        let Some(served) = self.channels.get_mut(&channel) else { return };
        if let Some(tag) = &mut served.confirms {
            *tag += 1;
        }
        let delivery_tag = served.confirms;
        if exchange == "missing" {
            self.refuse(channel);
        } else if let (Some(delivery_tag), true) = (delivery_tag, exchange != "silent") {
            self.reply(channel, basic::Ack { delivery_tag, multiple: false });
        }
    }

    fn method(&mut self, channel: ChannelNumber, method: Method) {
        match method {
            Method::ConfirmSelect(_) => {
                self.channels.entry(channel).or_default().confirms = Some(0);
                self.reply(channel, confirm::SelectOk);
            }
            Method::TxSelect(_) => self.reply(channel, tx::SelectOk),
            Method::TxCommit(_) => self.reply(channel, tx::CommitOk),
            Method::BasicQos(_) => self.reply(channel, basic::QosOk),
            Method::QueueDeclare(declare) => self.declare(channel, declare),
            Method::BasicGet(get) => self.get(channel, &get.queue),
            Method::BasicConsume(consume) => {
                let tag = short("c");
                let served = self.channels.entry(channel).or_default();
                served.consumer = Some((consume.queue, tag.clone()));
                self.reply(channel, basic::ConsumeOk { consumer_tag: tag });
                self.deliver(channel);
            }
            Method::BasicCancel(cancel) => {
                self.channels.entry(channel).or_default().consumer = None;
                self.reply(channel, basic::CancelOk { consumer_tag: cancel.consumer_tag });
            }
            Method::BasicAck(ack) => self.settle(channel, ack.delivery_tag, ack.multiple, false),
            Method::BasicNack(nack) => {
                self.settle(channel, nack.delivery_tag, nack.multiple, nack.requeue);
            }
            Method::BasicReject(reject) => {
                self.settle(channel, reject.delivery_tag, false, reject.requeue);
            }
            other => panic!("{other:?} is not known here"),
        }
    }

    fn declare(&mut self, channel: ChannelNumber, declare: queue::Declare) {
        let mut world = self.world.lock().unwrap();
        if !declare.passive {
            world.queues.entry(declare.queue.clone()).or_default();
        }
        let consumer_count = world.consumers;
        let messages = world.queues.get(&declare.queue).map(VecDeque::len);
        drop(world);
        let Some(messages) = messages else { return self.refuse(channel) };
        let message_count = messages.try_into().unwrap();
        self.reply(
            channel,
            queue::DeclareOk { queue: declare.queue, message_count, consumer_count },
        );
    }

    /// The next message of a queue, as one that is to be settled.
    fn take(&mut self, channel: ChannelNumber, queue: &ShortStr) -> Option<(u64, Message)> {
        let message = self.world.lock().unwrap().queues.get_mut(queue)?.pop_front()?;
        let served = self.channels.get_mut(&channel)?;
        served.delivered += 1;
        served.unsettled.push((served.delivered, queue.clone(), message.clone()));
        Some((served.delivered, message))
    }

    fn get(&mut self, channel: ChannelNumber, queue: &ShortStr) {
        let Some((delivery_tag, message)) = self.take(channel, queue) else {
            return self.reply(channel, basic::GetEmpty);
        };
        let Message { body, properties, redelivered } = message;
        let got = basic::GetOk { delivery_tag, redelivered, ..basic::GetOk::default() };
        self.session.send_content(channel, &got.into(), &properties, body).unwrap();
    }

    fn deliver(&mut self, channel: ChannelNumber) {
        while let Some((queue, consumer_tag)) =
            self.channels.get(&channel).and_then(|served| served.consumer.clone())
        {
            let Some((delivery_tag, message)) = self.take(channel, &queue) else { return };
            let Message { body, properties, redelivered } = message;
            let deliver = basic::Deliver {
                consumer_tag,
                delivery_tag,
                redelivered,
                ..basic::Deliver::default()
            };
            self.session.send_content(channel, &deliver.into(), &properties, body).unwrap();
        }
    }

    fn settle(&mut self, channel: ChannelNumber, tag: u64, multiple: bool, requeue: bool) {
        let Some(served) = self.channels.get_mut(&channel) else { return };
        let is_meant = |of: u64| of == tag || (multiple && of <= tag);
        let (settled, unsettled): (Vec<_>, _) =
            served.unsettled.drain(..).partition(|(of, ..)| is_meant(*of));
        served.unsettled = unsettled;
        assert!(!settled.is_empty(), "unknown delivery tag {tag}");
        if requeue {
            self.give_back(settled);
            self.deliver(channel);
        }
    }

    fn give_back(&self, messages: Vec<(u64, ShortStr, Message)>) {
        let mut world = self.world.lock().unwrap();
        for (_, queue, message) in messages.into_iter().rev() {
            let message = Message { redelivered: true, ..message };
            world.queues.entry(queue).or_default().push_front(message);
        }
    }

    fn requeue(&mut self, channel: ChannelNumber) {
        if let Some(served) = self.channels.remove(&channel) {
            self.give_back(served.unsettled);
        }
    }

    fn requeue_all(&mut self) {
        let channels: Vec<_> = self.channels.keys().copied().collect();
        for channel in channels {
            self.requeue(channel);
        }
    }
}
