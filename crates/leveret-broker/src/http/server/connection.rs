//! One HTTP connection, from its first request to its last byte.

use std::{
    convert::Infallible,
    future::{poll_fn, ready},
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::HttpBody,
    extract::ConnectInfo,
    response::{IntoResponse, Response},
};
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1::{Builder, Parts},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};
use tower_service::Service;

use super::{
    body::TimedBody, farewell::Farewell, limits::HttpLimits, path::tidied, stream::PatientStream,
    terms::Terms,
};
use crate::lifecycle::Watch;

/// How long a peer may take to read the end.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(1);

/// An answer on its way.
type Answer = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// Shakes hands where TLS is spoken, then answers.
pub(super) async fn welcome(
    stream: TcpStream,
    address: SocketAddr,
    router: Router,
    terms: Arc<Terms>,
    watch: Watch,
) {
    let Some(tls) = terms.tls.clone() else {
        return serve(stream, address, router, terms, watch).await;
    };
    match timeout(terms.limits.head_timeout, tls.accept(stream)).await {
        Ok(Ok((stream, _))) => serve(stream, address, router, terms, watch).await,
        Ok(Err(error)) => tracing::debug!(%address, %error, "a tls handshake failed"),
        Err(_) => tracing::debug!(%address, "a tls handshake took too long"),
    }
}

/// Answers requests until the peer is done, is too slow, or the broker stops.
async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    address: SocketAddr,
    router: Router,
    terms: Arc<Terms>,
    mut watch: Watch,
) {
    let limits = &terms.limits;
    let service = service_fn(|request| answer(router.clone(), address, request, limits));
    let stream = TokioIo::new(PatientStream::new(stream, limits.write_timeout));
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new());
    builder.header_read_timeout(limits.head_timeout).max_buf_size(limits.head_bytes_max);
    // Who comes while the broker stops has one question, and little time for it.
    let is_late = watch.has_ended();
    builder.keep_alive(!is_late);
    let mut connection = builder.serve_connection(stream, service);
    let ended = tokio::select! {
        ended = poll_fn(|context| connection.poll_without_shutdown(context)) => ended,
        () = sleep(terms.close_timeout), if is_late => return,
        _ = watch.ended(), if !is_late => {
            Pin::new(&mut connection).graceful_shutdown();
            let rest = poll_fn(|context| connection.poll_without_shutdown(context));
            match timeout(terms.close_timeout, rest).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    let Parts { io, read_buf, .. } = connection.into_parts();
    let has_begun = !read_buf.is_empty();
    let last: &[u8] = match ended {
        Err(error) if error.is_timeout() && has_begun => &Farewell::Late.bytes(),
        Ok(()) | Err(_) => &[],
    };
    part(io.into_inner(), last, terms.close_timeout.min(FAREWELL_TIMEOUT)).await;
}

/// Tells a peer that there is no place for it.
pub(super) async fn refuse(stream: TcpStream) {
    part(stream, &Farewell::Crowded.bytes(), FAREWELL_TIMEOUT).await;
}

/// Writes the last bytes and ends a stream so that the peer can read them.
async fn part<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, last: &[u8], time: Duration) {
    let parting = async {
        stream.write_all(last).await?;
        stream.shutdown().await?;
        // Bytes that nobody has read would make the system reset the connection, and the peer lose the answer.
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
        io::Result::Ok(())
    };
    // A peer that has gone, or goes on sending, has had its time.
    timeout(time, parting).await.ok();
}

fn answer(
    mut router: Router,
    address: SocketAddr,
    request: Request<Incoming>,
    limits: &HttpLimits,
) -> Answer {
    let (mut parts, body) = request.into_parts();
    parts.uri = tidied(parts.uri);
    let announced = usize::try_from(body.size_hint().lower());
    let bytes_max = limits.body_bytes_max_at(parts.uri.path());
    if announced.is_ok_and(|bytes| bytes > bytes_max) {
        return Box::pin(ready(Ok(Farewell::TooLarge.into_response())));
    }
    let (body, lateness) = TimedBody::within(limits.body_timeout, body);
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(ConnectInfo(address));
    Box::pin(async move {
        let answer = router.call(request).await?;
        Ok(if lateness.is_late() { Farewell::Late.into_response() } else { answer })
    })
}
