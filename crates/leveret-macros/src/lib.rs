//! The attribute macros of leveret; use them through the crate `leveret`.
//!
//! Parse, then model, then expand; each a plain function over token streams.

mod attributes;
mod class;
mod classify;
mod expand;
mod retrying;
mod rule;
mod slip;

use proc_macro::TokenStream;

/// Declares what a function handles: an async one, or with `blocking` a plain one.
///
/// The function stays as it is, to be called in tests; beside it appears `<name>::handler()`,
/// which gives the `leveret::Handler` to hand to `App::handler`.
///
/// | attribute | means |
/// |---|---|
/// | `queue = "…"` | the queue it consumes from; needed |
/// | `exchange = "…"` | the topic exchange the queue is bound to |
/// | `kind = "…"` | another kind of exchange: `"direct"`, `"fanout"`, `"headers"` |
/// | `key = "…"` or `keys = ["…", "…"]` | the binding keys; their words may have names, `"orders.{region}.#"`, taken as `Captures<T>` |
/// | `arguments(name = value, …)` | queue arguments: strings, integers, booleans keep their type; dashes in names are written as quotes: `"x-max-length" = 1000` |
/// | `concurrency = 4` | how many messages at a time |
/// | `mode = "transaction"` or `"confirmed"` | how outputs and acknowledgement belong together |
/// | `attempts = 3` | how often a message is tried at once |
/// | `delays = 6` | in how many rounds more, after pauses that double; `first_delay = "5s"` and `longest_delay = "2min"` say how long |
/// | `on_error(stale = "drop", busy = pause("1min"), "card-expired" = retry(5))` | what follows errors of a class or a name; also `"dead-letter"` |
/// | `batch = 100` | it takes a `Batch` of so many messages at most; `batch_window = "1s"` says how long one waits for more |
/// | `time_limit_secs = 30` | how long one attempt may take |
/// | `inbox = true` | each message-id is handled once |
/// | `connection = "…"` | a named connection |
/// | `name = "…"` | another name than the function's |
/// | `blocking` | a plain function, which may block: it runs on threads of its own |
#[proc_macro_attribute]
pub fn handler(attributes: TokenStream, item: TokenStream) -> TokenStream {
    expand::handler(attributes.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Says of an error type what is to become of a message that fails with it.
///
/// Each variant has a class of its own, or the enum's. A struct has one.
///
/// | attribute | means |
/// |---|---|
/// | `#[classify(transient)]` | trying again may help |
/// | `#[classify(permanent)]` | the message is at fault: it becomes a dead letter at once |
/// | `#[classify(busy = "30s")]` | tried again after this time, as the policy allows; the units are `ms`, `s`, `min`, `h`, `d` |
/// | `#[classify(pause = "1min")]` | what the handler depends on is out of order: it stops for this time, no attempt is counted |
/// | `#[classify(conflict)]` | another one was in the way: tried again at once, no attempt is counted, up to twenty times in a row |
/// | `#[classify(transparent)]` | the error within, the only field, says both |
/// | `#[classify(name = "card-expired")]` | the name that dead letters are grouped by; without it `CardExpired` is named `card-expired` |
///
/// The type implements `Display` besides, by `thiserror` for example.
#[proc_macro_derive(Classify, attributes(classify))]
pub fn derive_classify(item: TokenStream) -> TokenStream {
    classify::classify(item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}
