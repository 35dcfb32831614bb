//! Named words of the routing key.

use std::future::{Future, ready};
use std::ops::Deref;

use serde::de::DeserializeOwned;

use super::FromMessage;
use crate::captures::read;
use crate::failure::{Class, Classify};
use crate::request::Request;
use crate::shared::Needs;

/// Words of the routing key by the names that the handler's bindings give them.
///
/// `T` is a struct with a field for each name it wants, a tuple of all words in their order, or
/// one value if there is one word. `{name}` stands for one word between dots, and is bound as
/// `*`; `{name..}` for any number of words, bound as `#`, read as a text or a list.
///
/// ```
/// use leveret::{Captures, Handler};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Order { region: String, id: u64 }
///
/// async fn created(Captures(order): Captures<Order>) {
///     println!("{} in {}", order.id, order.region);
/// }
///
/// let handler = Handler::new("orders", created).bind("shop", "orders.{region}.created.{id}");
/// # let _ = handler;
/// ```
///
/// A handler that asks for a word which none of its bindings names is refused at start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Captures<T>(pub T);

/// The routing key does not give the words that a handler wants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CapturesRejection {
    /// The message came by no binding that names words: straight to the queue, for example.
    #[error("no binding captures words of routing key `{key}` from exchange `{exchange}`")]
    NoBinding {
        /// Where it was published.
        exchange: String,
        /// With which key.
        key: String,
    },
    /// A word is no value of the type.
    #[error("routing key `{key}`: {problem}")]
    Word {
        /// The key.
        key: String,
        /// Which word, and what it is not.
        problem: String,
    },
}

impl Classify for CapturesRejection {
    fn class(&self) -> Class {
        Class::Permanent
    }

    fn name(&self) -> &'static str {
        "routing-key"
    }
}

impl<T: DeserializeOwned + Send> FromMessage for Captures<T> {
    type Rejection = CapturesRejection;

    fn from_message(
        request: &Request,
    ) -> impl Future<Output = Result<Self, CapturesRejection>> + Send {
        ready(draw(request))
    }

    fn needs(needs: &mut Needs<'_>) {
        needs.one_message("Captures");
        needs.captures::<T>();
    }
}

/// By the first binding whose words make a value.
fn draw<T: DeserializeOwned>(request: &Request) -> Result<Captures<T>, CapturesRejection> {
    let exchange = request.message().exchange();
    let key = request.message().routing_key();
    let mut problem = None;
    for template in request.locals().templates_of(&exchange) {
        let Some(captured) = template.captured(&key) else { continue };
        match read(&captured) {
            Ok(value) => return Ok(Captures(value)),
            Err(text) => problem = problem.or(Some(text)),
        }
    }
    let key = key.into_owned();
    Err(match problem {
        Some(problem) => CapturesRejection::Word { key, problem },
        None => CapturesRejection::NoBinding { exchange: exchange.into_owned(), key },
    })
}

impl<T> Deref for Captures<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
