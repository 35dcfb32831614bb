//! How fast a handler is, by the looks that are taken at it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::status::Rates;
use crate::stats::HandlerStats;

/// How many looks are kept.
const LOOKS_MAX: usize = 16;

/// Looks that come closer together are not kept.
const APART: Duration = Duration::from_secs(1);

/// Rates are taken over at least this time, if looks go back so far.
const OVER: Duration = Duration::from_secs(10);

/// What looks have shown of one handler.
#[derive(Debug)]
pub(super) struct Pace {
    looks: VecDeque<Look>,
    /// What had left it, and when that was seen to change last.
    left: (u64, Instant),
}

#[derive(Debug, Clone, Copy)]
struct Look {
    at: Instant,
    received: u64,
    handled: u64,
    failed: u64,
}

impl Pace {
    pub(super) fn new(stats: &HandlerStats) -> Self {
        let first = Look::at(stats);
        Self { looks: VecDeque::from([first]), left: (ended(stats), first.at) }
    }

    /// Notes how things are, and gives back how fast they went.
    pub(super) fn look(&mut self, stats: &HandlerStats) -> Rates {
        let now = Look::at(stats);
        if ended(stats) != self.left.0 {
            self.left = (ended(stats), now.at);
        }
        let is_old = |look: &&Look| now.at.saturating_duration_since(look.at) >= OVER;
        let old = self.looks.iter().rev().find(is_old).or_else(|| self.looks.front()).copied();
        let is_apart = |look: &Look| now.at.saturating_duration_since(look.at) >= APART;
        if self.looks.back().is_none_or(is_apart) {
            self.looks.push_back(now);
            if self.looks.len() > LOOKS_MAX {
                self.looks.pop_front();
            }
        }
        old.map_or_else(Rates::default, |old| now.rates_since(old))
    }

    /// For how long nothing was seen to leave it.
    pub(super) fn quiet_for(&self) -> Duration {
        self.left.1.elapsed()
    }
}

/// Messages that have left it one way or another, and attempts that ended.
fn ended(stats: &HandlerStats) -> u64 {
    let counts = [
        stats.handled,
        stats.failed,
        stats.postponed,
        stats.dead_lettered,
        stats.reported,
        stats.rejected,
        stats.duplicates,
        stats.dropped,
        stats.expired,
    ];
    counts.into_iter().fold(0, u64::saturating_add)
}

impl Look {
    fn at(stats: &HandlerStats) -> Self {
        let HandlerStats { received, handled, failed, .. } = *stats;
        Self { at: Instant::now(), received, handled, failed }
    }

    fn rates_since(self, old: Self) -> Rates {
        let over_secs = self.at.saturating_duration_since(old.at).as_secs_f64();
        if over_secs <= 0.0 {
            return Rates::default();
        }
        let per_sec = |now: u64, then: u64| {
            let grown = u32::try_from(now.saturating_sub(then)).unwrap_or(u32::MAX);
            f64::from(grown) / over_secs
        };
        Rates {
            over_secs,
            received: per_sec(self.received, old.received),
            handled: per_sec(self.handled, old.handled),
            failed: per_sec(self.failed, old.failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pass(secs: u64) {
        tokio::time::sleep(Duration::from_secs(secs)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn rates_are_of_the_last_while() {
        let mut stats = HandlerStats::default();
        let mut pace = Pace::new(&stats);
        let mut rates = Rates::default();
        for _ in 0..40 {
            pass(5).await;
            stats.handled += 10;
            rates = pace.look(&stats);
        }
        assert_eq!((rates.over_secs, rates.handled), (10.0, 2.0));
        pass(30).await;
        let rates = pace.look(&stats);
        assert_eq!((rates.over_secs, rates.handled), (30.0, 0.0));
        assert_eq!(pace.quiet_for(), Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn many_looks_at_once_do_not_push_out_the_older_ones() {
        let mut stats = HandlerStats::default();
        let mut pace = Pace::new(&stats);
        pass(20).await;
        stats.handled = 100;
        for _ in 0..50 {
            let rates = pace.look(&stats);
            assert_eq!((rates.over_secs, rates.handled), (20.0, 5.0));
        }
    }
}
