//! Layers around all handlers of an application.

use tower_layer::Layer;

use super::App;
use crate::effects::Effects;
use crate::failure::Classify;
use crate::handler::{HandlerService, Wrap};
use crate::request::Request;

impl App {
    /// Puts a tower layer around each attempt of each handler, outside of the handlers' own: see
    /// [`Handler::layer`](crate::Handler::layer).
    ///
    /// The one added last is outermost. It is applied to each handler apart: a
    /// `ConcurrencyLimitLayer` limits each, a `GlobalConcurrencyLimitLayer` all together.
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
}
