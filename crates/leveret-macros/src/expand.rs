//! From a function and its attributes to the function and its `handler()`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Error, FnArg, Ident, ItemFn, ReturnType, parse2};

use crate::attributes::{Attributes, Mode};
use crate::rule::ErrorRule;

pub(crate) fn handler(attributes: TokenStream, item: TokenStream) -> Result<TokenStream, Error> {
    let attributes: Attributes = parse2(attributes)?;
    let function: ItemFn = parse2(item)?;
    check_signature(&attributes, &function)?;
    let declaration = declaration(&attributes, &function)?;
    let checks = checks(&function);
    let crossing = function.sig.asyncness.map(|_| crossing(&function));
    let (name, visibility) = (&function.sig.ident, &function.vis);
    let doc = format!("The declaration of the handler [`{name}`](fn@{name}).");
    Ok(quote! {
        #function

        #crossing

        #[doc = #doc]
        #[derive(::core::fmt::Debug)]
        #[expect(non_camel_case_types, reason = "it is named as its function")]
        #visibility enum #name {}

        impl #name {
            /// The handler, to be handed to `App::handler`.
            pub fn handler() -> ::leveret::Handler {
                #checks
                #declaration
            }
        }
    })
}

fn check_signature(attributes: &Attributes, function: &ItemFn) -> Result<(), Error> {
    let signature = &function.sig;
    match (signature.asyncness, attributes.is_blocking) {
        (None, false) => {
            let text = "a handler is an async function: write `async fn`, or `#[handler(blocking, …)]` if it blocks";
            return Err(Error::new(signature.fn_token.span(), text));
        }
        (Some(asyncness), true) => {
            let text = "a blocking handler is a plain function: leave out `async`, or `blocking`";
            return Err(Error::new(asyncness.span(), text));
        }
        (Some(_), false) | (None, true) => {}
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new(
            signature.generics.span(),
            "a handler has no generic parameters: name the type, or write `Handler::new(\"…\", function::<Type>)` without the attribute",
        ));
    }
    for argument in &signature.inputs {
        if let FnArg::Receiver(receiver) = argument {
            return Err(Error::new(
                receiver.span(),
                "a handler is a free function; share values with `State<T>`",
            ));
        }
    }
    if let Some(ninth) = signature.inputs.iter().nth(8) {
        return Err(Error::new(
            ninth.span(),
            "a handler has at most eight arguments: take some together in a type with `impl FromMessage`",
        ));
    }
    Ok(())
}

/// Asks for each trait where the type is written, so that an error points there.
fn checks(function: &ItemFn) -> TokenStream {
    let arguments = function.sig.inputs.iter().filter_map(|argument| match argument {
        FnArg::Typed(typed) => Some(&typed.ty),
        FnArg::Receiver(_) => None,
    });
    let arguments = arguments.map(|ty| {
        quote_spanned! { ty.span() => { fn check<T: ::leveret::FromMessage>() {} check::<#ty>(); } }
    });
    let result = match &function.sig.output {
        ReturnType::Default => TokenStream::new(),
        ReturnType::Type(_, ty) => {
            quote_spanned! { ty.span() => { fn check<T: ::leveret::IntoEffects>() {} check::<#ty>(); } }
        }
    };
    quote! { #(#arguments)* #result }
}

/// Asks that the future may go from thread to thread, so that an error names what may not.
fn crossing(function: &ItemFn) -> TokenStream {
    let name = &function.sig.ident;
    let types: Vec<Ident> =
        (0..function.sig.inputs.len()).map(|number| format_ident!("A{number}")).collect();
    let any = types.iter().map(|_| quote! { _ });
    // A body of its own: what is wrong elsewhere keeps the compiler from looking at futures.
    quote_spanned! { name.span() => const _: fn() = || {
        fn check<#(#types,)* F: ::core::marker::Send>(_: fn(#(#types),*) -> F) {}
        check(#name as fn(#(#any),*) -> _);
    }; }
}

fn declaration(attributes: &Attributes, function: &ItemFn) -> Result<TokenStream, Error> {
    let queue = attributes.check()?;
    let function_name = &function.sig.ident;
    let name = match &attributes.name {
        Some(name) => name.value(),
        None => function_name.to_string(),
    };
    let arguments = attributes.arguments.iter().map(|argument| {
        let (name, value) = (&argument.name, &argument.value);
        quote! { .argument(#name, #value) }
    });
    let kind = attributes.kind.as_ref().map_or_else(|| "topic".to_owned(), syn::LitStr::value);
    let exchange = attributes.exchange.iter();
    let bindings = exchange.flat_map(|exchange| {
        let kind = &kind;
        attributes.keys.iter().map(move |key| quote! { .bind_kind(#kind, #exchange, #key) })
    });
    let mode = attributes.mode.map(|mode| match mode {
        Mode::Transaction => format_ident!("transaction"),
        Mode::Confirmed => format_ident!("confirmed"),
    });
    let mode = mode.iter();
    let concurrency = attributes.concurrency.iter();
    let retry = attributes.retrying.policy();
    let retry = retry.iter();
    let rules = attributes.rules.iter().map(ErrorRule::tokens);
    let size = attributes.batch.iter();
    let window = attributes.batch_window.iter();
    let limit = attributes.time_limit_secs.iter();
    let connection = attributes.connection.iter();
    let inbox = attributes.inbox.then(|| format_ident!("inbox"));
    let inbox = inbox.iter();
    let new = match (attributes.is_blocking, &attributes.batch) {
        (true, _) => format_ident!("blocking"),
        (false, Some(_)) => format_ident!("batch"),
        (false, None) => format_ident!("new"),
    };
    Ok(quote! {
        ::leveret::Handler::#new(::leveret::Queue::new(#queue) #(#arguments)*, #function_name)
            .named(#name)
            #(#bindings)*
            #(.#mode())*
            #(.concurrency(#concurrency))*
            #(.size(#size))*
            #(.window(#window))*
            #(.retry(#retry))*
            #(#rules)*
            #(.time_limit(::core::time::Duration::from_secs(#limit)))*
            #(.on_connection(#connection))*
            #(.#inbox())*
    })
}
