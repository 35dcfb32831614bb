//! Time that moves only when told to: a message expires after an hour, at once.
//!
//! What a `Broker` decides is decided by an engine that has no clock: time is an argument. Here it
//! is driven directly; `leveret-sim` drives many with a simulated network and disk. A whole broker
//! in memory follows tokio's clock: paused, it moves only when a test says so, as in the example
//! `test_kit` of `leveret`. One with sockets and a disk lives in the machine's time.
//!
//! `cargo run -p leveret-broker --example virtual_time`
#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::time::Duration;

use leveret_engine::{
    Authority, Capabilities, ConnectionId, Effect, Effects, Engine, EngineOptions, Input,
};
use leveret_protocol::{ChannelNumber, Method, Properties, ShortStr, Timestamp, basic, queue};

const CONNECTION: ConnectionId = ConnectionId(1);
const CHANNEL: ChannelNumber = ChannelNumber::new(1);
const QUEUE: ShortStr = ShortStr::from_static("carrots");

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut engine = Engine::new(EngineOptions::default());
    let mut effects = Effects::new();
    let mut now = Timestamp::from_millis(0);
    let publish = basic::Publish { routing_key: QUEUE, ..basic::Publish::default() };
    let an_hour = Properties::builder().expiration(ShortStr::from_static("3600000")).build();
    for input in [
        Input::Connect {
            connection: CONNECTION,
            user: ShortStr::from_static("hazel"),
            capabilities: Capabilities::default(),
            authority: Authority::full(),
        },
        Input::OpenChannel { connection: CONNECTION, channel: CHANNEL },
        method(queue::Declare { queue: QUEUE, ..queue::Declare::default() }),
        Input::Publish {
            connection: CONNECTION,
            channel: CHANNEL,
            publish,
            properties: an_hour,
            body: "orange".into(),
        },
    ] {
        engine.handle(now, input, &mut effects);
    }
    println!("the engine wants to be woken at {:?}", engine.next_deadline());

    now = now.saturating_add(Duration::from_hours(1));
    engine.handle(now, Input::Wake, &mut effects);
    effects.drain().for_each(drop);
    engine.handle(now, method(basic::Get { queue: QUEUE, no_ack: true }), &mut effects);
    let answer = effects.drain().next().ok_or("no answer")?;
    let Effect::Send { method: answer, .. } = answer else { return Err("no method".into()) };
    let is_gone = matches!(*answer, Method::BasicGetEmpty(_));
    println!("an hour later the message is gone: {is_gone}");
    if is_gone { Ok(()) } else { Err("a message outlived its hour".into()) }
}

fn method(method: impl Into<Method>) -> Input {
    Input::Method { connection: CONNECTION, channel: CHANNEL, method: method.into() }
}
