//! The attribute macros of leveret; use them through the crate `leveret`.
//!
//! Parse, then model, then expand; each a plain function over token streams.

mod attributes;
mod expand;

use proc_macro::TokenStream;

/// Declares what an async function handles.
///
/// The function stays as it is, to be called in tests; beside it appears `<name>::handler()`,
/// which gives the `leveret::Handler` to hand to `App::handler`.
///
/// | attribute | means |
/// |---|---|
/// | `queue = "…"` | the queue it consumes from; needed |
/// | `exchange = "…"` | the topic exchange the queue is bound to |
/// | `kind = "…"` | another kind of exchange: `"direct"`, `"fanout"`, `"headers"` |
/// | `key = "…"` or `keys = ["…", "…"]` | the binding keys |
/// | `arguments(name = value, …)` | queue arguments: strings, integers, booleans keep their type; dashes in names are written as quotes: `"x-max-length" = 1000` |
/// | `concurrency = 4` | how many messages at a time |
/// | `mode = "transaction"` or `"confirmed"` | how outputs and acknowledgement belong together |
/// | `attempts = 3` | how often a message is tried |
/// | `time_limit_secs = 30` | how long one attempt may take |
/// | `inbox = true` | each message-id is handled once |
/// | `connection = "…"` | a named connection |
/// | `name = "…"` | another name than the function's |
#[proc_macro_attribute]
pub fn handler(attributes: TokenStream, item: TokenStream) -> TokenStream {
    expand::handler(attributes.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
