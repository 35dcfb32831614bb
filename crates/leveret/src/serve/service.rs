//! A web service in the place of a function.

use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::{Mutex, OnceLock, PoisonError};

use http::header::HOST;
use http::{Method, Response, Uri};

use super::body::Body;
use super::headers::request_headers;
use super::mapping::{Mapping, Plan};
use super::response::{Caller, effects};
use super::status::{StatusRule, StatusRules};
use crate::effects::Effects;
use crate::extract::{Attempt, Deadline, NoPrincipal, principal_of};
use crate::failure::Failure;
use crate::handler::Service;
use crate::publisher::Publisher;
use crate::request::Request;
use crate::shared::Needs;

/// A tower service, and how messages get to it.
pub(super) struct Web<S> {
    plan: Result<Plan, String>,
    /// The plan's rules with those of the configuration behind them, which win.
    overruled: OnceLock<StatusRules>,
    // A lock, since a service that can be cloned need not be shareable; held for one clone.
    service: Mutex<S>,
}

impl<S> Web<S> {
    pub(super) fn new(mapping: Mapping, service: S) -> Self {
        Self { plan: mapping.resolve(), overruled: OnceLock::new(), service: Mutex::new(service) }
    }
}

impl<S, B> Web<S>
where
    S: tower_service::Service<http::Request<Body>, Response = Response<B>> + Clone + Send,
    S::Future: Send,
    S::Error: Display + Send,
    B: http_body::Body<Data: Send, Error: Display + Send> + Send,
{
    async fn handle(&self, request: &Request) -> Result<Effects, Failure> {
        let plan =
            self.plan.as_ref().map_err(|wrong| Failure::permanent(wrong).named("mapping"))?;
        let http_request = http_request(plan, request)?;
        let mut service = self.service.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let failed = |error: S::Error| Failure::transient(error).named("service");
        poll_fn(|context| service.poll_ready(context)).await.map_err(failed)?;
        let response = service.call(http_request).await.map_err(failed)?;
        let caller = match request.message().properties().reply_to() {
            Some(_) => Caller::Waits,
            None => Caller::Nobody,
        };
        let rules = self.overruled.get().unwrap_or(&plan.rules);
        Ok(effects((plan, rules), caller, response).await)
    }
}

impl<S, B> Service for Web<S>
where
    S: tower_service::Service<http::Request<Body>, Response = Response<B>> + Clone + Send,
    S::Future: Send,
    S::Error: Display + Send,
    B: http_body::Body<Data: Send, Error: Display + Send> + Send,
{
    fn call<'a>(
        &'a self,
        request: &'a Request,
    ) -> Pin<Box<dyn Future<Output = Effects> + Send + 'a>> {
        Box::pin(async { self.handle(request).await.unwrap_or_else(Effects::failed) })
    }

    fn needs(&self, needs: &mut Needs<'_>) {
        if let Err(wrong) = &self.plan {
            needs.other(wrong.clone());
        }
    }

    fn overrule(&self, statuses: &[(RangeInclusive<u16>, StatusRule)]) -> bool {
        if let Ok(plan) = &self.plan {
            let all = statuses.iter().cloned();
            self.overruled.get_or_init(|| {
                all.fold(plan.rules.clone(), |rules, (range, rule)| rules.on_all(range, rule))
            });
        }
        true
    }
}

/// The message as a request.
fn http_request(plan: &Plan, request: &Request) -> Result<http::Request<Body>, Failure> {
    let message = request.message();
    let unmappable = |text: String| Failure::permanent(text).named("unmappable");
    let path = plan.path.fill(message).map_err(|error| unmappable(error.to_string()))?;
    let uri = Uri::try_from(path).map_err(|error| unmappable(error.to_string()))?;
    let mut made = http::Request::new(Body::from(message.body().clone()));
    *made.method_mut() = method(plan, request)?;
    *made.uri_mut() = uri;
    *made.headers_mut() = request_headers(message);
    made.headers_mut().insert(HOST, plan.site.clone());
    let extensions = made.extensions_mut();
    match principal_of(request) {
        Ok(principal) => drop(extensions.insert(principal)),
        // To go on as somebody else, or as nobody, might open more than the publisher may see.
        Err(error @ (NoPrincipal::Unproven | NoPrincipal::NoText)) => {
            return Err(Failure::of(&error));
        }
        Err(NoPrincipal::Missing) => {}
    }
    extensions.insert(message.clone());
    extensions.insert(Attempt { number: request.attempt(), max: request.attempts_max() });
    extensions.insert(Deadline::of(message));
    extensions.insert(Publisher::of_unit(request.outbox()));
    Ok(made)
}

fn method(plan: &Plan, request: &Request) -> Result<Method, Failure> {
    let named = plan.method_header.as_deref().and_then(|name| request.message().header_text(name));
    let Some(name) = named else { return Ok(plan.method.clone()) };
    let no_method = |_| Failure::permanent(format!("`{name}` is no method")).named("unmappable");
    Method::from_bytes(name.as_bytes()).map_err(no_method)
}
