//! What all requests of one handler stand on.

use std::sync::Arc;

use leveret_client::Codecs;

use crate::locals::Locals;
use crate::principal::Principal;
use crate::shared::Shared;

/// The same for each message of a handler, so a request shares it.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) handler: String,
    pub(crate) shared: Arc<Shared>,
    /// On whose behalf messages without a user are handled.
    pub(crate) principal: Option<Principal>,
    pub(crate) locals: Locals,
    /// Those that the application has been given, or those that are usual.
    pub(crate) codecs: Codecs,
}

impl Ground {
    pub(crate) fn new(
        handler: &str,
        shared: Arc<Shared>,
        principal: Option<Principal>,
        locals: Locals,
    ) -> Self {
        let given: Option<&Codecs> = locals.state().or_else(|| shared.state());
        let codecs = given.cloned().unwrap_or_default();
        Self { handler: handler.to_owned(), shared, principal, locals, codecs }
    }
}
