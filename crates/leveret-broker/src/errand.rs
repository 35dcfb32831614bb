//! What is done in the name of a user, with the permissions of that user.
//!
//! An errand is a connection of its own to an engine, without a socket. Keeps true: the engine hears
//! of its end however it ends, also when nobody waits for the answer any more.

use std::collections::VecDeque;

use bytes::Bytes;
use leveret_engine::{Capabilities, ConnectionId, Content, Effect, Input};
use leveret_protocol::{AmqpError, ChannelNumber, Method, Properties, ReplyCode, ShortStr, basic};

use crate::{
    host::{Ingress, Inlet, OutboundReceiver, OutboundSender},
    shared::Shared,
};

/// The channel that an errand is run on.
const CHANNEL: ChannelNumber = ChannelNumber::new(1);

/// A channel on which methods are called in a user's name.
#[derive(Debug)]
pub(crate) struct Errand {
    ingress: Ingress,
    inlet: Inlet,
    connection: ConnectionId,
    outbound: OutboundReceiver,
    /// What the engine has said and nobody has heard yet.
    arrived: VecDeque<Effect>,
    /// What goes before the first call.
    opening: Vec<Input>,
}

/// What the engine says on an errand.
#[derive(Debug)]
pub(crate) enum Word {
    /// A method without content.
    Method(Method),
    /// A message, got or returned.
    Content(Content),
}

impl Errand {
    pub(crate) fn begin(
        shared: &Shared,
        virtual_host: &ShortStr,
        user: &str,
    ) -> Result<Self, AmqpError> {
        let ingress = shared.hosts.ingress(virtual_host).ok_or_else(|| gone(virtual_host))?;
        let connection = shared.next_connection();
        let (sender, outbound) = OutboundSender::new();
        let inlet = ingress.join(connection, sender);
        let authority = shared.registry.authority(user, virtual_host);
        let (user, capabilities) = (ShortStr::truncated(user), Capabilities::default());
        let opening = vec![
            Input::Connect { connection, user, capabilities, authority },
            Input::OpenChannel { connection, channel: CHANNEL },
        ];
        Ok(Self { ingress, inlet, connection, outbound, arrived: VecDeque::new(), opening })
    }

    /// Calls a method; what it answers is to be heard.
    pub(crate) async fn say(&mut self, method: Method) {
        let connection = self.connection;
        self.submit(Input::Method { connection, channel: CHANNEL, method }, 0).await;
    }

    /// Publishes a message.
    pub(crate) async fn publish(
        &mut self,
        publish: basic::Publish,
        properties: Properties,
        body: Bytes,
    ) {
        let (connection, channel, bytes) = (self.connection, CHANNEL, body.len());
        let input = Input::Publish { connection, channel, publish, properties, body };
        self.submit(input, bytes).await;
    }

    /// Calls a method and waits for what is said next.
    pub(crate) async fn call(&mut self, method: Method) -> Result<Word, AmqpError> {
        self.say(method).await;
        self.hear().await
    }

    /// What the engine says next.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others say nothing")]
    pub(crate) async fn hear(&mut self) -> Result<Word, AmqpError> {
        loop {
            while let Some(effect) = self.arrived.pop_front() {
                match effect {
                    Effect::Send { method, .. } => return Ok(Word::Method(*method)),
                    Effect::Content { content, .. } => return Ok(Word::Content(content)),
                    Effect::FailChannel { error, .. } | Effect::FailConnection { error, .. } => {
                        return Err(*error);
                    }
                    _ => {}
                }
            }
            let Some(effects) = self.outbound.recv().await else {
                return Err(AmqpError::new(ReplyCode::NotFound, "the vhost is gone"));
            };
            self.arrived.extend(effects);
        }
    }

    async fn submit(&mut self, input: Input, bytes: usize) {
        let mut inputs = std::mem::take(&mut self.opening);
        inputs.push(input);
        if let Some(room) = self.inlet.room(inputs.len(), bytes).await {
            self.inlet.submit(inputs, room);
        }
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        self.ingress.brief(Input::Disconnect { connection: self.connection });
    }
}

fn gone(virtual_host: &ShortStr) -> AmqpError {
    AmqpError::new(ReplyCode::NotFound, format!("vhost {virtual_host} not found"))
}

/// Does a method that is answered without content, and gives back the answer.
pub(crate) async fn run_errand(
    shared: &Shared,
    virtual_host: &ShortStr,
    user: &str,
    method: Method,
) -> Result<Method, AmqpError> {
    match Errand::begin(shared, virtual_host, user)?.call(method).await? {
        Word::Method(answer) => Ok(answer),
        Word::Content(content) => Ok(content.method()),
    }
}
