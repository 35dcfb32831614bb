//! Messages as requests to a web service: an axum router or another.
//!
//! A message becomes an `http::Request` with a [`Body`], the service's response becomes the
//! message's outcome, and its reply if somebody waits for one. No socket is opened: the service is
//! called where the handler runs, so everything that holds for handlers holds for it.
//!
//! # What the request has
//!
//! | part | from |
//! |---|---|
//! | method | `POST`, or [`Mapping::method`], or the header that [`Mapping::method_header`] names |
//! | path | [`Mapping::path`], filled in from exchange and routing key |
//! | `host` | [`Mapping::site`], or `localhost` |
//! | `content-type`, `content-encoding`, `content-length` | the properties and the body |
//! | `message-id`, `correlation-id`, `reply-to`, `timestamp`, `user-id` | the properties |
//! | `traceparent`, `tracestate`, `x-…` | the message's headers that are text, numbers or booleans |
//! | extensions | [`Message`](crate::Message), [`Attempt`](crate::Attempt), [`Deadline`](crate::Deadline), [`Publisher`](crate::Publisher), [`Principal`](crate::Principal) if there is one |
//!
//! Headers that web servers believe of a proxy (`x-forwarded-…`, `x-real-ip`, `x-original-…`,
//! `x-rewrite-…`, `x-http-method-override`) and the framework's own (`x-leveret-…`) are left out,
//! as any publisher can write them; so is a value that HTTP forbids. At most 100 are taken.
//!
//! # What the response means
//!
//! See [`StatusRules`]. With `reply-to` on the message, a response that acknowledges it is the
//! reply: its body (of [`Mapping::reply_bytes_max`] bytes at most), `content-type`,
//! `content-encoding`, its other headers, and its status as the header `x-http-status`. Without
//! `reply-to` the body is not read.

mod body;
mod headers;
mod mapping;
mod path;
mod reply;
mod response;
mod service;
mod status;

use std::fmt::Display;
use std::sync::Arc;

use http::{Request, Response};
use tower_service::Service;

use crate::handler::Handler;
use crate::topology::Queue;

pub use body::Body;
pub use headers::request_headers;
pub use mapping::Mapping;
pub use reply::reply_of;
pub use response::{accepted, whole_body};
pub use status::{RETRY_AFTER_MAX, StatusRule, StatusRules};

impl Handler {
    /// Turns each message of `queue` into a request to `service`: a `POST` to
    /// `/{exchange}/{key}`. The handler's name is the queue's, unless told otherwise.
    ///
    /// ```
    /// use axum::{Extension, Router, routing::post};
    /// use leveret::{App, Handler, Publish, Publisher};
    ///
    /// async fn created(Extension(publisher): Extension<Publisher>, body: String) {
    ///     publisher.publish(Publish::to_queue("mails").text(body)).await.ok();
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let router = Router::new().route("/shop/order.created", post(created));
    /// let app = App::new("shop")
    ///     .in_memory()
    ///     .handler(Handler::serve("orders", router).bind("shop", "order.*"))
    ///     .handler(Handler::new("mails", async || {}).named("mails"));
    /// let running = app.start().await?;
    /// running.publisher().publish(Publish::new("shop", "order.created").text("tea")).await?;
    /// running.wait_until(|stats| stats.handler("mails").handled == 1).await;
    /// running.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn serve<S, B>(queue: impl Into<Queue>, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Display + Send,
        B: http_body::Body<Data: Send, Error: Display + Send> + Send + 'static,
    {
        Self::serve_as(queue, Mapping::default(), service)
    }

    /// The same, with a mapping of its own.
    pub fn serve_as<S, B>(queue: impl Into<Queue>, mapping: Mapping, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Display + Send,
        B: http_body::Body<Data: Send, Error: Display + Send> + Send + 'static,
    {
        let queue = queue.into();
        let name = queue.name().to_owned();
        Self::of_service(name, queue, Arc::new(service::Web::new(mapping, service)))
    }
}
