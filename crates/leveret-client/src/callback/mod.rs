//! Consuming with a callback: a function that is called for each delivery.

mod options;

use std::{
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use leveret_protocol::ShortStr;
use tokio::{
    sync::oneshot,
    task::{JoinHandle, JoinSet},
};

pub use self::options::{CallbackCounters, CallbackOptions, Handled};
use crate::{
    channel::{Channel, Consumer, Refusal},
    error::{ChannelError, ConsumerEnd, SettleError},
    message::Delivery,
};

/// A consumer that calls a function for each delivery, until it is stopped or ends.
///
/// Dropped, it stops: it takes no more deliveries, and calls that run go on to their end and are
/// settled.
pub struct Callback {
    tally: Arc<Tally>,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<ConsumerEnd>,
    end: Option<ConsumerEnd>,
}

#[derive(Debug, Default)]
struct Tally {
    handled: AtomicU64,
    panicked: AtomicU64,
    unsettled: AtomicU64,
}

impl Channel {
    /// Starts a consumer that calls `handle` for each delivery and settles it as that says.
    ///
    /// Each call is a task of its own; as many run at once as the options say, and with one they
    /// run in order. A call that panics is counted, its message is refused as the options say,
    /// and the others go on. Set [`qos`](Self::qos) before, or the broker sends all it has.
    pub async fn consume_with<F>(
        &self,
        queue: ShortStr,
        options: CallbackOptions,
        handle: impl Fn(Delivery) -> F + Send + 'static,
    ) -> Result<Callback, ChannelError>
    where
        F: Future<Output = Handled> + Send + 'static,
    {
        let consumer = self.consume(queue, options.consume.clone()).await?;
        let tally = Arc::<Tally>::default();
        let (stop, stopped) = oneshot::channel();
        let calls = Calls {
            channel: self.clone(),
            on_panic: options.on_panic,
            tally: Arc::clone(&tally),
            running: JoinSet::new(),
        };
        let concurrency = options.concurrency.max(1);
        let running = tokio::spawn(calls.run(consumer, concurrency, handle, stopped));
        Ok(Callback { tally, stop: Some(stop), running, end: None })
    }
}

impl Callback {
    /// What it has done so far.
    pub fn counters(&self) -> CallbackCounters {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CallbackCounters {
            handled: load(&self.tally.handled),
            panicked: load(&self.tally.panicked),
            unsettled: load(&self.tally.unsettled),
        }
    }

    /// Cancels the consumer, waits for the calls that run, and says why it ended.
    ///
    /// What was delivered and not yet handed to a call goes back to the queue.
    pub async fn stop(mut self) -> ConsumerEnd {
        drop(self.stop.take());
        self.ended().await
    }

    /// Waits until the consumer has ended and all its calls too, and says why.
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn ended(&mut self) -> ConsumerEnd {
        if let Some(end) = &self.end {
            return end.clone();
        }
        // The task fails only as its runtime goes.
        let end = (&mut self.running).await.unwrap_or(ConsumerEnd::CancelledHere);
        self.end.insert(end).clone()
    }

    /// Whether it has ended.
    pub fn is_ended(&self) -> bool {
        self.running.is_finished()
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("counters", &self.counters())
            .field("is_ended", &self.is_ended())
            .finish_non_exhaustive()
    }
}

/// The calls of one consumer.
struct Calls {
    channel: Channel,
    on_panic: Refusal,
    tally: Arc<Tally>,
    running: JoinSet<()>,
}

impl Calls {
    async fn run<F>(
        mut self,
        mut consumer: Consumer,
        concurrency: usize,
        handle: impl Fn(Delivery) -> F,
        mut stopped: oneshot::Receiver<()>,
    ) -> ConsumerEnd
    where
        F: Future<Output = Handled> + Send + 'static,
    {
        loop {
            let delivery = tokio::select! {
                biased;
                _dropped = &mut stopped => break,
                Some(_) = self.running.join_next(), if self.running.len() >= concurrency => continue,
                delivery = consumer.recv(), if self.running.len() < concurrency => delivery,
            };
            let Some(delivery) = delivery else { break };
            while self.running.try_join_next().is_some() {}
            self.call(delivery, &handle);
        }
        // An error means that the channel is over, and the consumer with it.
        drop(consumer.cancel().await);
        let end = consumer.end().unwrap_or(ConsumerEnd::CancelledHere);
        drop(consumer);
        while self.running.join_next().await.is_some() {}
        end
    }

    fn call<F>(&mut self, delivery: Delivery, handle: &impl Fn(Delivery) -> F)
    where
        F: Future<Output = Handled> + Send + 'static,
    {
        let unanswered = Unanswered {
            // The body is shared, and not copied.
            delivery: delivery.clone(),
            channel: self.channel.clone(),
            tally: Arc::clone(&self.tally),
            on_panic: self.on_panic,
            is_answered: false,
        };
        // The function itself may panic too, before there is a future.
        let call = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| handle(delivery)));
        if let Ok(call) = call {
            self.running.spawn(async move { unanswered.answer(call.await) });
        }
    }
}

/// A delivery that a call has; dropped as its call panics, it is refused.
struct Unanswered {
    channel: Channel,
    delivery: Delivery,
    tally: Arc<Tally>,
    on_panic: Refusal,
    is_answered: bool,
}

impl Unanswered {
    fn answer(mut self, handled: Handled) {
        self.is_answered = true;
        self.tally.handled.fetch_add(1, Ordering::Relaxed);
        match handled {
            Handled::Ack => self.note(self.channel.ack(&self.delivery)),
            Handled::Refuse(refusal) => self.note(self.channel.nack(&self.delivery, refusal)),
            Handled::Settled => {}
        }
    }

    fn note(&self, settled: Result<(), SettleError>) {
        // A delivery that needs no settling is as good as settled.
        if !matches!(settled, Ok(()) | Err(SettleError::NoAck)) {
            self.tally.unsettled.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        // Not so where the runtime itself goes: then nobody has panicked.
        self.tally.panicked.fetch_add(1, Ordering::Relaxed);
        tracing::error!(consumer_tag = %self.delivery.consumer_tag, "callback panicked");
        self.note(self.channel.nack(&self.delivery, self.on_panic));
    }
}
