//! What AMQP tells without changing anything: declares that only look.

use leveret_client::{
    ChannelError, ConnectOptions, Connection, ConsumerEnd, Delivery, ExchangeDeclare, QueueDeclare,
    ShortStr,
};

use crate::{messages::looking, why::facts::Declared};

/// A way to the broker, or why there is none.
pub(super) struct Link(Result<Connection, String>);

/// What a look at the head of a queue gave.
pub(super) enum Peeked {
    Message(Box<Delivery>),
    Nothing,
    /// This user may not read it.
    Refused,
}

impl Link {
    pub(super) async fn open(options: &ConnectOptions) -> Self {
        let opened = Connection::connect(options).await;
        Self(opened.map_err(|error| {
            let mut text = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(inner) = cause {
                text.push_str(&format!(": {inner}"));
                cause = inner.source();
            }
            text
        }))
    }

    pub(super) async fn declared(&self, queue: &str) -> Declared {
        let connection = match &self.0 {
            Ok(connection) => connection,
            Err(why) => return Declared::Unreachable(why.clone()),
        };
        let Ok(name) = ShortStr::try_from(queue) else { return Declared::Unknown };
        let passive = QueueDeclare { name, passive: true, ..QueueDeclare::default() };
        let looked = async {
            let channel = connection.channel().await?;
            let declared = channel.queue_declare(&passive).await?;
            channel.close().await;
            Ok(declared)
        };
        match looked.await {
            Ok(declared) => Declared::Found {
                ready: declared.messages.into(),
                consumers: declared.consumers.into(),
            },
            Err(ChannelError::Closed { code: 404, text }) => Declared::Missing(text),
            Err(ChannelError::Closed { code: 405, text }) => Declared::Locked(text),
            Err(ChannelError::Closed { code: 403, text }) => Declared::Refused(text),
            Err(error) => Declared::Unreachable(error.to_string()),
        }
    }

    pub(super) async fn has_exchange(&self, name: &str) -> bool {
        let (Ok(connection), Ok(name)) = (&self.0, ShortStr::try_from(name)) else { return false };
        let passive = ExchangeDeclare { name, passive: true, ..ExchangeDeclare::default() };
        let Ok(channel) = connection.channel().await else { return false };
        let has_it = channel.exchange_declare(&passive).await.is_ok();
        channel.close().await;
        has_it
    }

    /// The message that goes next, if the broker shows it without giving it.
    pub(super) async fn peek(&self, queue: &str) -> Peeked {
        let Ok(connection) = &self.0 else { return Peeked::Nothing };
        if !connection.has_capability("leveret.peek") {
            return Peeked::Nothing;
        }
        let Ok(name) = ShortStr::try_from(queue) else { return Peeked::Nothing };
        let looked = async {
            let channel = connection.channel().await?;
            let mut consumer = channel.consume(name, looking(0, 1)).await?;
            let first = consumer.recv().await;
            Ok((first, consumer.end()))
        };
        match looked.await {
            Ok((Some(delivery), _)) => Peeked::Message(Box::new(delivery)),
            Err(ChannelError::Closed { code: 403, .. })
            | Ok((None, Some(ConsumerEnd::ChannelClosed { code: 403, .. }))) => Peeked::Refused,
            Ok((None, _)) | Err(_) => Peeked::Nothing,
        }
    }

    /// Why the broker takes no publishes, if it has said so.
    pub(super) fn blocked(&self) -> Option<String> {
        let reason = self.0.as_ref().ok()?.watch_blocked().borrow().clone()?;
        Some(format!("connection blocked: {}", reason.to_string_lossy()))
    }

    pub(super) async fn close(self) {
        if let Ok(connection) = self.0 {
            connection.close().await;
        }
    }
}
