//! Translators: steps that turn a message into what the handler wants.
//!
//! They change what the handler sees, and nothing else: what is tried again, kept as a dead letter
//! or reported is the message as it came.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::function::Step;
use super::{Handler, Service};
use crate::effects::Effects;
use crate::extract::FromMessage;
use crate::failure::{Classify, Failure};
use crate::message::Message;
use crate::request::Request;
use crate::shared::Needs;

/// A step of [`Handler::translate`]: an async function of extractors that returns the message to
/// go on with, a [`Message`] or `Result<Message, E>`.
///
/// Implemented for functions and closures of up to eight arguments; nobody else implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a translator",
    label = "not a translator",
    note = "a translator is an async function of up to eight extractors that returns `Message` or `Result<Message, E>` with `E: leveret::Classify`"
)]
pub trait TranslatorFn<Args>: Send + Sync + 'static {
    /// Translates one message.
    fn translate(&self, request: &Request)
    -> impl Future<Output = Result<Message, Failure>> + Send;

    /// What its arguments need of the application.
    fn needs(needs: &mut Needs<'_>);
}

/// What a translator may return.
#[diagnostic::on_unimplemented(
    message = "a translator cannot return `{Self}`",
    label = "no message",
    note = "return `Message`, or `Result<Message, E>` with `E: leveret::Classify`"
)]
pub trait IntoMessage {
    /// The message to go on with.
    fn into_message(self) -> Result<Message, Failure>;
}

struct FunctionStep<F, Args> {
    function: F,
    args: std::marker::PhantomData<fn(Args)>,
}

/// A service behind its translators.
struct Translated {
    steps: Vec<Arc<dyn Step>>,
    inner: Arc<dyn Service>,
}

impl Handler {
    /// Translates each message before it is handled: old versions, other formats, what is missing
    /// or broken. Steps are taken in the order in which they are added, each given what the one
    /// before returned; what a step fails with is the attempt's error.
    ///
    /// ```
    /// use leveret::{EncodeError, Handler, Json, Message};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Deserialize, Serialize)]
    /// struct Order { id: u64, cents: u64 }
    ///
    /// /// Version 1 was the number alone.
    /// async fn from_v1(old: Option<Json<u64>>, message: Message) -> Result<Message, EncodeError> {
    ///     match old {
    ///         Some(Json(id)) => message.with_json(&Order { id, cents: 0 }),
    ///         None => Ok(message),
    ///     }
    /// }
    ///
    /// async fn charge(Json(order): Json<Order>) {
    ///     println!("{} cents for order {}", order.cents, order.id);
    /// }
    ///
    /// let handler = Handler::new("orders", charge).translate(from_v1);
    /// # assert_eq!(handler.name(), "charge");
    /// ```
    #[must_use]
    pub fn translate<Args: 'static>(mut self, step: impl TranslatorFn<Args>) -> Self {
        let args = std::marker::PhantomData;
        self.steps.push(Arc::new(FunctionStep { function: step, args }));
        self
    }

    /// The function behind its translators.
    pub(crate) fn translated(&self) -> Arc<dyn Service> {
        if self.steps.is_empty() {
            return self.service.clone();
        }
        Arc::new(Translated { steps: self.steps.clone(), inner: self.service.clone() })
    }
}

impl Service for Translated {
    fn call<'a>(
        &'a self,
        request: &'a Request,
    ) -> Pin<Box<dyn Future<Output = Effects> + Send + 'a>> {
        Box::pin(async move {
            let mut request = request.clone();
            for step in &self.steps {
                request = match step.translate(&request).await {
                    Ok(message) => request.with_message(message),
                    Err(failure) => return Effects::failed(failure),
                };
            }
            self.inner.call(&request).await
        })
    }

    fn needs(&self, needs: &mut Needs<'_>) {
        self.steps.iter().for_each(|step| step.needs(needs));
        self.inner.needs(needs);
    }
}

impl<F: TranslatorFn<Args>, Args> Step for FunctionStep<F, Args> {
    fn translate<'a>(
        &'a self,
        request: &'a Request,
    ) -> Pin<Box<dyn Future<Output = Result<Message, Failure>> + Send + 'a>> {
        Box::pin(self.function.translate(request))
    }

    fn needs(&self, needs: &mut Needs<'_>) {
        F::needs(needs);
    }
}

impl IntoMessage for Message {
    fn into_message(self) -> Result<Message, Failure> {
        Ok(self)
    }
}

impl<E: Classify> IntoMessage for Result<Message, E> {
    fn into_message(self) -> Result<Message, Failure> {
        self.map_err(|error| Failure::of(&error))
    }
}

macro_rules! translators {
    ($($($name:ident)+;)*) => {
        $(impl<F, Fut, $($name,)+> TranslatorFn<($($name,)+)> for F
        where
            F: Fn($($name),*) -> Fut + Send + Sync + 'static,
            Fut: Future + Send,
            Fut::Output: IntoMessage,
            $($name: FromMessage + Send,)*
        {
            #[expect(non_snake_case, reason = "each argument is named as its type")]
            async fn translate(&self, request: &Request) -> Result<Message, Failure> {
                $(let $name = $name::from_message(request)
                    .await
                    .map_err(|rejection| Failure::of(&rejection))?;)*
                self($($name),*).await.into_message()
            }

            fn needs(needs: &mut Needs<'_>) {
                $($name::needs(needs);)*
            }
        })*
    };
}

translators! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E G;
    A B C D E G H;
    A B C D E G H I;
}
