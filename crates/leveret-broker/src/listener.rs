//! The sockets that accept connections.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::{
    connection,
    door::Door,
    lifecycle::{Failure, Lifecycle},
    shared::Shared,
    users::Peer,
};

/// Connections that the system keeps until they are accepted.
const BACKLOG: u32 = 1_024;

/// How long to wait when the system has no more sockets to give.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// Takes an address without answering on it yet.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart must not wait for the connections of the process before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Begins to answer.
pub(crate) fn listen(socket: TcpSocket) -> io::Result<TcpListener> {
    socket.listen(BACKLOG)
}

/// Accepts connections until the broker stops.
pub(crate) async fn accept(listener: TcpListener, door: Door, shared: Arc<Shared>) {
    while let Some((stream, address)) = next(&listener, &shared.lifecycle).await {
        connection::spawn_at(&door, stream, Peer::Address(address), &shared);
    }
}

/// The next connection; none once the broker stops, or the socket to listen on is lost.
pub(crate) async fn next(
    listener: &TcpListener,
    lifecycle: &Lifecycle,
) -> Option<(TcpStream, SocketAddr)> {
    let mut watch = lifecycle.watch();
    tokio::select! {
        accepted = next_at_any_time(listener, lifecycle) => accepted,
        _ = watch.ended() => None,
    }
}

/// The next connection, also while the broker stops; none if the socket to listen on is lost.
pub(crate) async fn next_at_any_time(
    listener: &TcpListener,
    lifecycle: &Lifecycle,
) -> Option<(TcpStream, SocketAddr)> {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => match stream.set_nodelay(true) {
                Ok(()) => return Some((stream, address)),
                Err(error) => {
                    tracing::debug!(%address, %error, "a connection was gone before it was accepted");
                }
            },
            Err(error) if is_lasting(&error) => {
                let reason = error.to_string().into();
                lifecycle.fail(Failure::Listener { reason });
                return None;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection now");
                tokio::time::sleep(RETRY_DELAY).await;
            }
        }
    }
}

/// Whether the socket itself is broken, and not just this connection or this moment.
fn is_lasting(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotConnected)
}
