//! Whom a message is handled for, from what the broker has proven.
//!
//! Keeps true: a name comes from the broker, which has compared it with the publisher's login, or
//! from the program; never from a header.

use std::future::{Future, ready};

use super::FromMessage;
use crate::failure::{Class, Classify};
use crate::principal::Principal;
use crate::request::Request;
use crate::shared::Needs;

/// Where a copy that the framework made keeps the user-id, which nobody has validated again.
const KEPT_USER_ID: &str = "x-leveret-user-id";

/// A message has no principal, and must have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoPrincipal {
    /// Neither the message nor the handler names one.
    #[error("the message has no user-id, and the handler no principal")]
    Missing,
    /// The message had a user-id that the broker no longer vouches for.
    #[error("the user-id was validated when the message was published, but it was copied since")]
    Unproven,
    /// The user-id is no text.
    #[error("the user-id is no UTF-8")]
    NoText,
}

/// Who it is, or why nobody.
pub(crate) fn principal_of(request: &Request) -> Result<Principal, NoPrincipal> {
    let message = request.message();
    if let Some(user_id) = message.properties().user_id().filter(|id| !id.is_empty()) {
        return user_id.to_str().map(Principal::new).map_err(|_| NoPrincipal::NoText);
    }
    if message.header(KEPT_USER_ID).is_some() {
        return Err(NoPrincipal::Unproven);
    }
    request.principal().cloned().ok_or(NoPrincipal::Missing)
}

impl Classify for NoPrincipal {
    fn class(&self) -> Class {
        Class::Permanent
    }

    fn name(&self) -> &'static str {
        "no-principal"
    }
}

impl FromMessage for Principal {
    type Rejection = NoPrincipal;

    fn from_message(request: &Request) -> impl Future<Output = Result<Self, NoPrincipal>> + Send {
        ready(principal_of(request))
    }

    fn needs(needs: &mut Needs<'_>) {
        needs.one_message("Principal");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use leveret_protocol::{FieldTable, PropertiesBuilder, ShortStr};

    use super::*;
    use crate::ground::Ground;
    use crate::locals::Locals;
    use crate::message::Message;
    use crate::shared::Shared;

    fn principal(
        properties: PropertiesBuilder,
        fixed: Option<&str>,
    ) -> Result<String, NoPrincipal> {
        let message = Message::new("k", properties.build(), "");
        let shared = Arc::new(Shared::new("app"));
        let ground = Ground::new("h", shared, fixed.map(Principal::new), Locals::default());
        let request = Request::new(message, Arc::new(ground), 1);
        principal_of(&request).map(|principal| principal.to_string())
    }

    #[test]
    fn the_validated_user_id_wins_over_the_handlers() {
        let ann = || PropertiesBuilder::default().user_id(ShortStr::from_static("ann"));
        assert_eq!(principal(ann(), Some("batch")).unwrap(), "ann");
        assert_eq!(principal(ann(), None).unwrap(), "ann");
        assert_eq!(principal(PropertiesBuilder::default(), Some("batch")).unwrap(), "batch");
        assert_eq!(principal(PropertiesBuilder::default(), None), Err(NoPrincipal::Missing));
    }

    #[test]
    fn a_header_names_nobody() {
        let table = FieldTable::builder().insert(KEPT_USER_ID, "root").build();
        let forged = PropertiesBuilder::default().headers(table);
        assert_eq!(principal(forged, Some("batch")), Err(NoPrincipal::Unproven));
    }
}
