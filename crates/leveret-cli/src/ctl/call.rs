//! One request to the admin API and its answer.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{
    Refusal,
    exit::Exit,
    web::{Ask, Heard, PATIENCE, SendError, Site, encoded},
};

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: Option<String>,
    pub(crate) reason: Option<String>,
    /// Whether the answer may take as long as it takes.
    pub(crate) is_long: bool,
}

/// Whom to ask, and as whom.
pub(crate) struct Server {
    pub(crate) site: Site,
    pub(crate) user: String,
    pub(crate) password: String,
}

impl Call {
    pub(crate) fn new(method: &'static str, segments: &[&str], body: Option<Value>) -> Self {
        let path = segments.iter().flat_map(|segment| ["/".to_owned(), encoded(segment)]).collect();
        let body = body.as_ref().map(Value::to_string);
        Self { method, path, body, reason: None, is_long: false }
    }
}

impl Server {
    /// Asks, and gives back the body of an answer that is no error.
    pub(crate) fn ask(&self, call: &Call) -> Result<Value, Refusal> {
        let broken = || Refusal {
            text: format!("what answers at {} is no admin API", self.site),
            exit: Exit::Unavailable,
        };
        let answer = self.exchange(call).map_err(|error| match error {
            SendError::NotHttp => broken(),
            SendError::Tls(error) => Refusal {
                text: format!("no TLS with the admin API at {}: {error}", self.site),
                exit: Exit::Unavailable,
            },
            SendError::Unreachable(error) => Refusal {
                text: format!(
                    "cannot reach the admin API at {}: {error} (start the broker with --admin-listen)",
                    self.site
                ),
                exit: Exit::Unavailable,
            },
        })?;
        let (status, body) = (answer.status, answer.json().ok_or_else(broken)?);
        if (200..300).contains(&status) {
            return Ok(body);
        }
        let reason = body.get("reason").and_then(Value::as_str).unwrap_or("no reason given");
        let exit = match status {
            400 | 405 | 413 => Exit::Data,
            401 | 403 => Exit::Permission,
            404 => Exit::NoInput,
            409 => Exit::Temporary,
            503 => Exit::Unavailable,
            _ => Exit::Internal,
        };
        Err(Refusal { text: format!("refused: {reason}"), exit })
    }

    fn exchange(&self, call: &Call) -> Result<Heard, SendError> {
        let token = STANDARD.encode(format!("{}:{}", self.user, self.password));
        let mut headers = vec![("authorization", format!("Basic {token}"))];
        if let Some(reason) = &call.reason {
            let plain = reason.chars().filter(|letter| !letter.is_control()).collect();
            headers.push(("x-reason", plain));
        }
        let ask = Ask {
            site: &self.site,
            method: call.method,
            path: &format!("/api{}", call.path),
            headers,
            body: call.body.as_deref(),
            patience: Some(PATIENCE).filter(|_| !call.is_long),
        };
        ask.send()
    }
}
