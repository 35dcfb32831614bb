//! Error reports: a message that cannot be handled, sent to whoever is to know.
//!
//! Not a dead letter: nobody is meant to put it back, and the message counts as settled.

use leveret_client::Publish as Sealed;
use leveret_protocol::{FieldValue, PropertiesBuilder, ShortStr};

use crate::copy::Copy;
use crate::dead_letter::Obituary;
use crate::extract::FromMessage;
use crate::failure::{Class, Classify, Failure};
use crate::lineage::{REFERENCES, now_secs, references};
use crate::message::Message;
use crate::message_id::{derived_message_id, fresh};
use crate::request::Request;

/// What the framework finds at fault, not the handler's own code: routed only by its name.
const FOUND: [&str; 7] = [
    "undecodable",
    "unobserved",
    "missing-state",
    "no-principal",
    "unmappable",
    "panic",
    "time-limit",
];

const CLASS: &str = "error-class";
const TEXT: &str = "error-text";
const ATTEMPTS: &str = "error-attempts";
const HANDLER: &str = "error-handler";
const APP: &str = "error-app";
const QUEUE: &str = "error-queue";
const EXCHANGE: &str = "error-exchange";
const ROUTING_KEY: &str = "error-routing-key";

/// All headers of a report; a report of a report has its own.
const HEADERS: [&str; 8] = [CLASS, TEXT, ATTEMPTS, HANDLER, APP, QUEUE, EXCHANGE, ROUTING_KEY];

/// Where a handler's errors are reported: see [`Handler::route_errors`](crate::Handler::route_errors).
///
/// Unless it names errors, a route takes the *business errors*: those that the handler's own code
/// returns and that are permanent, since trying again gives the same.
///
/// ```
/// use leveret::{ErrorRoute, Handler};
///
/// async fn charge() -> Result<(), leveret::Failure> {
///     Err(leveret::Failure::permanent("the card is expired").named("card-expired"))
/// }
///
/// let handler = Handler::new("orders", charge)
///     .route_errors(ErrorRoute::new("shop", "order.declined").named("card-expired"))
///     .route_errors(ErrorRoute::to_queue("charge.errors").exhausted());
/// # assert_eq!(handler.name(), "charge");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a route is given to `Handler::route_errors`"]
pub struct ErrorRoute {
    pub(crate) exchange: String,
    pub(crate) key: String,
    pub(crate) names: Vec<String>,
    pub(crate) reach: Reach,
}

/// Which of a handler's errors a route takes, if it names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    Permanent,
    /// Transient ones, too, once they have been tried as often as they may.
    All,
}

/// What an error report says, as an argument of the handler that gets it. The body is that of the
/// message that could not be handled.
///
/// ```
/// use leveret::{ErrorReport, Publish, Text};
///
/// async fn tell(report: ErrorReport, Text(order): Text) -> Publish {
///     Publish::to_queue("mails").text(format!("order {order}: {}", report.text))
/// }
/// # let _ = leveret::Handler::new("charge.errors", tell);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorReport {
    /// The error's name: header `error-class`.
    pub class: String,
    /// Its text, at most 1 kB: `error-text`.
    pub text: String,
    /// How many attempts there were: `error-attempts`.
    pub attempts: u32,
    /// Who could not handle it: `error-handler`.
    pub handler: String,
    /// Of which application: `error-app`.
    pub app: String,
    /// From which queue: `error-queue`.
    pub queue: String,
    /// Which exchange it had been published to: `error-exchange`.
    pub exchange: String,
    /// With which routing key: `error-routing-key`.
    pub routing_key: String,
    /// The message's id, if it had one: the property `correlation-id`.
    pub message_id: Option<String>,
}

/// The message is no error report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message is no error report: it has no header `{CLASS}`")]
pub struct NoErrorReport;

