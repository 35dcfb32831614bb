//! The sockets that accept connections.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::net::{TcpListener, TcpSocket};

use crate::{connection, door::Door, lifecycle::Failure, shared::Shared, users::Peer};

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
    let mut watch = shared.lifecycle.watch();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = watch.ended() => return,
        };
        match accepted {
            Ok((stream, address)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%address, %error, "a connection was gone before it was accepted");
                    continue;
                }
                connection::spawn_at(&door, stream, Peer::Address(address), &shared);
            }
            Err(error) if is_lasting(&error) => {
                let reason = error.to_string().into();
                shared.lifecycle.fail(Failure::Listener { reason });
                return;
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
