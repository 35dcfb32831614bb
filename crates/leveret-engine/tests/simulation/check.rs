//! What an engine says of itself after a crash.

use leveret_engine::{Authority, Capabilities, ConnectionId, Effect, Effects, Engine, Input, Lsn};
use leveret_protocol::{ChannelNumber, Method, ShortStr, Timestamp, basic};

use super::{
    QUEUES, Simulation,
    clients::{id_of, returns_of},
    model::Kept,
    options,
};

/// What each durable queue holds in an engine that starts from these records.
pub(crate) fn recovered(simulation: &Simulation, upto: Lsn) -> Kept {
    let (log, pages) = (&simulation.log, &simulation.pager.stored);
    let mut engine = Engine::new(options());
    for (lsn, (record, _)) in log.range(..=upto) {
        engine.replay(*lsn, record).expect("the engine reads what it wrote");
    }
    engine.finish_replay(Timestamp::from_millis(0));
    for page in engine.pages() {
        assert!(pages.contains_key(&page), "page {page} is needed after a restart");
    }
    let connection = ConnectionId(9);
    let user = ShortStr::from_static("guest");
    handle(
        &mut engine,
        Input::Connect {
            connection,
            user,
            capabilities: Capabilities::default(),
            authority: Authority::full(),
        },
    );
    let mut channels = 0;
    let mut get_all = |queue: &'static str| {
        let mut found = Vec::new();
        // One for each queue: to ask for one that is not there closes the channel.
        channels += 1;
        let channel = ChannelNumber::new(channels);
        handle(&mut engine, Input::OpenChannel { connection, channel });
        loop {
            let get = basic::Get { queue: ShortStr::from_static(queue), no_ack: true };
            let method = Method::BasicGet(get);
            let mut effects = handle(&mut engine, Input::Method { connection, channel, method });
            let mut at = 0;
            while let Some(effect) = effects.get(at) {
                at += 1;
                if let Effect::LoadPage { page } = *effect {
                    let content = pages[&page].clone();
                    effects.extend(handle(&mut engine, Input::PageLoaded { page, content }));
                }
            }
            let content = effects.iter().find_map(|effect| match effect {
                Effect::Content { content, .. } => Some((content.properties(), content.body())),
                _ => None,
            });
            let Some((properties, body)) = content else { return found };
            found.push((id_of(body), returns_of(properties)));
        }
    };
    QUEUES.into_iter().filter(|name| *name != "t").map(&mut get_all).collect()
}

fn handle(engine: &mut Engine, input: Input) -> Vec<Effect> {
    let mut effects = Effects::new();
    engine.handle(Timestamp::from_millis(0), input, &mut effects);
    effects.drain().collect()
}

/// Replays until a record is refused, and uses the engine.
pub(crate) fn replay_as_far_as_possible(records: &[(Lsn, Vec<u8>)]) {
    let mut engine = Engine::new(options());
    for (lsn, record) in records {
        if engine.replay(*lsn, record).is_err() {
            break;
        }
    }
    engine.finish_replay(Timestamp::from_millis(0));
    handle(&mut engine, Input::Relocate { upto: Lsn(u64::MAX) });
    while engine.has_work() {
        handle(&mut engine, Input::Wake);
    }
}
