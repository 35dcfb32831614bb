//! The channels of a client's calls: one for each exchange that is called.
//!
//! A publish to an exchange that does not exist, or that is forbidden, ends its channel; so it
//! ends only the calls to that exchange.

use std::{collections::HashMap, sync::Arc};

use leveret_protocol::ShortStr;
use tokio::sync::OnceCell;

use crate::{
    error::{ChannelError, PublishError},
    lock::Lock,
    message::Publish,
    rpc::{
        deadline::Deadline,
        error::RpcError,
        lane::{Lane, Sent},
        source::Source,
    },
    state::ReplyTally,
};

/// How many exchanges have a lane of their own; if none of them is idle, calls to others go
/// with those to the default exchange.
const LANES_MAX: usize = 64;

/// A lane, or the place where whoever comes first opens one.
type Berth = Arc<OnceCell<Lane>>;

/// All lanes.
#[derive(Debug)]
pub(super) struct Lanes {
    source: Source,
    tally: Arc<ReplyTally>,
    // Looked up by every call in its own task; a task that owned them would cost each call two
    // wake-ups.
    berths: Lock<HashMap<ShortStr, Berth>>,
}

impl Lanes {
    pub(super) fn new(source: Source, tally: Arc<ReplyTally>) -> Self {
        Self { source, tally, berths: Lock::default() }
    }

    /// Sends a request on its lane.
    pub(super) async fn send(
        &self,
        request: Publish,
        deadline: Deadline,
    ) -> Result<Sent, RpcError> {
        loop {
            match self.send_now(request.clone(), deadline).await {
                Err(error) if self.source.heals(&error) => tokio::task::yield_now().await,
                sent => return sent,
            }
        }
    }

    async fn send_now(&self, request: Publish, deadline: Deadline) -> Result<Sent, RpcError> {
        let berth = self.berth(&request.exchange);
        if let Some(lane) = berth.get() {
            return lane.send(request, deadline).await;
        }
        let connection = self.source.connection().await.map_err(RpcError::Ended)?;
        let tally = Arc::clone(&self.tally);
        // In a task of its own: a call that gives up takes no lane away from others.
        let opening = tokio::spawn(async move {
            let opened = berth.get_or_try_init(|| Lane::open(&connection, tally)).await.map(drop);
            (berth, opened)
        });
        let Ok((berth, opened)) = opening.await else {
            return Err(not_sent(ChannelError::ClosedHere));
        };
        match (berth.get(), opened) {
            (Some(lane), _) => lane.send(request, deadline).await,
            (None, opened) => Err(not_sent(opened.err().unwrap_or(ChannelError::ClosedHere))),
        }
    }

    fn berth(&self, exchange: &ShortStr) -> Berth {
        let mut berths = self.berths.lock();
        if let Some(berth) = berths.get(exchange)
            && !berth.get().is_some_and(Lane::is_over)
        {
            return Arc::clone(berth);
        }
        berths.remove(exchange);
        if berths.len() >= LANES_MAX {
            berths.retain(|_, berth| !berth.get().is_some_and(Lane::is_idle));
        }
        let is_full = berths.len() >= LANES_MAX;
        let name = if is_full { ShortStr::EMPTY } else { exchange.clone() };
        let berth = berths.entry(name).or_default();
        if berth.get().is_some_and(Lane::is_over) {
            *berth = Berth::default();
        }
        Arc::clone(berth)
    }
}

fn not_sent(error: ChannelError) -> RpcError {
    RpcError::NotSent(PublishError::NotSent(error))
}
