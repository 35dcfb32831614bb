//! What one `#[classify(…)]` says: a class, a name.

use leveret_settings::parse_duration;
use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned as _;
use syn::{Attribute, Error, Ident, Lit, LitStr, Token};

use crate::slip::hint;

const KNOWN: &str = "transient, permanent, busy, pause, conflict, transparent, name";

/// What was said on an enum, a struct or a variant; nothing is said twice.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) class: Option<Class>,
    pub(crate) name: Option<LitStr>,
    /// The error within says both.
    pub(crate) transparent: Option<Ident>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Transient,
    Permanent,
    Busy { millis: u64 },
    Pause { millis: u64 },
    Conflict,
}

/// One entry of a list.
enum Entry {
    Class(Ident, Class),
    Name(LitStr),
    Transparent(Ident),
}

impl Said {
    /// Reads all `#[classify(…)]` among the attributes.
    pub(crate) fn of(attributes: &[Attribute]) -> Result<Self, Error> {
        let mut said = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("classify"))
        {
            let list = attribute.parse_args_with(|input: ParseStream<'_>| {
                input.parse_terminated(Entry::parse, Token![,])
            })?;
            if list.is_empty() {
                let text = format!("say something in `#[classify(..)]`: {KNOWN}");
                return Err(Error::new(attribute.span(), text));
            }
            list.into_iter().try_for_each(|entry| said.add(entry))?;
        }
        if let (Some(word), true) = (&said.transparent, said.class.is_some() || said.name.is_some())
        {
            let text = "`transparent` stands alone: the error within has a class and a name";
            return Err(Error::new(word.span(), text));
        }
        Ok(said)
    }

    fn add(&mut self, entry: Entry) -> Result<(), Error> {
        match entry {
            Entry::Class(word, class) => match self.class.replace(class) {
                Some(_) => Err(Error::new(
                    word.span(),
                    format!("`{word}` is a second class: an error has one, so keep one of them"),
                )),
                None => Ok(()),
            },
            Entry::Name(name) => match self.name.replace(name) {
                Some(first) => Err(Error::new(first.span(), "`name` is given twice: keep one")),
                None => Ok(()),
            },
            Entry::Transparent(word) => {
                self.transparent = Some(word);
                Ok(())
            }
        }
    }
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> Result<Self, Error> {
        let word: Ident = input.parse()?;
        let class = match word.to_string().as_str() {
            "transient" => Class::Transient,
            "permanent" => Class::Permanent,
            "busy" => Class::Busy { millis: span_of_time(&word, input)? },
            "pause" => Class::Pause { millis: span_of_time(&word, input)? },
            "conflict" => Class::Conflict,
            "transparent" => return Ok(Self::Transparent(word)),
            "name" => {
                input.parse::<Token![=]>()?;
                return Ok(Self::Name(input.parse()?));
            }
            other => {
                let text = format!("unknown `{other}`{}", hint(other, KNOWN));
                return Err(Error::new(word.span(), text));
            }
        };
        if input.peek(Token![=]) {
            return Err(input.error(format!("`{word}` has no value: write only `{word}`")));
        }
        Ok(Self::Class(word, class))
    }
}

impl Class {
    pub(crate) fn tokens(self) -> TokenStream {
        let after = |millis| quote! { (::core::time::Duration::from_millis(#millis)) };
        let (class, after) = match self {
            Self::Transient => (quote! { Transient }, TokenStream::new()),
            Self::Permanent => (quote! { Permanent }, TokenStream::new()),
            Self::Busy { millis } => (quote! { Busy }, after(millis)),
            Self::Conflict => (quote! { Conflict }, TokenStream::new()),
            Self::Pause { millis } => (quote! { Pause }, after(millis)),
        };
        quote! { ::leveret::Class::#class #after }
    }
}

/// The time after `busy =`, in milliseconds.
fn span_of_time(word: &Ident, input: ParseStream<'_>) -> Result<u64, Error> {
    if !input.peek(Token![=]) {
        let text = format!("for how long? write `{word} = \"30s\"`");
        return Err(Error::new(word.span(), text));
    }
    input.parse::<Token![=]>()?;
    let lit: Lit = input.parse()?;
    let text = if let Lit::Str(text) = &lit { text.value() } else { quote!(#lit).to_string() };
    match millis(&text) {
        Some(millis) if millis > 0 => Ok(millis),
        Some(_) | None => {
            let wanted = "a number and a unit in quotes, as in `\"500ms\"`, `\"30s\"`, `\"1min\"`, `\"2h\"`, `\"7d\"`";
            Err(Error::new(lit.span(), format!("`{text}` is no length of time; write {wanted}")))
        }
    }
}

/// A length of time as configuration files have it, in milliseconds.
pub(crate) fn millis(text: &str) -> Option<u64> {
    let time = parse_duration(text)?;
    u64::try_from(time.as_millis()).ok()
}
