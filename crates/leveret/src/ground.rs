//! What all requests of one handler stand on.

use std::sync::Arc;

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
}
