//! From an error type and what was said of it to its `Classify`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DataEnum, DataStruct, DeriveInput, Error, Fields, Ident, Variant, parse2};

use crate::class::{Class, Said};

pub(crate) fn classify(item: TokenStream) -> Result<TokenStream, Error> {
    let input: DeriveInput = parse2(item)?;
    let said = Said::of(&input.attrs)?;
    let (class, name) = match &input.data {
        Data::Enum(data) => of_enum(data, &said)?,
        Data::Struct(data) => of_struct((&input.ident, data), &said)?,
        Data::Union(union) => {
            return Err(Error::new(union.union_token.span, "an error is an enum or a struct"));
        }
    };
    let ty = &input.ident;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::leveret::Classify for #ty #arguments #conditions {
            fn class(&self) -> ::leveret::Class {
                #class
            }

            fn name(&self) -> &str {
                #name
            }
        }
    })
}

fn of_struct(
    (ty, data): (&Ident, &DataStruct),
    said: &Said,
) -> Result<(TokenStream, TokenStream), Error> {
    if let Some(word) = &said.transparent {
        let (binding, inner) = inside(&data.fields, word)?;
        let of = |method: TokenStream| quote! { { let Self #binding = self; #method(#inner) } };
        return Ok((of(class_of()), of(name_of())));
    }
    let class = said.class.ok_or_else(|| unclassified(ty, "the struct"))?.tokens();
    let name = said.name.as_ref().map_or_else(|| kebab(ty), syn::LitStr::value);
    Ok((class, quote! { #name }))
}

fn of_enum(data: &DataEnum, all: &Said) -> Result<(TokenStream, TokenStream), Error> {
    if data.variants.is_empty() {
        return Ok((quote! { match *self {} }, quote! { match *self {} }));
    }
    let mut classes = Vec::new();
    let mut names = Vec::new();
    if let Some(word) = &all.transparent {
        let text = "`transparent` is said of a variant: write it on the one that holds an error";
        return Err(Error::new(word.span(), text));
    }
    for variant in &data.variants {
        let said = Said::of(&variant.attrs)?;
        if let Some(word) = &said.transparent {
            let (name, (binding, inner)) = (&variant.ident, inside(&variant.fields, word)?);
            let (class, inner_name) = (class_of(), name_of());
            classes.push(quote! { Self::#name #binding => #class(#inner) });
            names.push(quote! { Self::#name #binding => #inner_name(#inner) });
            continue;
        }
        let class: Class = said
            .class
            .or(all.class)
            .ok_or_else(|| unclassified(&variant.ident, "it, or on the enum as the default"))?;
        let class = class.tokens();
        let name = said.name.as_ref().or(all.name.as_ref());
        let name = name.map_or_else(|| kebab(&variant.ident), syn::LitStr::value);
        let pattern = pattern(variant);
        classes.push(quote! { #pattern => #class });
        names.push(quote! { #pattern => #name });
    }
    Ok((quote! { match self { #(#classes,)* } }, quote! { match self { #(#names,)* } }))
}

fn class_of() -> TokenStream {
    quote! { ::leveret::Classify::class }
}

fn name_of() -> TokenStream {
    quote! { ::leveret::Classify::name }
}

/// What takes the one field apart, and what it is bound to.
fn inside(fields: &Fields, word: &Ident) -> Result<(TokenStream, TokenStream), Error> {
    let mut all = fields.iter();
    let (Some(field), None) = (all.next(), all.next()) else {
        let text = "`transparent` needs one field, the error that says the class and the name";
        return Err(Error::new(word.span(), text));
    };
    Ok(match &field.ident {
        Some(name) => (quote! { { #name: inner } }, quote! { inner }),
        None => (quote! { (inner) }, quote! { inner }),
    })
}

fn pattern(variant: &Variant) -> TokenStream {
    let name = &variant.ident;
    match variant.fields {
        Fields::Named(_) => quote! { Self::#name { .. } },
        Fields::Unnamed(_) => quote! { Self::#name(..) },
        Fields::Unit => quote! { Self::#name },
    }
}

fn unclassified(what: &Ident, place: &str) -> Error {
    let text = format!(
        "may `{what}` pass? write `#[classify(transient)]` or `#[classify(permanent)]` on {place}"
    );
    Error::new(what.span(), text)
}

/// `CardExpired` as `card-expired`.
fn kebab(name: &Ident) -> String {
    let mut kebab = String::new();
    for c in name.to_string().trim_start_matches("r#").chars() {
        if c.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(c.to_lowercase());
    }
    kebab
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_error(item: TokenStream, wanted: &str) {
        assert_eq!(classify(item).unwrap_err().to_string(), wanted);
    }

    #[test]
    fn a_variant_without_a_class_is_asked_for_one() {
        check_error(
            quote! { enum E { #[classify(permanent)] Bad, Silent } },
            "may `Silent` pass? write `#[classify(transient)]` or `#[classify(permanent)]` on it, or on the enum as the default",
        );
        check_error(
            quote! { struct Silent; },
            "may `Silent` pass? write `#[classify(transient)]` or `#[classify(permanent)]` on the struct",
        );
    }

    #[test]
    fn a_slip_is_told_what_is_known() {
        check_error(
            quote! { enum E { #[classify(transiet)] Silent } },
            "unknown `transiet`; did you mean `transient`? Known are transient, permanent, busy, pause, conflict, transparent, name",
        );
        check_error(
            quote! { #[classify()] enum E {} },
            "say something in `#[classify(..)]`: transient, permanent, busy, pause, conflict, transparent, name",
        );
    }

    #[test]
    fn an_error_has_one_class_and_one_name() {
        check_error(
            quote! { enum E { #[classify(transient, permanent)] Silent } },
            "`permanent` is a second class: an error has one, so keep one of them",
        );
        check_error(
            quote! { enum E { #[classify(name = "a", name = "b")] Silent } },
            "`name` is given twice: keep one",
        );
        check_error(
            quote! { enum E { #[classify(transient = "5s")] Silent } },
            "`transient` has no value: write only `transient`",
        );
    }

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        let wanted = "a number and a unit in quotes, as in `\"500ms\"`, `\"30s\"`, `\"1min\"`, `\"2h\"`, `\"7d\"`";
        for (item, found) in [
            (quote! { enum E { #[classify(busy = "soon")] Full } }, "soon"),
            (quote! { enum E { #[classify(busy = 30)] Full } }, "30"),
            (quote! { enum E { #[classify(busy = "0s")] Full } }, "0s"),
        ] {
            check_error(item, &format!("`{found}` is no length of time; write {wanted}"));
        }
        check_error(
            quote! { enum E { #[classify(busy)] Full } },
            "for how long? write `busy = \"30s\"`",
        );
    }

    #[test]
    fn what_is_transparent_holds_one_error_and_says_nothing_else() {
        let one = "`transparent` needs one field, the error that says the class and the name";
        check_error(quote! { enum E { #[classify(transparent)] Both(A, B) } }, one);
        check_error(quote! { #[classify(transparent)] struct E; }, one);
        check_error(
            quote! { enum E { #[classify(transparent, name = "a")] Bank(A) } },
            "`transparent` stands alone: the error within has a class and a name",
        );
        check_error(
            quote! { #[classify(transparent)] enum E { Bank(A) } },
            "`transparent` is said of a variant: write it on the one that holds an error",
        );
    }

    #[test]
    fn a_union_is_no_error() {
        check_error(quote! { union U { a: u8 } }, "an error is an enum or a struct");
    }
}
