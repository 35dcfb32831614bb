//! What an exchange is declared with.

use leveret_protocol::{FieldTable, ShortStr};

use super::kind::ExchangeKind;

/// What an exchange is declared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExchangeSpec {
    pub(crate) name: ShortStr,
    pub(crate) kind: ExchangeKind,
    pub(crate) durability: ExchangeDurability,
    pub(crate) auto_delete: bool,
    pub(crate) internal: bool,
    pub(crate) arguments: FieldTable,
}

/// Whether an exchange survives a restart, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExchangeDurability {
    Transient,
    Durable,
    /// Durable, and there in every virtual host: nothing of it is recorded.
    Builtin,
}

impl ExchangeSpec {
    /// The type by which it routes.
    pub(crate) fn routes_as(&self) -> ExchangeKind {
        // The arguments were legal when it was declared.
        self.kind.routes_as(&self.arguments).unwrap_or(self.kind)
    }
}
