//! One message there, one response back.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use leveret::serve::{StatusRules, accepted, reply_of, whole_body};
use leveret::{Effects, Failure};
use tokio::time::timeout;

use super::auth::{Auth, Credentials};
use super::client::{HttpClient, Trust, client};
use super::event::CloudEvents;
use super::headers::headers;
use super::rules::rules;
use super::target::{HttpTarget, RESPONSE_BYTES_MAX};
use super::url::UrlTemplate;
use crate::delivery::Delivery;
use crate::error::TargetError;
use crate::output::Output;
use crate::template::Template;

/// A server, and how it is asked.
pub(super) struct Exchange {
    queue: String,
    url: UrlTemplate,
    method: Method,
    headers: Vec<(HeaderName, Template)>,
    cloud_events: Option<CloudEvents>,
    credentials: Option<Credentials>,
    response_timeout: Duration,
    response_bytes_max: usize,
    rules: StatusRules,
    output: Option<Output>,
    client: HttpClient,
}

impl Exchange {
    pub(super) fn new(target: HttpTarget, name: &str, queue: &str) -> Result<Self, TargetError> {
        let wrong = |field| move |problem: String| TargetError::value(name, field, problem);
        let url = UrlTemplate::parse(&target.url).map_err(wrong("http.url"))?;
        let method = Method::from_bytes(target.method.as_bytes())
            .map_err(|_| format!("`{}` is no method", target.method))
            .map_err(wrong("http.method"))?;
        if !(1..=RESPONSE_BYTES_MAX).contains(&target.response_bytes_max) {
            let problem =
                format!("1 to {} bytes, found {}", RESPONSE_BYTES_MAX, target.response_bytes_max);
            return Err(wrong("http.response-bytes-max")(problem));
        }
        let trust = if url.server().starts_with("https") {
            Trust::Machine { and_file: target.ca_file.as_deref() }
        } else {
            Trust::Nobody
        };
        let auth = Auth {
            bearer_file: target.bearer_file,
            bearer_env: target.bearer_env,
            basic: target.basic,
        };
        Ok(Self {
            queue: queue.to_owned(),
            method,
            headers: target.headers.resolve().map_err(wrong("http.headers"))?,
            cloud_events: target.cloud_events,
            credentials: auth.resolve(name)?,
            response_timeout: target.response_timeout.0,
            response_bytes_max: target.response_bytes_max,
            rules: rules(&target.status).map_err(wrong("http.status"))?,
            output: target.output.map(|output| output.resolve(name)).transpose()?,
            client: client(target.connect_timeout.0, trust, name)?,
            url,
        })
    }

    pub(super) async fn handle(&self, delivery: &Delivery) -> Effects {
        let whole = timeout(self.response_timeout, self.attempt(delivery)).await;
        let effects = whole.unwrap_or_else(|_| {
            let secs = self.response_timeout.as_secs_f64();
            let text = format!("no whole response from {} within {secs} s", self.url.server());
            Err(Failure::transient(text).named("http-timeout"))
        });
        Effects::of(effects)
    }

    async fn attempt(&self, delivery: &Delivery) -> Result<Effects, Failure> {
        let request = self.request(delivery).await?;
        let response = self.client.request(request).await;
        let response = response.map_err(|error| self.unreachable(&error))?;
        match accepted(&self.rules, response).await {
            Ok(response) => self.answer(delivery, response).await,
            Err(effects) => Ok(effects),
        }
    }

    async fn request(&self, delivery: &Delivery) -> Result<Request<Full<Bytes>>, Failure> {
        let mut headers = headers(delivery, &self.queue, &self.headers);
        let body = match self.cloud_events {
            Some(mode) => mode.write(delivery.message(), &mut headers),
            None => delivery.message().body().clone(),
        };
        if let Some(credentials) = &self.credentials {
            headers.insert(AUTHORIZATION, credentials.header().await);
        }
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.url.fill(delivery)?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// What a response that acknowledges the message gives besides. Its body is read in any case,
    /// as the connection is free only after that.
    async fn answer(
        &self,
        delivery: &Delivery,
        response: Response<Incoming>,
    ) -> Result<Effects, Failure> {
        let (parts, body) = response.into_parts();
        let body = whole_body(body, self.response_bytes_max).await;
        let mut effects = Effects::default();
        if self.output.is_none() && !delivery.wants_reply() {
            return Ok(effects);
        }
        let body = body?;
        if let Some(output) = self.output.as_ref().filter(|_| !body.is_empty()) {
            let content_type =
                parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            effects = effects.and(output.publish(delivery, body.clone(), content_type)?);
        }
        if delivery.wants_reply() {
            effects = effects.and(reply_of(&parts, body));
        }
        Ok(effects)
    }

    /// The server is named, the rest of the address is not: it may hold what is secret.
    fn unreachable(&self, error: &hyper_util::client::legacy::Error) -> Failure {
        let mut text = format!("{} does not answer", self.url.server());
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        let name = if error.is_connect() { "http-connect" } else { "http-broken" };
        Failure::transient(text).named(name)
    }
}
