//! Observers: many functions for one queue, chosen by the message's type.
//!
//! All that observe a message are one unit: what they publish leaves together, or not at all.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use leveret_protocol::ShortStr;

use super::function::{FunctionService, own_name};
use super::{Handler, HandlerFn, Service};
use crate::effects::{Effects, Verdict};
use crate::event::{Event, Observed};
use crate::failure::Failure;
use crate::request::Request;
use crate::shared::Needs;
use crate::topology::Queue;

/// Functions and the types of message each of them observes.
///
/// ```
/// use leveret::{App, Event, Handler, Observed, Observers, Publish};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct OrderPlaced { id: u64 }
///
/// impl Event for OrderPlaced {
///     const KIND: &'static str = "order-placed";
/// }
///
/// async fn invoice(Observed(order): Observed<OrderPlaced>) -> Publish {
///     Publish::to_queue("invoices").text(order.id.to_string())
/// }
///
/// async fn parcel(Observed(order): Observed<OrderPlaced>) -> Publish {
///     Publish::to_queue("parcels").text(order.id.to_string())
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let observers = Observers::new().on(invoice).on(parcel);
/// let app = App::new("shop")
///     .in_memory()
///     .handler(Handler::observers("events", observers).bind("shop", "#"))
///     .handler(Handler::new("invoices", async || {}).named("invoices"))
///     .handler(Handler::new("parcels", async || {}).named("parcels"));
/// let running = app.start().await?;
/// let placed = Publish::new("shop", "order.placed").event(&OrderPlaced { id: 7 })?;
/// running.publisher().publish(placed).await?;
/// running.wait_until(|stats| stats.handler("invoices").handled == 1).await;
/// running.wait_until(|stats| stats.handler("parcels").handled == 1).await;
/// running.shutdown().await?;
/// # Ok(())
/// # }
/// ```
///
/// # What becomes of the message
///
/// Those who observe a message are called in the order in which they were added, in one attempt.
///
/// - All succeed: what they publish leaves together with the acknowledgement.
/// - One fails: the attempt has failed, those after it are not called, and nothing gets out; all
///   are called again, as the handler's retry policy says. The error names who failed.
/// - [`Outcome::Reject`](crate::Outcome::Reject) means "not for me"; the message is rejected if
///   all who observe it say so.
/// - Nobody observes it: it becomes a dead letter of class `unobserved`, unless there is
///   [`otherwise`](Self::otherwise).
///
/// What must fail alone belongs in a queue of its own, bound to the same keys.
#[derive(Default)]
#[must_use = "observers observe in a handler: `Handler::observers`"]
pub struct Observers {
    by_kind: BTreeMap<String, Vec<Observer>>,
    otherwise: Option<Observer>,
}

struct Observer {
    name: String,
    service: Box<dyn Service>,
}

/// The arguments of a function that observes: an [`Observed`] first, then any.
#[diagnostic::on_unimplemented(
    message = "this function does not say which type of message it observes",
    label = "the first argument is no `Observed<T>`",
    note = "take `Observed(event): Observed<T>` first, with `T: leveret::Event`, or add it with `.on_kind(\"..\", ..)`"
)]
pub trait Observes {
    /// The message's `type`.
    const KIND: &'static str;
}

impl Observers {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more, for the type that its first argument, an [`Observed`], names.
    pub fn on<Args: Observes + 'static>(self, function: impl HandlerFn<Args>) -> Self {
        self.on_kind(Args::KIND, function)
    }

    /// One more, for messages whose `type` is this one.
    pub fn on_kind<Args: 'static>(
        mut self,
        kind: impl Into<String>,
        function: impl HandlerFn<Args>,
    ) -> Self {
        let kind = kind.into();
        let observer = Observer::of(function, &kind);
        self.by_kind.entry(kind).or_default().push(observer);
        self
    }

    /// For messages that nobody else observes, in the place of a dead letter.
    pub fn otherwise<Args: 'static>(mut self, function: impl HandlerFn<Args>) -> Self {
        self.otherwise = Some(Observer::of(function, "otherwise"));
        self
    }

    fn of(&self, kind: Option<&ShortStr>) -> Result<&[Observer], Failure> {
        let kind = kind.map(ShortStr::to_string_lossy);
        let known = kind.as_ref().and_then(|kind| self.by_kind.get(kind.as_ref()));
        if let Some(observers) = known {
            return Ok(observers);
        }
        if let Some(otherwise) = &self.otherwise {
            return Ok(std::slice::from_ref(otherwise));
        }
        let names: Vec<&str> = self.by_kind.keys().map(String::as_str).collect();
        let what = match kind {
            Some(kind) => format!("messages of type `{kind}`"),
            None => "messages without a type".to_owned(),
        };
        let text = format!("nobody observes {what}; observed are: {}", names.join(", "));
        Err(Failure::permanent(text).named("unobserved"))
    }

    fn all(&self) -> impl Iterator<Item = &Observer> {
        self.by_kind.values().flatten().chain(&self.otherwise)
    }
}

impl Handler {
    /// Gives each message of `queue` to all who observe its type. The handler's name is the
    /// queue's, unless told otherwise.
    pub fn observers(queue: impl Into<Queue>, observers: Observers) -> Self {
        let queue = queue.into();
        let name = queue.name().to_owned();
        Self::of_service(name, queue, Arc::new(observers))
    }
}

impl Observer {
    fn of<F: HandlerFn<Args>, Args: 'static>(function: F, kind: &str) -> Self {
        let name = own_name::<F>().unwrap_or(kind).to_owned();
        Self { name, service: Box::new(FunctionService::new(function)) }
    }
}

impl Service for Observers {
    fn call<'a>(
        &'a self,
        request: &'a Request,
    ) -> Pin<Box<dyn Future<Output = Effects> + Send + 'a>> {
        Box::pin(async move {
            let kind = request.message().properties().kind();
            let observers = match self.of(kind.as_ref()) {
                Ok(observers) => observers,
                Err(failure) => return Effects::failed(failure),
            };
            let mut all = Effects { verdict: Verdict::Reject, ..Effects::default() };
            for observer in observers {
                let effects = observer.service.call(request).await;
                match effects.verdict {
                    Verdict::Ack => all.verdict = Verdict::Ack,
                    Verdict::Reject => continue,
                    Verdict::Failed(failure) => {
                        let who = format_args!("observer `{}`", observer.name);
                        return Effects::failed(failure.of_part(who));
                    }
                }
                all.outputs.extend(effects.outputs);
            }
            all
        })
    }

    fn needs(&self, needs: &mut Needs<'_>) {
        for kind in self.by_kind.keys().filter(|kind| kind.len() > ShortStr::MAX_BYTES) {
            let bytes = kind.len();
            needs.other(format!("a type of at most 255 bytes to observe, not one of {bytes}"));
        }
        self.all().for_each(|observer| observer.service.needs(needs));
    }
}

impl std::fmt::Debug for Observers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kinds = self.by_kind.iter();
        let names = kinds.map(|(kind, all)| {
            (kind, all.iter().map(|observer| observer.name.as_str()).collect::<Vec<_>>())
        });
        f.debug_map().entries(names).finish()
    }
}

macro_rules! observing {
    ($(($($name:ident)*);)*) => {
        $(impl<E: Event, $($name,)*> Observes for (Observed<E>, $($name,)*) {
            const KIND: &'static str = E::KIND;
        })*
    };
}

observing! {
    ();
    (A);
    (A B);
    (A B C);
    (A B C D);
    (A B C D F);
    (A B C D F G);
    (A B C D F G H);
}
