//! One consumer: takes deliveries and acknowledges them.

use std::sync::{Arc, atomic::Ordering};

use leveret_client::{AckMode, Channel, ConsumeOptions, Consumer, Delivery, ShortStr};

use super::{
    args::BenchArgs,
    failure::Failure,
    tally::{Latencies, Tally, now_nanos},
};

pub(super) struct Load {
    consumer: Consumer,
    channel: Channel,
    tally: Arc<Tally>,
    /// Deliveries from one acknowledgement to the next; 0 needs none.
    ack: u64,
    pending: u64,
    latencies: Latencies,
}

impl Load {
    pub(super) async fn start(
        channel: Channel,
        queue: ShortStr,
        tally: Arc<Tally>,
        args: &BenchArgs,
    ) -> Result<Self, Failure> {
        channel.qos(args.prefetch).await?;
        let ack_mode = if args.ack == 0 { AckMode::NoAck } else { AckMode::Manual };
        let options = ConsumeOptions { ack_mode, ..ConsumeOptions::default() };
        let consumer = channel.consume(queue, options).await?;
        Ok(Self {
            consumer,
            channel,
            tally,
            ack: args.ack,
            pending: 0,
            latencies: Latencies::new(),
        })
    }

    /// Consumes until told to stop; gives how long messages took.
    pub(super) async fn run(mut self) -> Result<Latencies, Failure> {
        while !self.tally.is_over() {
            let delivery = tokio::select! {
                biased;
                delivery = self.consumer.recv() => delivery,
                () = over(&self.tally) => break,
            };
            if delivery.is_none() {
                return Err(Failure::ConsumerEnded(self.consumer.end()));
            }
            let mut next = delivery;
            while let Some(delivery) = next {
                self.take(&delivery)?;
                next = self.consumer.try_recv();
            }
        }
        Ok(self.latencies)
    }

    fn take(&mut self, delivery: &Delivery) -> Result<(), Failure> {
        if self.tally.is_measuring.load(Ordering::Relaxed)
            && let Some(sent) = delivery.body.first_chunk::<8>()
        {
            self.latencies.record(now_nanos().saturating_sub(u64::from_be_bytes(*sent)));
        }
        self.tally.consumed.fetch_add(1, Ordering::Relaxed);
        self.pending += 1;
        if self.ack == 1 {
            self.channel.ack(delivery)?;
        } else if self.ack > 1 && self.pending >= self.ack {
            self.channel.ack_up_to(delivery)?;
            self.pending = 0;
        }
        Ok(())
    }
}

async fn over(tally: &Tally) {
    loop {
        let told = tally.progress.notified();
        if tally.is_over() {
            return;
        }
        told.await;
    }
}
