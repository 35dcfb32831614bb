//! The trace that a message belongs to.

use std::future::{Future, ready};

use super::FromMessage;
use crate::failure::{Class, Classify};
use crate::request::Request;
use crate::trace::{NoTraceContext, TraceContext};

/// As an argument, `Option<TraceContext>`: most publishers carry none.
impl FromMessage for TraceContext {
    type Rejection = NoTraceContext;

    fn from_message(
        request: &Request,
    ) -> impl Future<Output = Result<Self, NoTraceContext>> + Send {
        ready(Self::of(request.message()).ok_or(NoTraceContext))
    }
}

impl Classify for NoTraceContext {
    fn class(&self) -> Class {
        Class::Permanent
    }

    fn name(&self) -> &'static str {
        "untraced"
    }
}
