//! Publishes whose confirm waits for the disk.

use alloc::collections::{BTreeMap, VecDeque};

use leveret_protocol::{Method, basic};

use crate::{
    channel::ChannelKey,
    identity::{Lsn, OpeningId},
};

/// In order of their records; so, for each channel, also of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Confirms {
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    until: Lsn,
    at: ChannelKey,
    opening: OpeningId,
    tag: u64,
}

/// What became durable on one channel.
struct Run {
    opening: OpeningId,
    last: u64,
    count: usize,
}

impl Confirms {
    /// The publish of that number is confirmed once the record is durable.
    pub(crate) fn wait(&mut self, until: Lsn, at: ChannelKey, opening: OpeningId, tag: u64) {
        self.waiting.push_back(Waiting { until, at, opening, tag });
    }

    /// How many publishes of each channel wait.
    pub(crate) fn waiting(&self) -> BTreeMap<OpeningId, u64> {
        let mut of = BTreeMap::new();
        for waiting in &self.waiting {
            *of.entry(waiting.opening).or_default() += 1;
        }
        of
    }

    /// The confirms to send now, one for each opening of a channel.
    ///
    /// All publishes that do not wait were confirmed at once, so what is still unconfirmed on a
    /// channel comes after what is confirmed now, and one ack can stand for all of it.
    pub(crate) fn release(
        &mut self,
        upto: Lsn,
    ) -> impl Iterator<Item = (ChannelKey, OpeningId, Method)> + use<> {
        let mut runs: BTreeMap<ChannelKey, Run> = BTreeMap::new();
        while let Some(waiting) = self.waiting.pop_front_if(|waiting| waiting.until <= upto) {
            let Waiting { at, opening, tag, .. } = waiting;
            let run = runs.entry(at).or_insert(Run { opening, last: tag, count: 0 });
            // A channel number that was opened again counts from 1 again.
            if run.opening != opening {
                *run = Run { opening, last: tag, count: 0 };
            }
            run.last = tag;
            run.count += 1;
        }
        runs.into_iter().map(|(at, run)| {
            let ack = basic::Ack { delivery_tag: run.last, multiple: run.count > 1 };
            (at, run.opening, Method::BasicAck(ack))
        })
    }
}
