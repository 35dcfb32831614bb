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

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use self::{conversation::Conversation, pipe::Writes, printable::Printable};
use crate::{
    door::{Door, Visitor},
    shared::Shared,
    tls::TlsKeeper,
    users::Peer,
};

/// Serves a socket that came through a door, in a task of its own; drops it if there is no place.
pub(crate) fn spawn_at(door: &Door, stream: TcpStream, peer: Peer, shared: &Arc<Shared>) {
    let visitor = door.visitor(peer, stream.local_addr().ok());
    match &door.tls {
        None => spawn(stream, visitor, shared),
        Some(tls) => {
            if let Some(conversation) = begin(visitor, shared) {
                tokio::spawn(serve_tls(Arc::clone(tls), stream, conversation));
            }
        }
    }
}

/// Serves a stream without TLS, as [`spawn_at`] does.
pub(crate) fn spawn<S>(stream: S, visitor: Visitor, shared: &Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    if let Some(conversation) = begin(visitor, shared) {
        tokio::spawn(pipe::serve(stream, conversation, Writes::Through));
    }
}

fn begin(visitor: Visitor, shared: &Arc<Shared>) -> Option<Conversation> {
    let limits = shared.limits();
    match shared.admission.enter(visitor.peer, &limits) {
        Ok(place) => Some(Conversation::new(Arc::clone(shared), visitor, place, limits)),
        Err(what) => {
            tracing::warn!(peer = %visitor.peer, "closing a new connection: too many {what}");
            None
        }
    }
}

/// The handshake of TLS, in the time that the whole handshake may take, and then the connection.
async fn serve_tls(tls: Arc<TlsKeeper>, stream: TcpStream, mut conversation: Conversation) {
    let mut watch = conversation.shared.lifecycle.watch();
    let in_time = tokio::time::timeout(conversation.limits.handshake_timeout, tls.accept(stream));
    let peer = conversation.visitor.peer;
    let shaken = tokio::select! {
        shaken = in_time => shaken,
        _ = watch.ended() => return,
    };
    match shaken {
        Ok(Ok((stream, certificate))) => {
            conversation.visitor.certificate = certificate;
            pipe::serve(stream, conversation, Writes::Buffered).await;
        }
        Ok(Err(error)) => {
            tracing::warn!(%peer, reason = %Printable(&error), "a tls handshake failed");
        }
        Err(_) => tracing::warn!(%peer, "a tls handshake took too long"),
    }
}
