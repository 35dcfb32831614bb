//! `leveret get`, `consume` and `tail`: messages onto the terminal.

use std::{
    io::{self, Write},
    time::Duration,
};

use leveret_client::{
    AckMode, ConsumeOptions, Consumer, ConsumerEnd, Delivery, FieldTable, QueueBinding,
    QueueDeclare, Refusal, ShortStr,
};

use super::{
    args::{ConsumeArgs, EndArgs, Form, GetArgs, TailArgs},
    failure::Failure,
    session::Session,
    shown::print,
};

pub(super) async fn get(args: GetArgs) -> Result<(), Failure> {
    let session = Session::open(&args.broker).await?;
    let form = args.form.form();
    let printed = if args.take {
        take(&session, &args, form).await
    } else if session.connection.has_capability("leveret.peek") {
        peek(&session, &args, form).await
    } else {
        take_and_give_back(&session, &args, form).await
    };
    // What was printed is acknowledged, whatever ended it.
    session.close().await;
    if printed? == 0 {
        tell(&format!("nothing waits in queue `{}`", args.queue.to_string_lossy()));
    }
    Ok(())
}

/// Looks at what waits.
async fn peek(session: &Session, args: &GetArgs, form: Form) -> Result<u64, Failure> {
    let options = looking(0, u64::from(args.count));
    let mut consumer = session.channel.consume(args.queue.clone(), options).await?;
    let mut number = 0;
    while let Some(delivery) = consumer.recv().await {
        number += 1;
        show(form, number, &delivery)?;
    }
    match consumer.end() {
        None | Some(ConsumerEnd::CancelledByBroker) => Ok(number),
        Some(end) => Err(Failure::Ended(end)),
    }
}

/// A look at so many messages that wait, after so many others: see docs/protocol.md.
pub(crate) fn looking(offset: u64, count: u64) -> ConsumeOptions {
    let number = |number| i64::try_from(number).unwrap_or(i64::MAX);
    let look = FieldTable::builder()
        .insert("offset", number(offset))
        .insert("count", number(count))
        .build();
    ConsumeOptions {
        ack_mode: AckMode::NoAck,
        arguments: FieldTable::builder().insert("x-leveret-peek", look).build(),
        ..ConsumeOptions::default()
    }
}

async fn take(session: &Session, args: &GetArgs, form: Form) -> Result<u64, Failure> {
    let mut number = 0;
    while number < u64::from(args.count) {
        let got = session.channel.get(args.queue.clone(), AckMode::Manual).await?;
        let Some(got) = got else { break };
        number += 1;
        show(form, number, &got.delivery)?;
        session.channel.ack(&got.delivery)?;
    }
    Ok(number)
}

async fn take_and_give_back(session: &Session, args: &GetArgs, form: Form) -> Result<u64, Failure> {
    let mut held = Vec::new();
    while held.len() < usize::from(args.count) {
        match session.channel.get(args.queue.clone(), AckMode::Manual).await? {
            Some(got) => held.push(got.delivery),
            None => break,
        }
    }
    for (number, delivery) in (1..).zip(&held) {
        show(form, number, delivery)?;
    }
    if let Some(last) = held.last() {
        session.channel.nack_up_to(last, Refusal::Requeue)?;
    }
    Ok(held.len() as u64)
}

pub(super) async fn consume(args: ConsumeArgs) -> Result<(), Failure> {
    let session = Session::open(&args.broker).await?;
    // With a count nothing is to be delivered that is not printed: it would go back marked.
    let prefetch = if args.end.count.is_some() { 1 } else { args.prefetch };
    session.channel.qos(prefetch).await?;
    let options = ConsumeOptions::default();
    let consumer = session.channel.consume(args.queue.clone(), options).await?;
    let stream = Stream { session, consumer, form: args.form.form(), end: args.end };
    stream.run(AckMode::Manual).await
}

pub(super) async fn tail(args: TailArgs) -> Result<(), Failure> {
    let session = Session::open(&args.broker).await?;
    let queue = session.channel.queue_declare(&QueueDeclare::private()).await?.name;
    for key in &args.keys {
        let binding = QueueBinding {
            queue: queue.clone(),
            exchange: args.exchange.clone(),
            routing_key: key.clone(),
            arguments: FieldTable::default(),
        };
        session.channel.queue_bind(&binding).await?;
    }
    let options = ConsumeOptions { ack_mode: AckMode::NoAck, ..ConsumeOptions::default() };
    let consumer = session.channel.consume(queue, options).await?;
    let keys: Vec<_> = args.keys.iter().map(ShortStr::to_string_lossy).collect();
    let exchange = args.exchange.to_string_lossy();
    tell(&format!("watching exchange `{exchange}`, keys {}; Ctrl-C ends", keys.join(" ")));
    let stream = Stream { session, consumer, form: args.form.form(), end: args.end };
    stream.run(AckMode::NoAck).await
}

/// Deliveries until something ends them.
struct Stream {
    session: Session,
    consumer: Consumer,
    form: Form,
    end: EndArgs,
}

impl Stream {
    async fn run(mut self, ack_mode: AckMode) -> Result<(), Failure> {
        let ended = self.flow(ack_mode).await;
        // What was printed is acknowledged, whatever ended it.
        drop(self.consumer);
        self.session.close().await;
        ended
    }

    async fn flow(&mut self, ack_mode: AckMode) -> Result<(), Failure> {
        let mut number = 0;
        while self.end.count.is_none_or(|count| number < count) {
            let Some(delivery) = self.next().await? else { break };
            number += 1;
            show(self.form, number, &delivery)?;
            if ack_mode == AckMode::Manual {
                if self.end.count == Some(number) {
                    // Before the acknowledgement, which asks for more.
                    self.consumer.cancel().await?;
                }
                self.session.channel.ack(&delivery)?;
            }
        }
        Ok(())
    }

    /// The next one; nothing when it is time to stop.
    async fn next(&mut self) -> Result<Option<Delivery>, Failure> {
        let idle = self.end.idle.unwrap_or(Duration::MAX);
        tokio::select! {
            delivery = self.consumer.recv() => match delivery {
                Some(delivery) => Ok(Some(delivery)),
                None => self.consumer.end().map_or(Ok(None), |end| Err(Failure::Ended(end))),
            },
            () = tokio::time::sleep(idle) => Ok(None),
            // Without signals the shell ends it all the same.
            Ok(()) = tokio::signal::ctrl_c() => Ok(None),
        }
    }
}

/// Prints a message before it counts as printed.
fn show(form: Form, number: u64, delivery: &Delivery) -> Result<(), Failure> {
    print(&mut io::stdout().lock(), form, number, delivery).map_err(Failure::Output)
}

/// Tells people what programs need not read.
fn tell(text: &str) {
    writeln!(io::stderr(), "{text}").ok();
}