impl ErrorRoute {
    /// To an exchange, which must be there, with a routing key.
    pub fn new(exchange: impl Into<String>, key: impl Into<String>) -> Self {
        let (exchange, key) = (exchange.into(), key.into());
        Self { exchange, key, names: Vec::new(), reach: Reach::Permanent }
    }

    /// Straight to a queue, through the default exchange.
    pub fn to_queue(queue: impl Into<String>) -> Self {
        Self::new("", queue)
    }

    /// Takes errors of this name alone, of whichever class; call again for more. It is the name
    /// that dead letters are grouped by, `card-expired` or `undecodable`.
    pub fn named(mut self, error: impl Into<String>) -> Self {
        self.names.push(error.into());
        self
    }

    /// Takes transient errors, too, once a message has been tried as often as it may.
    pub fn exhausted(mut self) -> Self {
        self.reach = Reach::All;
        self
    }

    pub(crate) fn takes(&self, failure: &Failure) -> bool {
        if !self.names.is_empty() {
            return self.names.iter().any(|name| name == failure.name());
        }
        let is_own = !FOUND.contains(&failure.name());
        match self.reach {
            Reach::Permanent => is_own && failure.class() == Class::Permanent,
            Reach::All => is_own,
        }
    }
}

/// The report that `message` could not be handled.
pub(crate) fn error_report(
    message: &Message,
    obituary: &Obituary<'_>,
    route: &ErrorRoute,
) -> Sealed {
    let Obituary { failure, origin, .. } = obituary;
    let is_replaced =
        |name: &[u8]| HEADERS.iter().chain([&REFERENCES]).any(|own| name == own.as_bytes());
    let mut copy = Copy::of(message, is_replaced);
    copy.add_text(CLASS, failure.name());
    copy.add_text(TEXT, &failure.to_string());
    copy.add(ATTEMPTS, i64::from(obituary.attempts));
    copy.add_name(HANDLER, origin.handler);
    copy.add(APP, origin.app.clone());
    copy.add_name(QUEUE, origin.queue);
    copy.add(EXCHANGE, message.exchange.clone());
    copy.add(ROUTING_KEY, message.routing_key.clone());
    let parent_id = message.message_id();
    if let Some(id) = &parent_id {
        copy.add(REFERENCES, FieldValue::from(references(message, id)));
    }
    let id = parent_id.as_ref().map_or_else(fresh, |id| {
        derived_message_id(&[&id.to_string_lossy(), origin.handler, "report"])
    });
    let mut sealed = copy.addressed_to(&ShortStr::truncated(&route.key));
    sealed.exchange = ShortStr::truncated(&route.exchange);
    let correlation_id = parent_id.or_else(|| message.properties.correlation_id());
    sealed.properties = PropertiesBuilder::from(&sealed.properties)
        .message_id(id)
        .correlation_id(correlation_id)
        // Whoever asked has an answer of their own.
        .reply_to(None)
        .timestamp(now_secs())
        .app_id(origin.app.clone())
        .build();
    sealed
}

impl FromMessage for ErrorReport {
    type Rejection = NoErrorReport;

    async fn from_message(request: &Request) -> Result<Self, NoErrorReport> {
        let message = request.message();
        let text = |name| message.header_text(name).unwrap_or_default();
        let attempts = match message.header(ATTEMPTS) {
            Some(FieldValue::I64(attempts)) => u32::try_from(attempts).unwrap_or_default(),
            Some(_) | None => 0,
        };
        Ok(Self {
            class: message.header_text(CLASS).ok_or(NoErrorReport)?,
            text: text(TEXT),
            attempts,
            handler: text(HANDLER),
            app: text(APP),
            queue: text(QUEUE),
            exchange: text(EXCHANGE),
            routing_key: text(ROUTING_KEY),
            message_id: message.properties().correlation_id().map(|id| id.to_string()),
        })
    }
}

impl Classify for NoErrorReport {
    fn class(&self) -> Class {
        Class::Permanent
    }

    fn name(&self) -> &'static str {
        "undecodable"
    }
}
