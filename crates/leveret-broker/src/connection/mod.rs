//! One connection: a task that owns its socket and its session.
//!
//! The task moves bytes ([`pipe`]); what they mean is decided without waiting ([`conversation`]).
//! A panic on what a peer sent closes that connection with 541, is counted, and touches no other.

mod channels;
mod conversation;
mod credentials;
mod hello;
mod link;
mod pipe;
mod printable;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use self::conversation::Conversation;
use crate::{shared::Shared, users::Peer};

/// Serves a stream in a task of its own, if there is a place for it; otherwise drops it.
pub(crate) fn spawn<S>(stream: S, peer: Peer, shared: &Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let place = match shared.admission.enter() {
        Ok(place) => place,
        Err(what) => {
            tracing::warn!(%peer, "closing a new connection: too many {what}");
            return;
        }
    };
    let conversation = Conversation::new(Arc::clone(shared), peer, place);
    tokio::spawn(pipe::serve(stream, conversation));
}
