//! What `on_error(…)` says of one kind of error.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitInt, LitStr, Token, parenthesized};

use crate::retrying::{Millis, positive};

const FORMS: &str = "write `\"drop\"`, `\"dead-letter\"`, `pause(\"30s\")` or `retry(5)`";

/// A class or a name, and what follows.
pub(crate) struct ErrorRule {
    errors: String,
    rule: Rule,
}

enum Rule {
    Drop,
    DeadLetter,
    Pause(Millis),
    Retry(LitInt),
}

impl Parse for ErrorRule {
    fn parse(input: ParseStream<'_>) -> Result<Self, Error> {
        let errors = if input.peek(LitStr) {
            input.parse::<LitStr>()?.value()
        } else {
            input.parse::<Ident>()?.to_string()
        };
        input.parse::<Token![=]>()?;
        Ok(Self { errors, rule: input.parse()? })
    }
}

impl Parse for Rule {
    fn parse(input: ParseStream<'_>) -> Result<Self, Error> {
        if input.peek(LitStr) {
            let word: LitStr = input.parse()?;
            return match word.value().as_str() {
                "drop" => Ok(Self::Drop),
                "dead-letter" => Ok(Self::DeadLetter),
                other => Err(Error::new(word.span(), format!("unknown rule `{other}`: {FORMS}"))),
            };
        }
        let word: Ident = input.parse().map_err(|error| Error::new(error.span(), FORMS))?;
        let content;
        match word.to_string().as_str() {
            "pause" => {
                parenthesized!(content in input);
                Ok(Self::Pause(Millis::read(&word, &content)?))
            }
            "retry" => {
                parenthesized!(content in input);
                Ok(Self::Retry(positive(&word, &content)?))
            }
            other => Err(Error::new(word.span(), format!("unknown rule `{other}`: {FORMS}"))),
        }
    }
}

impl ErrorRule {
    pub(crate) fn tokens(&self) -> TokenStream {
        let rule = match &self.rule {
            Rule::Drop => quote! { Drop },
            Rule::DeadLetter => quote! { DeadLetter },
            Rule::Pause(pause) => quote! { Pause(#pause) },
            Rule::Retry(attempts) => {
                let attempts = attempts.to_token_stream();
                quote! { Retry(::leveret::RetryPolicy::attempts(#attempts)) }
            }
        };
        let errors = &self.errors;
        quote! { .on_error(#errors, ::leveret::Rule::#rule) }
    }
}
