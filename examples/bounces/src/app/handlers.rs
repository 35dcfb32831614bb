//! The two handlers: one classifies a mail, one picks the addresses to suppress.
//!
//! Each is a plain function: what it returns leaves in the same transaction in which its
//! message is acknowledged, so a crash repeats a mail or keeps its result, never both.

use std::sync::Arc;
use std::time::Duration;

use bounces::Unparsable;
use leveret::{Class, Classify, Failure, Json, Message, Publish, State, derived_message_id};

use super::names::{Names, SUPPRESS};
use super::record::{MailResult, Suppressed};

/// The header in which the files bridge tells a mail's path.
const FILE_NAME_HEADER: &str = "X-Filename";

/// What the handlers need to know.
#[derive(Debug, Clone)]
pub(crate) struct Bench {
    /// Where results go.
    pub(crate) names: Arc<Names>,
    /// How long each mail is held, to see the program at work.
    pub(crate) pace: Duration,
}

/// A mail that is none: a dead letter, with the reason in its headers.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct NoMail(Unparsable);

impl Classify for NoMail {
    fn class(&self) -> Class {
        Class::Permanent
    }

    fn name(&self) -> &str {
        self.0.kind()
    }
}

/// Classifies one mail and publishes what it is.
pub(crate) async fn classify(
    State(bench): State<Bench>,
    mail: Message,
) -> Result<Publish, Failure> {
    if !bench.pace.is_zero() {
        tokio::time::sleep(bench.pace).await;
    }
    let verdict = bounces::classify(mail.body()).map_err(|reason| {
        let reason = NoMail(reason);
        Failure::permanent(&reason).named(reason.name())
    })?;
    let id = mail.message_id().map(|id| id.to_string()).unwrap_or_default();
    let file = mail.header_text(FILE_NAME_HEADER).unwrap_or_default();
    let result = MailResult { id, file, verdict };
    let publish = Publish::new(bench.names.exchange(), result.routing_key());
    Ok(publish.message_id(result.id.as_str()).json(&result)?)
}

/// Publishes each address of a result that should get no more mail.
///
/// The id of such a message derives from the address: an address has one file, whichever mail
/// brings it first.
pub(crate) async fn suppress(
    State(bench): State<Bench>,
    Json(result): Json<MailResult>,
) -> Result<Vec<Publish>, Failure> {
    let publishes = result.verdict.suppressed().map(|address| {
        let publish =
            Publish::new(bench.names.exchange(), SUPPRESS).message_id(suppressed_id(address));
        Ok(publish.json(&Suppressed { address: address.to_owned() })?)
    });
    publishes.collect()
}

/// The id under which an address is suppressed.
pub(crate) fn suppressed_id(address: &str) -> String {
    derived_message_id(&["suppressed", address]).to_string()
}
