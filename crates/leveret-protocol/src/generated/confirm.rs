//! The methods of class confirm.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

/// `confirm.select`: Asks for a confirm of every publish on this channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Select {
    /// Whether the reply is left out.
    pub no_wait: bool,
}

/// `confirm.select-ok`: Publishes will be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SelectOk;
