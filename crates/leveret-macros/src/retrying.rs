//! How often a message is tried, and after which pauses.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::{Error, Ident, Lit, LitInt};

use crate::class::millis;

/// A length of time.
pub(crate) struct Millis {
    pub(crate) millis: u64,
    pub(crate) span: Span,
}

#[derive(Default)]
pub(crate) struct Retrying {
    pub(crate) attempts: Option<LitInt>,
    pub(crate) delays: Option<LitInt>,
    pub(crate) first: Option<Millis>,
    pub(crate) longest: Option<Millis>,
}

impl Millis {
    /// `"30s"`, as the value of this attribute.
    pub(crate) fn read(name: &Ident, input: ParseStream<'_>) -> Result<Self, Error> {
        let lit: Lit = input.parse()?;
        let text = if let Lit::Str(text) = &lit { text.value() } else { quote!(#lit).to_string() };
        match millis(&text) {
            Some(millis) if millis > 0 => Ok(Self { millis, span: lit.span() }),
            Some(_) | None => {
                let text = format!(
                    "`{text}` is no length of time; write `{name} = \"30s\"`, with `ms`, `s`, `min`, `h` or `d`"
                );
                Err(Error::new(lit.span(), text))
            }
        }
    }
}

impl ToTokens for Millis {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let millis = self.millis;
        tokens.extend(quote! { ::core::time::Duration::from_millis(#millis) });
    }
}

impl Retrying {
    pub(crate) fn check(&self) -> Result<(), Error> {
        match (&self.delays, self.first.as_ref().or(self.longest.as_ref())) {
            (None, Some(pause)) => {
                Err(Error::new(pause.span, "how often after a pause? add `delays = 6`"))
            }
            (Some(_), _) | (None, None) => Ok(()),
        }
    }

    /// The policy, unless nothing was said.
    pub(crate) fn policy(&self) -> Option<TokenStream> {
        if self.attempts.is_none() && self.delays.is_none() {
            return None;
        }
        let attempts =
            self.attempts.as_ref().map_or_else(|| quote! { 3 }, ToTokens::to_token_stream);
        let then = self.delays.as_ref().map(|rounds| {
            let one_second = || quote! { ::core::time::Duration::from_secs(1) };
            let first = self.first.as_ref().map_or_else(one_second, ToTokens::to_token_stream);
            let longest = self.longest.iter();
            quote! { .then(::leveret::Delays::exponential(#first, #rounds) #(.longest(#longest))*) }
        });
        Some(quote! { ::leveret::RetryPolicy::attempts(#attempts) #then })
    }
}

/// A number of one or more, as the value of this attribute.
pub(crate) fn positive(name: &Ident, input: ParseStream<'_>) -> Result<LitInt, Error> {
    let lit: Lit = input.parse()?;
    if let Lit::Int(number) = &lit
        && number.base10_parse::<u64>()? > 0
    {
        return Ok(number.clone());
    }
    let text = format!("`{name}` is a number without quotes, 1 or more: write `{name} = 4`");
    Err(Error::new(lit.span(), text))
}
