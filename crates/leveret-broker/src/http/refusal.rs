//! Why a request is not done, as JSON with `error` and `reason`.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use leveret_protocol::{AmqpError, ReplyCode};
use serde_json::json;

use crate::{backup::BackupError, definitions::DefinitionsError, registry::AdminError};

/// The realm by `RabbitMQ`'s name: some tools keep their login for it, and send it to no other.
const REALM: &str = "Basic realm=\"RabbitMQ Management\"";

/// An answer that is not success.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: &'static str,
    reason: String,
}

impl Refusal {
    pub(super) fn not_found(reason: impl Into<String>) -> Self {
        let (status, error) = (StatusCode::NOT_FOUND, "Object Not Found");
        Self { status, error, reason: reason.into() }
    }

    pub(super) fn bad_request(reason: impl Into<String>) -> Self {
        let (status, error) = (StatusCode::BAD_REQUEST, "bad_request");
        Self { status, error, reason: reason.into() }
    }

    /// There is no such page of a list.
    pub(super) fn pagination(error: &'static str, reason: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, reason }
    }

    /// It cannot be done now.
    pub(super) fn unavailable(reason: impl Into<String>) -> Self {
        let (status, error) = (StatusCode::SERVICE_UNAVAILABLE, "unavailable");
        Self { status, error, reason: reason.into() }
    }

    /// Nobody may ask so.
    pub(super) fn forbidden(reason: impl Into<String>) -> Self {
        let (status, error) = (StatusCode::FORBIDDEN, "forbidden");
        Self { status, error, reason: reason.into() }
    }

    pub(super) fn wrong_method() -> Self {
        let (status, error) = (StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
        Self { status, error, reason: "this path does not take that method".to_owned() }
    }

    /// Who asks is not known.
    pub(super) fn login_failed() -> Self {
        let (status, error) = (StatusCode::UNAUTHORIZED, "not_authorized");
        Self { status, error, reason: "Login failed".to_owned() }
    }

    /// Who asks may not do that; spelt as `RabbitMQ` spells it.
    pub(super) fn not_authorised(reason: impl Into<String>) -> Self {
        let (status, error) = (StatusCode::UNAUTHORIZED, "not_authorised");
        Self { status, error, reason: reason.into() }
    }
}

impl From<AdminError> for Refusal {
    fn from(error: AdminError) -> Self {
        let reason = error.to_string();
        match error {
            AdminError::NotFound { .. } => Self::not_found(reason),
            AdminError::Invalid(_) | AdminError::Refused { .. } => Self::bad_request(reason),
            AdminError::NotKept(_) => {
                let (status, error) = (StatusCode::INTERNAL_SERVER_ERROR, "internal_error");
                Self { status, error, reason }
            }
            AdminError::Stopping => {
                let (status, error) = (StatusCode::SERVICE_UNAVAILABLE, "unavailable");
                Self { status, error, reason }
            }
        }
    }
}

impl From<DefinitionsError> for Refusal {
    fn from(error: DefinitionsError) -> Self {
        match error {
            DefinitionsError::Admin(error) => error.into(),
            DefinitionsError::Unreadable { .. }
            | DefinitionsError::NotJson(_)
            | DefinitionsError::Invalid { .. } => Self::bad_request(error.to_string()),
        }
    }
}

impl From<BackupError> for Refusal {
    fn from(error: BackupError) -> Self {
        let reason = error.to_string();
        let (status, error) = match error {
            BackupError::InMemory | BackupError::Unfit { .. } => {
                return Self::bad_request(reason);
            }
            BackupError::Busy { .. } => (StatusCode::CONFLICT, "conflict"),
            BackupError::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            BackupError::Io { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
        };
        Self { status, error, reason }
    }
}

impl From<AmqpError> for Refusal {
    #[expect(clippy::wildcard_enum_match_arm, reason = "all else is the caller's mistake")]
    fn from(error: AmqpError) -> Self {
        let reason = error.reply_text().to_string();
        match error.code {
            ReplyCode::NotFound => Self::not_found(reason),
            ReplyCode::AccessRefused => Self::not_authorised(reason),
            // As RabbitMQ: the text alone.
            _ => Self::bad_request(error.text),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { status, error, reason } = self;
        let mut response =
            (status, Json(json!({ "error": error, "reason": reason }))).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static(REALM);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
