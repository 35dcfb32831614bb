//! Tower layers around handlers: what happens around each attempt.
//!
//! Retry, dead letters and settlement are outside of all layers, so no order of layers breaks them.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tower_layer::Layer;

use super::{Handler, Service};
use crate::effects::Effects;
use crate::failure::{Classify, Failure};
use crate::request::Request;
use crate::shared::Needs;

/// What a layer wraps: a tower service from an attempt to its effects, or to why it failed.
///
/// A handler that fails leaves nothing behind: what it published is dropped and what took part in it
/// is abandoned, before a layer sees the error. So a layer may call it again, or answer itself.
#[derive(Clone)]
pub struct HandlerService(Arc<dyn Service>);

/// What [`HandlerService`] returns.
pub type HandlerFuture = Pin<Box<dyn Future<Output = Result<Effects, Failure>> + Send>>;

/// Puts a layer around a service, when the application starts.
#[derive(Clone)]
pub(crate) struct Wrap(Arc<Wrapping>);

type Wrapping = dyn Fn(Arc<dyn Service>) -> Arc<dyn Service> + Send + Sync;

/// A service with a layer around it.
struct Layered<S> {
    // A lock, since a service that can be cloned need not be shareable; held for one clone.
    service: Mutex<S>,
    inner: Arc<dyn Service>,
}

/// Drops what an attempt collected, unless it ends well.
struct Tentative<'a> {
    request: &'a Request,
    is_whole: bool,
}

impl Handler {
    /// Puts a [tower](https://docs.rs/tower) layer around each attempt: `tower::timeout::TimeoutLayer`,
    /// `tower::limit::ConcurrencyLimitLayer`, or one of your own.
    ///
    /// The one added last is outermost. The layer is applied once, when the application starts, and
    /// its service is cloned for each attempt. What it fails with counts as the handler's error.
    ///
    /// ```
    /// use std::time::Duration;
    /// use leveret::Handler;
    /// use tower::timeout::TimeoutLayer;
    ///
    /// async fn charge() {}
    ///
    /// let handler = Handler::new("orders", charge).layer(TimeoutLayer::new(Duration::from_secs(5)));
    /// # assert_eq!(handler.name(), "charge");
    /// ```
    #[must_use]
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<HandlerService> + Send + Sync + 'static,
        L::Service: tower_service::Service<Request, Response = Effects> + Clone + Send + 'static,
        <L::Service as tower_service::Service<Request>>::Future: Send,
        <L::Service as tower_service::Service<Request>>::Error: Classify + Send,
    {
        self.layers.push(Wrap::of(layer));
        self
    }

    /// The function with all that is around it: steps, own layers, the application's.
    pub(crate) fn whole(&self, around: &[Wrap]) -> Arc<dyn Service> {
        let service = self.translated();
        self.layers.iter().chain(around).fold(service, |service, wrap| (wrap.0)(service))
    }
}

impl Wrap {
    pub(crate) fn of<L>(layer: L) -> Self
    where
        L: Layer<HandlerService> + Send + Sync + 'static,
        L::Service: tower_service::Service<Request, Response = Effects> + Clone + Send + 'static,
        <L::Service as tower_service::Service<Request>>::Future: Send,
        <L::Service as tower_service::Service<Request>>::Error: Classify + Send,
    {
        Self(Arc::new(move |inner| {
            let service = Mutex::new(layer.layer(HandlerService(inner.clone())));
            Arc::new(Layered { service, inner })
        }))
    }
}

impl tower_service::Service<Request> for HandlerService {
    type Response = Effects;
    type Error = Failure;
    type Future = HandlerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> HandlerFuture {
        let service = self.0.clone();
        Box::pin(async move {
            let mut tentative = Tentative { request: &request, is_whole: false };
            let result = service.call(&request).await.into_result();
            let participant = if result.is_err() { request.take_participant() } else { None };
            tentative.is_whole = result.is_ok();
            drop(tentative);
            if let Some(participant) = participant {
                participant.abandon().await;
            }
            result
        })
    }
}

impl Drop for Tentative<'_> {
    fn drop(&mut self) {
        if !self.is_whole {
            self.request.empty_outbox();
            drop(self.request.take_participant());
        }
    }
}

impl<S> Service for Layered<S>
where
    S: tower_service::Service<Request, Response = Effects> + Clone + Send,
    S::Future: Send,
    S::Error: Classify + Send,
{
    fn call<'a>(
        &'a self,
        request: &'a Request,
    ) -> Pin<Box<dyn Future<Output = Effects> + Send + 'a>> {
        Box::pin(async {
            let mut service = self.service.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let attempt = async {
                poll_fn(|context| service.poll_ready(context)).await?;
                service.call(request.clone()).await
            };
            attempt.await.unwrap_or_else(|error: S::Error| Effects::failed(Failure::of(&error)))
        })
    }

    fn needs(&self, needs: &mut Needs<'_>) {
        self.inner.needs(needs);
    }
}

impl std::fmt::Debug for HandlerService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HandlerService")
    }
}
