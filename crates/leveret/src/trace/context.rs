//! What a message carries of its trace: `traceparent` and `tracestate`.

use std::fmt::{self, Display, Formatter};

use leveret_protocol::{FieldValue, ShortStr};

use super::state;
use crate::message::Message;
use crate::publish::Publish;

const PARENT_HEADER: &str = "traceparent";

const STATE_HEADER: &str = "tracestate";

/// The length of version 00; later versions may have more behind it.
const PARENT_BYTES: usize = 55;

/// Beyond this many bytes a header is not read: no version is expected to need more.
const HEADER_BYTES_MAX: usize = 8_192;

const SAMPLED: u8 = 1;

/// The place of a message in a distributed trace, as its publisher told it.
///
/// Read from the headers `traceparent` and `tracestate`, and written to them. What is not
/// well-formed counts as not there: it is no reason to refuse a message.
///
/// ```
/// use leveret::TraceContext;
///
/// let context: TraceContext =
///     "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse()?;
/// assert!(context.is_sampled());
/// assert_eq!(context.span_id(), [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
/// # Ok::<(), leveret::NoTraceContext>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    flags: u8,
    state: Option<String>,
}

/// There is no context of a trace, or none that is well-formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no well-formed traceparent")]
pub struct NoTraceContext;

impl TraceContext {
    /// The context of a span; nothing if an id is all zeros, which the standard forbids.
    pub fn new(trace_id: [u8; 16], span_id: [u8; 8], is_sampled: bool) -> Option<Self> {
        let flags = if is_sampled { SAMPLED } else { 0 };
        let is_legal = trace_id != [0; 16] && span_id != [0; 8];
        is_legal.then_some(Self { trace_id, span_id, flags, state: None })
    }

    /// The same with a `tracestate`; without one if that is not well-formed.
    #[must_use]
    pub fn with_state(mut self, tracestate: &str) -> Self {
        self.state = state::checked(tracestate);
        self
    }

    /// What a message carries.
    pub fn of(message: &Message) -> Option<Self> {
        let headers = message.properties().headers()?;
        let context: Self = text(headers.get(PARENT_HEADER)?)?.parse().ok()?;
        Some(match headers.get(STATE_HEADER).and_then(text) {
            Some(state) => context.with_state(&state),
            None => context,
        })
    }

    /// The trace.
    pub fn trace_id(&self) -> [u8; 16] {
        self.trace_id
    }

    /// The span in which the message was published.
    pub fn span_id(&self) -> [u8; 8] {
        self.span_id
    }

    /// Whether that span is recorded.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// What vendors have added, well-formed and at most 512 bytes.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Writes both headers, unless the message has a `traceparent` of its own.
    pub(super) fn add_to(&self, publish: &mut Publish) {
        if publish.headers.iter().any(|(name, _)| *name == PARENT_HEADER) {
            return;
        }
        publish.headers.retain(|(name, _)| *name != STATE_HEADER);
        let parent = FieldValue::from(self.to_string());
        publish.headers.push((ShortStr::from_static(PARENT_HEADER), parent));
        if let Some(state) = &self.state {
            let state = FieldValue::from(state.as_str());
            publish.headers.push((ShortStr::from_static(STATE_HEADER), state));
        }
    }

    pub(super) fn trace_id_text(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.trace_id))
    }
}

/// The `traceparent`.
impl Display for TraceContext {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let span_id = u64::from_be_bytes(self.span_id);
        write!(f, "00-{}-{span_id:016x}-{:02x}", self.trace_id_text(), self.flags & SAMPLED)
    }
}

impl std::str::FromStr for TraceContext {
    type Err = NoTraceContext;

    fn from_str(traceparent: &str) -> Result<Self, NoTraceContext> {
        parse(traceparent).ok_or(NoTraceContext)
    }
}

impl Publish {
    /// Lets the message carry the context of this trace, instead of that of the message being handled.
    pub fn trace(mut self, context: &TraceContext) -> Self {
        self.headers.retain(|(name, _)| *name != PARENT_HEADER);
        context.add_to(&mut self);
        self
    }
}

fn parse(traceparent: &str) -> Option<TraceContext> {
    let (known, rest) = traceparent.split_at_checked(PARENT_BYTES)?;
    let mut parts = known.split('-');
    let (version, trace_id, span_id, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_whole = match version {
        "00" => rest.is_empty(),
        "ff" => false,
        _ => rest.is_empty() || rest.starts_with('-'),
    };
    if !is_whole || parts.next().is_some() {
        return None;
    }
    hex(version, 2)?;
    let trace_id = hex(trace_id, 32)?.to_be_bytes();
    let span_id = u64::try_from(hex(span_id, 16)?).ok()?.to_be_bytes();
    let flags = u8::try_from(hex(flags, 2)?).ok()?;
    TraceContext::new(trace_id, span_id, flags & SAMPLED != 0)
}

/// So many lower-case digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
    let is_legal = text.len() == digits && text.bytes().all(is_hex);
    if is_legal { u128::from_str_radix(text, 16).ok() } else { None }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only what holds text is text")]
fn text(value: FieldValue) -> Option<String> {
    match value {
        FieldValue::LongString(bytes) | FieldValue::Bytes(bytes)
            if bytes.len() <= HEADER_BYTES_MAX =>
        {
            String::from_utf8(bytes.to_vec()).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use leveret_protocol::{FieldTable, PropertiesBuilder};

    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn carrying(parent: impl Into<FieldValue>, state: &str) -> Option<TraceContext> {
        let headers =
            FieldTable::builder().insert(PARENT_HEADER, parent).insert(STATE_HEADER, state).build();
        let properties = PropertiesBuilder::default().headers(headers).build();
        TraceContext::of(&Message::new("k", properties, ""))
    }

    #[test]
    fn a_context_is_read_and_written_again() {
        let context = carrying(PARENT, "vendor=1").unwrap();
        assert_eq!((context.to_string().as_str(), context.state()), (PARENT, Some("vendor=1")));
        let publish = Publish::new("x", "k").trace(&context);
        assert_eq!(publish.headers.len(), 2);
        let again = publish.trace(&context);
        assert_eq!(again.headers.len(), 2);
    }

    #[test]
    fn what_is_not_well_formed_is_not_there() {
        for wrong in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0+",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473\u{e9}-00f067aa0ba902b7-01",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        ] {
            assert_eq!(carrying(wrong, "a=1"), None, "{wrong}");
        }
        assert_eq!(carrying(7_i32, ""), None);
        assert_eq!(carrying("0".repeat(100_000), ""), None);
        let context = carrying(PARENT, "not a list").unwrap();
        assert_eq!(context.state(), None);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = PARENT.replacen("00", "cc", 1);
        assert_eq!(carrying(format!("{later}-new").as_str(), "").unwrap().to_string(), PARENT);
        assert_eq!(carrying(format!("{later}new").as_str(), ""), None);
    }
}
