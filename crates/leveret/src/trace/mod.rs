//! Messages in distributed traces: what they carry, and the spans around them.
//!
//! Spans are `tracing`'s, named by the OpenTelemetry conventions for messaging. No telemetry
//! system is known here: a [`Propagator`] of the program's ties one to them.

mod context;
mod spans;
mod state;

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use leveret_client::Publish as Sealed;
use tracing::Span;

use crate::message::Message;
use crate::publish::Publish;

pub use context::{NoTraceContext, TraceContext};
pub(crate) use spans::{batch_span, note_failure, process_span};

/// The most links of one span, as many as OpenTelemetry keeps unless told otherwise.
const LINKS_MAX: usize = 128;

/// Ties the program's tracing system to the spans of messages.
///
/// Without one, what a message carries is carried on to what its handler publishes.
pub trait Propagator: Send + Sync + 'static {
    /// A message is about to be handled in this span; its publisher's context becomes the
    /// span's parent. Called only if the span is enabled.
    fn received(&self, span: &Span, parent: &TraceContext);

    /// A message of a batch is about to be handled in this span, which is linked to its publisher's
    /// context. Called for each message that carries one, at most 128, and only if the span is enabled.
    fn linked(&self, span: &Span, link: &TraceContext) {
        let _ = (span, link);
    }

    /// What a message that is published in this span is to carry; nothing for what the message
    /// being handled carried. Called only if the span is enabled.
    fn context(&self, span: &Span) -> Option<TraceContext>;
}

/// The propagator, if there is one.
#[derive(Clone, Default)]
pub(crate) struct Tracing(Option<Arc<dyn Propagator>>);

impl Tracing {
    pub(crate) fn by(propagator: impl Propagator) -> Self {
        Self(Some(Arc::new(propagator)))
    }

    /// Gives a span that was just made its parent.
    pub(crate) fn adopt(&self, span: &Span, message: &Message) {
        if span.is_disabled() {
            return;
        }
        let Some(parent) = TraceContext::of(message) else { return };
        spans::note_trace(span, &parent);
        if let Some(propagator) = &self.0 {
            propagator.received(span, &parent);
        }
    }

    /// Links a batch's span, that was just made, to the traces of its messages.
    pub(crate) fn link<'a>(&self, span: &Span, messages: impl Iterator<Item = &'a Message>) {
        let Some(propagator) = self.0.as_ref().filter(|_| !span.is_disabled()) else { return };
        for link in messages.filter_map(TraceContext::of).take(LINKS_MAX) {
            propagator.linked(span, &link);
        }
    }

    /// Seals a message that leaves, in a span of its own and with the trace it belongs to.
    pub(crate) fn sealed(
        &self,
        mut publish: Publish,
        incoming: Option<&TraceContext>,
        seal: impl FnOnce(Publish) -> Sealed,
    ) -> Sealed {
        let span = self.leave(&mut publish, incoming);
        let sealed = seal(publish);
        spans::note_id(&span, &sealed);
        sealed
    }

    /// Opens the span of a message that leaves, and lets the message carry its trace.
    pub(crate) fn leave(&self, publish: &mut Publish, incoming: Option<&TraceContext>) -> Span {
        let span = spans::publish_span(publish);
        let own = match &self.0 {
            Some(propagator) if !span.is_disabled() => propagator.context(&span),
            Some(_) | None => None,
        };
        if let Some(context) = own.as_ref().or(incoming) {
            context.add_to(publish);
        }
        span
    }
}

impl Debug for Tracing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tracing").field(&self.0.is_some()).finish()
    }
}
