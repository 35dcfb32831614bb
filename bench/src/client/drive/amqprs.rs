//! amqprs at work.

use std::sync::Arc;
use std::time::Instant;

use amqprs::callbacks::{ChannelCallback, DefaultConnectionCallback};
use amqprs::channel::{
    BasicAckArguments, BasicConsumeArguments, BasicPublishArguments, BasicQosArguments, Channel,
    ConfirmSelectArguments, ConsumerMessage, QueueDeclareArguments,
};
use amqprs::connection::{Connection, OpenConnectionArguments};
use amqprs::{Ack, BasicProperties, Cancel, CloseChannel, Nack, Return};
use anyhow::Context as _;
use leveret_client::ConnectOptions;
use tokio::sync::{Semaphore, mpsc::UnboundedReceiver};

use crate::client::{
    job::Job,
    names::{CALLS, QUEUE, REPLY_TO, RESULTS},
    row::{BODY_BYTES, PREFETCH, Work},
    sample::{Meter, Sample},
};

pub(super) async fn drive(job: &Job) -> anyhow::Result<Sample> {
    let connection = Connection::open(&arguments(&job.url)?).await?;
    connection.register_callback(DefaultConnectionCallback).await?;
    let channel = connection.open_channel(None).await?;
    let sample = match job.work {
        Work::Forget { body_bytes } => forget(&channel, body_bytes, job.messages).await,
        Work::Confirm { window } => confirm(&channel, window, job.messages).await,
        Work::Consume { ack_every } => consume(&channel, ack_every, job.messages).await,
        Work::Transact => transact(&channel, job.messages).await,
        Work::Call | Work::PingPong => call(&channel, job.messages).await,
    };
    drop(channel);
    sample
}

fn arguments(url: &str) -> anyhow::Result<OpenConnectionArguments> {
    let options = ConnectOptions::from_uri(url)?;
    let (host, password) = (options.host.as_str(), options.password.reveal());
    let mut arguments = OpenConnectionArguments::new(host, options.port, &options.user, password);
    Ok(arguments.virtual_host(&options.virtual_host.to_string()).finish())
}

fn to(queue: &str, mandatory: bool) -> BasicPublishArguments {
    BasicPublishArguments::new("", queue).mandatory(mandatory).finish()
}

async fn forget(channel: &Channel, body_bytes: usize, messages: u64) -> anyhow::Result<Sample> {
    let body = vec![b'x'; body_bytes];
    let meter = Meter::start();
    for _ in 0..messages {
        let properties = BasicProperties::default();
        channel.basic_publish(properties, body.clone(), to(QUEUE, false)).await?;
    }
    let look = QueueDeclareArguments::new(QUEUE).passive(true).finish();
    channel.queue_declare(look).await?;
    Ok(meter.stop(messages))
}

/// Counts confirms: a permit is a place in the window.
struct Window {
    places: Arc<Semaphore>,
    confirmed: u64,
}

#[async_trait::async_trait]
impl ChannelCallback for Window {
    async fn close(&mut self, _: &Channel, _: CloseChannel) -> Result<(), amqprs::error::Error> {
        self.places.close();
        Ok(())
    }

    async fn cancel(&mut self, _: &Channel, _: Cancel) -> Result<(), amqprs::error::Error> {
        Ok(())
    }

    async fn flow(&mut self, _: &Channel, _: bool) -> Result<bool, amqprs::error::Error> {
        Ok(true)
    }

    async fn publish_ack(&mut self, _: &Channel, ack: Ack) {
        // Whether it is multiple makes no difference as long as acks come in order, as ours do.
        let tag = ack.delivery_tag();
        let count = if ack.mutiple() { tag - self.confirmed } else { 1 };
        self.confirmed += count;
        self.places.add_permits(usize::try_from(count).unwrap_or_default());
    }

    async fn publish_nack(&mut self, _: &Channel, _: Nack) {
        self.places.close();
    }

    async fn publish_return(&mut self, _: &Channel, _: Return, _: BasicProperties, _: Vec<u8>) {
        self.places.close();
    }
}

async fn confirm(channel: &Channel, window: usize, messages: u64) -> anyhow::Result<Sample> {
    let places = Arc::new(Semaphore::new(window));
    channel.register_callback(Window { places: Arc::clone(&places), confirmed: 0 }).await?;
    channel.confirm_select(ConfirmSelectArguments::default()).await?;
    let body = vec![b'x'; BODY_BYTES];
    let mut meter = Meter::start();
    for _ in 0..messages {
        let since = Instant::now();
        places.acquire().await?.forget();
        let properties = BasicProperties::default();
        channel.basic_publish(properties, body.clone(), to(QUEUE, true)).await?;
        if window == 1 {
            drop(places.acquire().await?);
            meter.lap(since);
        }
    }
    drop(places.acquire_many(u32::try_from(window)?).await?);
    Ok(meter.stop(messages))
}

async fn start(
    channel: &Channel,
    queue: &str,
    manual_ack: bool,
) -> anyhow::Result<UnboundedReceiver<ConsumerMessage>> {
    let arguments = BasicConsumeArguments::new(queue, "amqprs").manual_ack(manual_ack).finish();
    Ok(channel.basic_consume_rx(arguments).await?.1)
}

async fn consume(channel: &Channel, ack_every: u64, messages: u64) -> anyhow::Result<Sample> {
    channel.basic_qos(BasicQosArguments::new(0, PREFETCH, false)).await?;
    let meter = Meter::start();
    let mut consumer = start(channel, QUEUE, true).await?;
    for number in 1..=messages {
        let message = consumer.recv().await.context("the consumer ended")?;
        if number % ack_every == 0 {
            let tag = message.deliver.context("a delivery without its method")?.delivery_tag();
            channel.basic_ack(BasicAckArguments::new(tag, ack_every > 1)).await?;
        }
    }
    Ok(meter.stop(messages))
}

async fn transact(channel: &Channel, messages: u64) -> anyhow::Result<Sample> {
    let body = vec![b'x'; BODY_BYTES];
    channel.basic_qos(BasicQosArguments::new(0, PREFETCH, false)).await?;
    channel.tx_select().await?;
    let mut meter = Meter::start();
    let mut consumer = start(channel, QUEUE, true).await?;
    for _ in 0..messages {
        let message = consumer.recv().await.context("the consumer ended")?;
        let since = Instant::now();
        let properties = BasicProperties::default();
        channel.basic_publish(properties, body.clone(), to(RESULTS, true)).await?;
        let tag = message.deliver.context("a delivery without its method")?.delivery_tag();
        channel.basic_ack(BasicAckArguments::new(tag, false)).await?;
        channel.tx_commit().await?;
        meter.lap(since);
    }
    Ok(meter.stop(messages))
}

async fn call(channel: &Channel, messages: u64) -> anyhow::Result<Sample> {
    let mut replies = start(channel, REPLY_TO, false).await?;
    let body = vec![b'x'; BODY_BYTES];
    let mut meter = Meter::start();
    for _ in 0..messages {
        let since = Instant::now();
        let properties = BasicProperties::default().with_reply_to(REPLY_TO).finish();
        channel.basic_publish(properties, body.clone(), to(CALLS, true)).await?;
        replies.recv().await.context("the consumer ended")?;
        meter.lap(since);
    }
    Ok(meter.stop(messages))
}
