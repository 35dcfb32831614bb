//! Functions as handlers: any async function of extractors that returns effects.

use std::any::type_name;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use crate::effects::{Effects, IntoEffects};
use crate::extract::FromMessage;
use crate::failure::Failure;
use crate::message::Message;
use crate::request::Request;
use crate::shared::Needs;

/// An async function whose arguments are extractors and whose result is effects.
///
/// Implemented for functions and closures of up to eight arguments; nobody else implements it.
/// When the compiler says that a function does not implement this, put `#[leveret::handler]` on
/// it: that names the argument or the result that does not fit.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "not a handler",
    note = "a handler is an async function of up to eight extractors that returns effects; its future must be `Send`, its error `leveret::Classify`",
    note = "with `#[leveret::handler(queue = \"…\")]` on the function the compiler names what does not fit"
)]
pub trait HandlerFn<Args>: Send + Sync + 'static {
    /// Runs one attempt.
    fn call(&self, request: &Request) -> impl Future<Output = Effects> + Send;

    /// What its arguments need of the application.
    fn needs(needs: &mut Needs<'_>);
}

impl<F, Fut> HandlerFn<()> for F
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future + Send,
    Fut::Output: IntoEffects,
{
    async fn call(&self, _: &Request) -> Effects {
        let mut effects = Effects::default();
        self().await.add_to(&mut effects);
        effects
    }

    fn needs(_: &mut Needs<'_>) {}
}

macro_rules! functions {
    ($($($name:ident)+;)*) => {
        $(impl<F, Fut, $($name,)+> HandlerFn<($($name,)+)> for F
        where
            F: Fn($($name),*) -> Fut + Send + Sync + 'static,
            Fut: Future + Send,
            Fut::Output: IntoEffects,
            $($name: FromMessage + Send,)*
        {
            #[expect(non_snake_case, reason = "each argument is named as its type")]
            async fn call(&self, request: &Request) -> Effects {
                $(let $name = match $name::from_message(request).await {
                    Ok(value) => value,
                    Err(rejection) => return Effects::failed(Failure::of(&rejection)),
                };)*
                let mut effects = Effects::default();
                self($($name),*).await.add_to(&mut effects);
                effects
            }

            fn needs(needs: &mut Needs<'_>) {
                $($name::needs(needs);)*
            }
        })*
    };
}

functions! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E G;
    A B C D E G H;
    A B C D E G H I;
}

/// A handler function without its types.
pub(crate) trait Service: Send + Sync {
    fn call<'a>(
        &'a self,
        request: &'a Request,
    ) -> Pin<Box<dyn Future<Output = Effects> + Send + 'a>>;

    fn needs(&self, needs: &mut Needs<'_>);

    /// Takes what the configuration says of statuses; says whether it knows any.
    #[cfg(feature = "http")]
    fn overrule(&self, _: &[(std::ops::RangeInclusive<u16>, crate::serve::StatusRule)]) -> bool {
        false
    }
}

/// A translator without its types.
pub(crate) trait Step: Send + Sync {
    fn translate<'a>(
        &'a self,
        request: &'a Request,
    ) -> Pin<Box<dyn Future<Output = Result<Message, Failure>> + Send + 'a>>;

    fn needs(&self, needs: &mut Needs<'_>);
}

pub(super) struct FunctionService<F, Args> {
    function: F,
    args: PhantomData<fn(Args)>,
}

impl<F: HandlerFn<Args>, Args> FunctionService<F, Args> {
    pub(super) fn new(function: F) -> Self {
        Self { function, args: PhantomData }
    }
}

impl<F: HandlerFn<Args>, Args> Service for FunctionService<F, Args> {
    fn call<'a>(
        &'a self,
        request: &'a Request,
    ) -> Pin<Box<dyn Future<Output = Effects> + Send + 'a>> {
        Box::pin(self.function.call(request))
    }

    fn needs(&self, needs: &mut Needs<'_>) {
        F::needs(needs);
    }
}

/// The function's own name: `classify` of `bounces::mails::classify`.
pub(super) fn own_name<F>() -> Option<&'static str> {
    let name = type_name::<F>().rsplit("::").next()?;
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_plain.then_some(name)
}
