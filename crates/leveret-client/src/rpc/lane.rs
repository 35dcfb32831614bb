//! One channel that calls share.

use std::sync::Arc;

use crate::{
    channel::{Channel, REPLY_TO},
    connection::Connection,
    error::{ChannelError, PublishError},
    message::Publish,
    rpc::{deadline::Deadline, error::RpcError},
    state::{Call, CallOutcome, Calls, ReplyTally},
};

/// A channel with its consumer of replies.
#[derive(Debug)]
pub(super) struct Lane {
    channel: Channel,
    calls: Arc<Calls>,
}

/// A request that went out.
#[derive(Debug)]
pub(super) struct Sent {
    channel: Channel,
    call: Call,
}

impl Lane {
    pub(super) async fn open(
        connection: &Connection,
        tally: Arc<ReplyTally>,
    ) -> Result<Self, ChannelError> {
        let channel = connection.channel().await?;
        let calls = Arc::new(Calls::new(tally));
        channel.serve_calls(Arc::clone(&calls)).await?;
        Ok(Self { channel, calls })
    }

    /// Whether no call can be made here any more.
    pub(super) fn is_over(&self) -> bool {
        self.calls.end().is_some() || self.channel.end().is_some()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.calls.is_idle()
    }

    pub(super) async fn send(
        &self,
        request: Publish,
        deadline: Deadline,
    ) -> Result<Sent, RpcError> {
        let Ok(call) = self.calls.begin() else {
            let end = self.channel.end().unwrap_or(ChannelError::ClosedHere);
            return Err(RpcError::NotSent(PublishError::NotSent(end)));
        };
        let properties = request.properties.to_builder();
        let properties = properties
            .reply_to(REPLY_TO)
            .correlation_id(call.id())
            .expiration(deadline.expiration(request.properties.expiration()))
            .headers(deadline.headers(request.properties.headers()))
            .build();
        let publish = Publish { mandatory: true, properties, ..request };
        self.channel.publish_and_forget(publish).await.map_err(RpcError::NotSent)?;
        Ok(Sent { channel: self.channel.clone(), call })
    }
}

impl Sent {
    /// Waits for what becomes of it.
    pub(super) async fn outcome(&mut self) -> CallOutcome {
        let _waiting = self.channel.wait_for_reply();
        self.call.outcome().await
    }
}
