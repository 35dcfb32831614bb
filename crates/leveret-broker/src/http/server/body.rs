//! The body of a request, which must come in time.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// Whether a body came too late; known to whoever gave it a time.
#[derive(Debug, Clone, Default)]
pub(super) struct Lateness(Arc<AtomicBool>);

impl Lateness {
    pub(super) fn is_late(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A body that fails if it is not whole in time.
pub(super) struct TimedBody<B> {
    body: B,
    time: Pin<Box<Sleep>>,
    lateness: Lateness,
}

/// The body was not whole in time.
#[derive(Debug, thiserror::Error)]
#[error("the body was not whole in time")]
struct LateBody;

impl<B> TimedBody<B>
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<axum::BoxError>,
{
    /// Gives a body a time from now.
    pub(super) fn within(time: Duration, body: B) -> (Body, Lateness) {
        let lateness = Lateness::default();
        let timed = Self { body, time: Box::pin(sleep(time)), lateness: lateness.clone() };
        (Body::new(timed), lateness)
    }
}

impl<B> HttpBody for TimedBody<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<axum::BoxError>,
{
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(self.time.as_mut().poll(context));
        self.lateness.0.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(LateBody.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
