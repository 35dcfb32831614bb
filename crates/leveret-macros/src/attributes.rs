//! What `#[handler(…)]` was given.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, Lit, LitBool, LitInt, LitStr, Token, bracketed, parenthesized};

use crate::retrying::{Millis, Retrying, positive};
use crate::rule::ErrorRule;
use crate::slip::hint;

const KNOWN: &str = "queue, exchange, kind, key, keys, arguments, concurrency, mode, attempts, \
     delays, first_delay, longest_delay, on_error, time_limit_secs, inbox, connection, name, batch, batch_window, \
     blocking";

#[derive(Default)]
pub(crate) struct Attributes {
    pub(crate) queue: Option<LitStr>,
    pub(crate) exchange: Option<LitStr>,
    pub(crate) kind: Option<LitStr>,
    pub(crate) keys: Vec<LitStr>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) concurrency: Option<LitInt>,
    pub(crate) mode: Option<Mode>,
    pub(crate) retrying: Retrying,
    pub(crate) rules: Vec<ErrorRule>,
    pub(crate) batch: Option<LitInt>,
    pub(crate) batch_window: Option<Millis>,
    pub(crate) time_limit_secs: Option<LitInt>,
    pub(crate) inbox: bool,
    pub(crate) connection: Option<LitStr>,
    pub(crate) name: Option<LitStr>,
    pub(crate) is_blocking: bool,
}

#[derive(Clone, Copy)]
pub(crate) enum Mode {
    Transaction,
    Confirmed,
}

/// One queue argument.
pub(crate) struct Argument {
    pub(crate) name: LitStr,
    pub(crate) value: Expr,
}

impl Parse for Attributes {
    fn parse(input: ParseStream<'_>) -> Result<Self, Error> {
        let mut attributes = Self::default();
        let mut seen: Vec<Ident> = Vec::new();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            if seen.contains(&name) {
                return Err(Error::new(name.span(), format!("`{name}` is given twice")));
            }
            attributes.read(&name, input)?;
            seen.push(name);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(attributes)
    }
}

impl Attributes {
    fn read(&mut self, name: &Ident, input: ParseStream<'_>) -> Result<(), Error> {
        let text = name.to_string();
        if text == "arguments" {
            let content;
            parenthesized!(content in input);
            let list = Punctuated::<Argument, Token![,]>::parse_terminated(&content)?;
            self.arguments = list.into_iter().collect();
            return Ok(());
        }
        if text == "on_error" {
            let content;
            parenthesized!(content in input);
            let list = Punctuated::<ErrorRule, Token![,]>::parse_terminated(&content)?;
            self.rules = list.into_iter().collect();
            return Ok(());
        }
        if KNOWN.split(", ").all(|known| known != text) {
            return Err(Error::new(
                name.span(),
                format!("unknown attribute `{text}`{}", hint(&text, KNOWN)),
            ));
        }
        if text == "blocking" {
            self.is_blocking = true;
            return Ok(());
        }
        input.parse::<Token![=]>()?;
        match text.as_str() {
            "queue" => self.queue = Some(short(input)?),
            "exchange" => self.exchange = Some(short(input)?),
            "kind" => self.kind = Some(short(input)?),
            "key" => self.keys.push(short(input)?),
            "keys" => {
                let content;
                bracketed!(content in input);
                let list = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
                self.keys.extend(list);
            }
            "concurrency" => self.concurrency = Some(positive(name, input)?),
            "mode" => self.mode = Some(mode(&input.parse()?)?),
            "attempts" => self.retrying.attempts = Some(positive(name, input)?),
            "delays" => self.retrying.delays = Some(positive(name, input)?),
            "first_delay" => self.retrying.first = Some(Millis::read(name, input)?),
            "longest_delay" => self.retrying.longest = Some(Millis::read(name, input)?),
            "batch" => self.batch = Some(positive(name, input)?),
            "batch_window" => self.batch_window = Some(Millis::read(name, input)?),
            "time_limit_secs" => self.time_limit_secs = Some(positive(name, input)?),
            "inbox" => self.inbox = input.parse::<LitBool>()?.value,
            "connection" => self.connection = Some(input.parse()?),
            "name" => self.name = Some(input.parse()?),
            other => return Err(Error::new(name.span(), format!("unknown attribute `{other}`"))),
        }
        Ok(())
    }

    /// What only shows when all is read.
    pub(crate) fn check(&self) -> Result<&LitStr, Error> {
        if self.exchange.is_some() && self.keys.is_empty() {
            let span = self.exchange.as_ref().map_or_else(Span::call_site, LitStr::span);
            return Err(Error::new(
                span,
                "an exchange needs binding keys: add `key = \"…\"`, with `\"#\"` for all messages",
            ));
        }
        if let (None, Some(key)) = (&self.exchange, self.keys.first()) {
            return Err(Error::new(
                key.span(),
                "a binding key needs an exchange: add `exchange = \"…\"`",
            ));
        }
        self.retrying.check()?;
        if let (Some(batch), true) = (&self.batch, self.is_blocking) {
            let text =
                "a blocking handler takes one message at a time: leave out `batch`, or `blocking`";
            return Err(Error::new(batch.span(), text));
        }
        if let (Some(window), None) = (&self.batch_window, &self.batch) {
            return Err(Error::new(window.span, "a window is one of a batch: add `batch = 100`"));
        }
        self.queue.as_ref().ok_or_else(|| {
            Error::new(Span::call_site(), "which queue? write `#[handler(queue = \"…\")]`")
        })
    }
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self, Error> {
        let name = if input.peek(LitStr) {
            input.parse()?
        } else {
            let ident: Ident = input.parse()?;
            LitStr::new(&ident.to_string(), ident.span())
        };
        input.parse::<Token![=]>()?;
        Ok(Self { name, value: input.parse()? })
    }
}

/// A literal that fits into AMQP's short strings.
fn short(input: ParseStream<'_>) -> Result<LitStr, Error> {
    let text: LitStr = input.parse()?;
    if text.value().len() > 255 {
        return Err(Error::new(text.span(), "a name has at most 255 bytes"));
    }
    Ok(text)
}

fn mode(lit: &Lit) -> Result<Mode, Error> {
    let value = if let Lit::Str(text) = lit { text.value() } else { String::new() };
    match value.as_str() {
        "transaction" => Ok(Mode::Transaction),
        "confirmed" => Ok(Mode::Confirmed),
        _ => Err(Error::new(lit.span(), "the mode is `\"transaction\"` or `\"confirmed\"`")),
    }
}
