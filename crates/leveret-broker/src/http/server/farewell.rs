//! The last answer on a connection, from the server itself and not from a route.

use axum::{
    body::Body,
    http::{
        HeaderValue, StatusCode,
        header::{CONNECTION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};

/// Why the server ends a connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Farewell {
    /// A request did not come in time.
    Late,
    /// A request announces a larger body than is taken.
    TooLarge,
    /// There are too many connections.
    Crowded,
}

impl Farewell {
    const fn status(self) -> StatusCode {
        match self {
            Self::Late => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Crowded => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// In the shape of every refusal.
    const fn body(self) -> &'static str {
        match self {
            Self::Late => {
                r#"{"error":"request_timeout","reason":"the request was not whole in time"}"#
            }
            Self::TooLarge => r#"{"error":"too_large","reason":"the body has too many bytes"}"#,
            Self::Crowded => r#"{"error":"unavailable","reason":"there are too many connections"}"#,
        }
    }

    /// The answer byte for byte, where nothing has parsed a request.
    pub(super) fn bytes(self) -> Vec<u8> {
        let (status, body) = (self.status(), self.body());
        let retry = match self {
            Self::Late | Self::TooLarge => "",
            Self::Crowded => "retry-after: 1\r\n",
        };
        let bytes = body.len();
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {bytes}\r\n\
             connection: close\r\n{retry}\r\n{body}"
        )
        .into_bytes()
    }
}

impl IntoResponse for Farewell {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}
