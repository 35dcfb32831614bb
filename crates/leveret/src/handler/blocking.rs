//! Plain functions as handlers: they may block, on threads of their own.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use super::function::{Service, own_name};
use super::{Handler, Threading};
use crate::effects::{Effects, IntoEffects};
use crate::extract::FromMessage;
use crate::failure::Failure;
use crate::request::Request;
use crate::shared::Needs;
use crate::topology::Queue;

/// A plain function whose arguments are extractors and whose result is effects.
///
/// Implemented for functions and closures of up to eight arguments; nobody else implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a blocking handler",
    label = "not a blocking handler",
    note = "a blocking handler is a plain function (no `async`) of up to eight extractors that returns effects",
    note = "put `#[leveret::handler(blocking, queue = \"…\")]` on the function to see which argument does not fit"
)]
pub trait BlockingFn<Args>: Send + Sync + 'static {
    /// Runs one attempt on the request's thread.
    fn call(self: Arc<Self>, request: &Request) -> impl Future<Output = Effects> + Send;

    /// What its arguments need of the application.
    fn needs(needs: &mut Needs<'_>);
}

impl Handler {
    /// Runs a plain function for each message of `queue`, on a thread where it may block.
    ///
    /// The threads are the handler's own, as many as its [`concurrency`](Handler::concurrency) at
    /// most. A panic is caught, as in an async handler. A thread cannot be stopped: when the
    /// [time limit](Handler::time_limit) passes, the attempt has failed and counts, but the
    /// function runs on, and its thread is not free for another message until it ends. The same
    /// holds when the application stops: after the grace time it no longer waits.
    ///
    /// ```
    /// use leveret::{App, Handler, Publish, Text};
    ///
    /// fn digest(Text(text): Text) -> Publish {
    ///     // Computes for long, or waits for a disk.
    ///     let sum = text.bytes().fold(0_u32, |sum, byte| sum.rotate_left(5) ^ u32::from(byte));
    ///     Publish::to_queue("digests").text(sum.to_string())
    /// }
    ///
    /// let app = App::new("digester").in_memory().handler(Handler::blocking("texts", digest));
    /// # let _ = app;
    /// ```
    pub fn blocking<Args: 'static>(
        queue: impl Into<Queue>,
        function: impl BlockingFn<Args>,
    ) -> Self {
        fn name_of<F>(_: &F, queue: &Queue) -> String {
            own_name::<F>().unwrap_or_else(|| queue.name()).to_owned()
        }
        let queue = queue.into();
        let name = name_of(&function, &queue);
        let service = BlockingService { function: Arc::new(function), args: PhantomData };
        let mut handler = Self::of_service(name, queue, Arc::new(service));
        handler.threading = Threading::Own;
        handler
    }
}

struct BlockingService<F, Args> {
    function: Arc<F>,
    args: PhantomData<fn(Args)>,
}

impl<F: BlockingFn<Args>, Args> Service for BlockingService<F, Args> {
    fn call<'a>(
        &'a self,
        request: &'a Request,
    ) -> Pin<Box<dyn Future<Output = Effects> + Send + 'a>> {
        Box::pin(self.function.clone().call(request))
    }

    fn needs(&self, needs: &mut Needs<'_>) {
        F::needs(needs);
    }
}

async fn on_thread<T: IntoEffects>(
    request: &Request,
    function: impl FnOnce() -> T + Send + 'static,
) -> Effects {
    let Some(seat) = request.take_seat() else {
        return Effects::failed(Failure::transient("no thread to run on").named("thread"));
    };
    let effects = move || {
        let mut effects = Effects::default();
        function().add_to(&mut effects);
        effects
    };
    let ended = seat.run(effects).await;
    ended.unwrap_or_else(|error| Effects::failed(Failure::transient(error).named("thread")))
}

impl<F, T> BlockingFn<()> for F
where
    F: Fn() -> T + Send + Sync + 'static,
    T: IntoEffects,
{
    async fn call(self: Arc<Self>, request: &Request) -> Effects {
        on_thread(request, move || self()).await
    }

    fn needs(_: &mut Needs<'_>) {}
}

macro_rules! functions {
    ($($($name:ident)+;)*) => {
        $(impl<F, T, $($name,)+> BlockingFn<($($name,)+)> for F
        where
            F: Fn($($name),*) -> T + Send + Sync + 'static,
            T: IntoEffects,
            $($name: FromMessage + Send + 'static,)*
        {
            #[expect(non_snake_case, reason = "each argument is named as its type")]
            async fn call(self: Arc<Self>, request: &Request) -> Effects {
                $(let $name = match $name::from_message(request).await {
                    Ok(value) => value,
                    Err(rejection) => return Effects::failed(Failure::of(&rejection)),
                };)*
                on_thread(request, move || self($($name),*)).await
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
