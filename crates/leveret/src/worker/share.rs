//! Whether this process works on more partitions of a handler than is its share.
//!
//! A broker gives a queue with a single active consumer to the one that came first, so the first
//! process would have all of them. Who has more than its share gives one up: it consumes again
//! behind those who wait. Only partitions that had messages count: the others cost nobody work.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use leveret_client::{ChannelError, Connection, QueueDeclare};
use leveret_protocol::ShortStr;
use tokio::time::{Instant, timeout};

/// How often a process asks how many others there are.
const LOOK: Duration = Duration::from_secs(2);

/// How long a broker may take to say so.
const PATIENCE: Duration = Duration::from_secs(2);

/// The partitions of one handler, as far as this process has messages of them.
#[derive(Debug)]
pub(crate) struct Shares {
    partitions: usize,
    held: AtomicUsize,
}

/// One partition, on one channel.
#[derive(Debug)]
pub(super) struct Share<'a> {
    shares: Option<&'a Shares>,
    queue: &'a ShortStr,
    is_held: bool,
    look_at: Instant,
}

impl Shares {
    pub(crate) fn of(partitions: usize) -> Self {
        Self { partitions, held: AtomicUsize::new(0) }
    }

    /// Gives one up if that leaves no less than the share of one among so many processes.
    fn give_up(&self, processes: usize) -> bool {
        let fair = self.partitions.div_ceil(processes.max(1));
        let less = |held: usize| (held > fair).then(|| held - 1);
        self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }
}

impl<'a> Share<'a> {
    pub(super) fn new(shares: Option<&'a Shares>, queue: &'a ShortStr) -> Self {
        // Not all partitions at once.
        let look_at = Instant::now() + LOOK.mul_f64(1.0 + fastrand::f64());
        Self { shares, queue, is_held: false, look_at }
    }

    /// A message came: this process is the one that consumes.
    pub(super) fn hold(&mut self) {
        let Some(shares) = self.shares.filter(|_| !self.is_held) else { return };
        self.is_held = true;
        shares.held.fetch_add(1, Ordering::Relaxed);
    }

    /// When to look; nothing if there is no need.
    pub(super) fn look_at(&self) -> Option<Instant> {
        self.is_held.then_some(self.look_at)
    }

    /// Whether the partition is to be left to another process.
    pub(super) async fn is_too_much(&mut self, connection: &Connection) -> bool {
        self.look_at = Instant::now() + LOOK;
        let Some(shares) = self.shares.filter(|shares| shares.held.load(Ordering::Relaxed) > 1)
        else {
            return false;
        };
        // If the broker does not answer the channel ends by itself.
        let Ok(Ok(processes)) = timeout(PATIENCE, consumers(connection, self.queue)).await else {
            return false;
        };
        let is_given_up = shares.give_up(processes);
        self.is_held = !is_given_up;
        is_given_up
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        if let Some(shares) = self.shares.filter(|_| self.is_held) {
            shares.held.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Each process is one consumer of each partition.
async fn consumers(connection: &Connection, queue: &ShortStr) -> Result<usize, ChannelError> {
    let passive = QueueDeclare { name: queue.clone(), passive: true, ..QueueDeclare::default() };
    let channel = connection.channel().await?;
    let declared = channel.queue_declare(&passive).await?;
    channel.close().await;
    Ok(usize::try_from(declared.consumers).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given_up(held: usize, processes: usize) -> usize {
        let shares = Shares { partitions: 8, held: AtomicUsize::new(held) };
        std::iter::from_fn(|| shares.give_up(processes).then_some(())).count()
    }

    #[test]
    fn a_process_keeps_its_share_and_gives_the_rest_up() {
        assert_eq!(given_up(8, 1), 0);
        assert_eq!(given_up(8, 2), 4);
        assert_eq!(given_up(4, 2), 0);
        assert_eq!(given_up(8, 3), 5, "three are more than a third of eight, two less");
        assert_eq!(given_up(8, 20), 7, "one is kept");
        assert_eq!(given_up(0, 20), 0);
    }

    #[tokio::test]
    async fn a_partition_counts_once_it_has_messages_and_until_its_channel_ends() {
        let (shares, queue) = (Shares::of(4), ShortStr::from_static("jobs.0"));
        let held = || shares.held.load(Ordering::Relaxed);
        let mut share = Share::new(Some(&shares), &queue);
        assert_eq!((held(), share.look_at()), (0, None));
        share.hold();
        share.hold();
        assert_eq!(held(), 1);
        assert!(share.look_at().is_some());
        drop(share);
        assert_eq!(held(), 0);
    }
}
