//! The methods of class channel.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

use crate::short_str::ShortStr;

/// `channel.open`: Opens a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Open;

/// `channel.open-ok`: The channel is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenOk;

/// `channel.flow`: Stops or restarts the flow of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flow {
    /// Whether content may flow.
    pub active: bool,
}

/// `channel.flow-ok`: Confirms a flow method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FlowOk {
    /// Whether content may flow.
    pub active: bool,
}

/// `channel.close`: Asks to close the channel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Close {
    /// The reply code.
    pub reply_code: u16,
    /// What went wrong, for people.
    pub reply_text: ShortStr,
    /// The class of the method that failed, or 0.
    pub class_id: u16,
    /// The method that failed, or 0.
    pub method_id: u16,
}

/// `channel.close-ok`: The channel is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CloseOk;
