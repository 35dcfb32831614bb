//! Servers that calls go to, and the broker between, played by a test.

use bytes::Bytes;
use leveret_client::{ChannelNumber, Connection, Properties, Publish, RpcClient, RpcOptions};
use leveret_protocol::{Event, Method, basic};

use crate::peer::{Peer, connect, short};

/// A broker with a server behind it.
pub(crate) struct Server {
    pub(crate) peer: Peer,
    /// The channel that calls come on.
    pub(crate) number: ChannelNumber,
    replies: u64,
}

pub(crate) type Request = (basic::Publish, Properties, Bytes);

impl Server {
    pub(crate) async fn start(options: RpcOptions) -> (RpcClient, Connection, Self) {
        let (connection, peer) = connect().await;
        let client = RpcClient::new(&connection, options);
        (client, connection, Self::at(peer))
    }

    pub(crate) fn at(peer: Peer) -> Self {
        Self { peer, number: ChannelNumber::default(), replies: 0 }
    }

    /// The first call on an exchange opens a channel and consumes replies there.
    pub(crate) async fn greet(&mut self) {
        let event = self.peer.next().await;
        let Event::ChannelOpened { channel } = event else { panic!("{event:?}") };
        self.number = channel;
        let started = basic::ConsumeOk { consumer_tag: short("replies") };
        let Method::BasicConsume(consume) = self.peer.answer("basic.consume", started).await else {
            unreachable!()
        };
        assert_eq!(consume.queue, "amq.rabbitmq.reply-to");
        assert!(consume.no_ack);
    }

    pub(crate) fn reply(&mut self, properties: &Properties, body: impl Into<Bytes>) {
        self.replies += 1;
        let deliver = basic::Deliver {
            consumer_tag: short("replies"),
            delivery_tag: self.replies,
            ..basic::Deliver::default()
        };
        let session = &mut self.peer.session;
        session.send_content(self.number, &deliver.into(), properties, body.into()).unwrap();
    }

    /// Answers in JSON.
    pub(crate) async fn answer(&mut self, request: &Request, body: &'static str) {
        self.reply(&answer_to(request), body);
        self.peer.flush().await;
    }

    pub(crate) async fn give_back(&mut self, (publish, properties, body): &Request) {
        let returned = basic::Return {
            reply_code: 312,
            reply_text: short("NO_ROUTE"),
            exchange: publish.exchange.clone(),
            routing_key: publish.routing_key.clone(),
        };
        let session = &mut self.peer.session;
        session.send_content(self.number, &returned.into(), properties, body.clone()).unwrap();
        self.peer.flush().await;
    }
}

pub(crate) fn answer_to((_, properties, _): &Request) -> Properties {
    Properties::builder().correlation_id(properties.correlation_id()).build()
}

/// A request without a body.
pub(crate) fn bare(queue: &str) -> Publish {
    Publish { routing_key: short(queue), ..Publish::default() }
}
