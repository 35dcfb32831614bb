//! Events: values that are told apart by the message's `type`.

use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::extract::{FromMessage, Json, JsonRejection};
use crate::publish::{EncodeError, Publish};
use crate::request::Request;

/// A value that travels as JSON, under a type of its own.
///
/// ```
/// use leveret::{Event, Publish};
///
/// #[derive(serde::Serialize)]
/// struct OrderPlaced { id: u64 }
///
/// impl Event for OrderPlaced {
///     const KIND: &'static str = "order-placed";
/// }
///
/// let placed = Publish::new("shop", "order.placed").event(&OrderPlaced { id: 7 })?;
/// # let _ = placed;
/// # Ok::<(), leveret::EncodeError>(())
/// ```
pub trait Event {
    /// The message's property `type`, of at most 255 bytes.
    const KIND: &'static str;
}

/// The body as the event that the message's type says it is: the first argument of a function
/// that [observes](crate::Observers). Read as [`Json`] is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observed<E>(pub E);

impl<E: DeserializeOwned + Send> FromMessage for Observed<E> {
    type Rejection = JsonRejection;

    async fn from_message(request: &Request) -> Result<Self, JsonRejection> {
        Json::from_message(request).await.map(|Json(event)| Self(event))
    }
}

impl<E> Deref for Observed<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.0
    }
}

impl Publish {
    /// A body of JSON, and the type by which observers know it.
    pub fn event<E: Event + Serialize>(self, event: &E) -> Result<Self, EncodeError> {
        Ok(self.json(event)?.kind(E::KIND))
    }
}
