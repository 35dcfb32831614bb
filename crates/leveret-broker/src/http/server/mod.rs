//! An HTTP server that no peer can hold up.
//!
//! Each bound of time, size and number is its own.
//!
//! It knows no routes. Keeps true: while the broker stops, who asks is answered, one request a
//! connection; after that it ends in about twice the time that a connection has to close, whatever
//! its peers do.

mod body;
mod connection;
mod farewell;
mod limits;
mod path;
mod stream;
mod terms;

use std::{pin::pin, sync::Arc};

use axum::Router;
use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet};

pub use self::limits::HttpLimits;
pub(super) use self::terms::Terms;
use crate::{lifecycle::Lifecycle, listener};

/// Peers being told that there is no place; one more is told nothing.
const REFUSALS_MAX: usize = 64;

/// Answers connections by the routes given until the broker stops and all others have left.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    terms: Terms,
    (lifecycle, others_left): (Lifecycle, impl Future<Output = ()>),
) {
    let mut stopping = lifecycle.watch();
    let mut end = pin!(async {
        stopping.ended().await;
        others_left.await;
    });
    let places = Arc::new(Semaphore::new(terms.limits.connections_max));
    let refusals = Arc::new(Semaphore::new(REFUSALS_MAX));
    let terms = Arc::new(terms);
    let mut connections = JoinSet::new();
    loop {
        let (stream, address) = tokio::select! {
            next = listener::next_at_any_time(&listener, &lifecycle) => match next {
                Some(accepted) => accepted,
                None => break,
            },
            () = &mut end => break,
            // A panic is one connection's, whose place is free again.
            Some(_) = connections.join_next() => continue,
        };
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            let (router, terms) = (router.clone(), Arc::clone(&terms));
            let watch = lifecycle.watch();
            connections.spawn(async move {
                connection::welcome(stream, address, router, terms, watch).await;
                drop(place);
            });
        } else if let Ok(refusal) = Arc::clone(&refusals).try_acquire_owned() {
            tracing::warn!(%address, "refusing an http connection: too many connections");
            let is_plain = terms.tls.is_none();
            connections.spawn(async move {
                // Without a handshake, there is no way to tell.
                if is_plain {
                    connection::refuse(stream).await;
                }
                drop(refusal);
            });
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}
