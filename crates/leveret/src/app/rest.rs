//! When a running application is at rest.

use std::pin::pin;
use std::time::Duration;

use super::RunningApp;
use crate::relay::Relay;

/// Between two looks at what does not tell of itself: a broker elsewhere, a database.
const LOOK_ELSEWHERE: Duration = Duration::from_millis(25);

/// How many looks in a row must find everything at rest.
const LOOKS: u32 = 3;

impl RunningApp {
    /// Returns when the queues of all handlers are empty, and nothing is on its way or in hand.
    ///
    /// A look asks for the queues on the connection that deliveries come by: what was delivered
    /// before the answer has passed the relay, and is counted there until it is settled.
    pub(crate) async fn at_rest(&self, relay: &Relay) {
        let (mut looks, mut before) = (0, None);
        let listener = self.bell.listen();
        while looks < LOOKS {
            let mut passed = pin!(relay.changed());
            let mut settled = pin!(listener.rung());
            passed.as_mut().enable();
            settled.as_mut().enable();
            let stats = self.stats();
            let events = relay.read(|log| log.events);
            let is_idle = stats.handlers.values().all(|stats| stats.in_flight == 0);
            let is_quiet = is_idle && relay.in_hand() == 0 && self.is_drained().await;
            let has_others = !self.probes.are_idle().await;
            let is_quiet = is_quiet && !has_others;
            let mark = Some((events, stats));
            looks = if is_quiet && before == mark { looks + 1 } else { 0 };
            before = mark;
            if has_others || !self.endpoint.is_embedded() {
                tokio::time::sleep(LOOK_ELSEWHERE).await;
            } else if !is_quiet {
                tokio::select! {
                    () = passed => {}
                    () = settled => {}
                }
            }
        }
    }

    /// Whether the queues are empty; waits for a connection if there is none.
    async fn is_drained(&self) -> bool {
        for (connection, queue) in &self.queues {
            let Some(mut link) = self.links.get(connection).cloned() else { continue };
            loop {
                let Some(generation) = link.newer_than(0).await else { return false };
                match self.ready(connection, queue).await {
                    Some(0) => break,
                    None if generation.connection.end().is_some() => {
                        link.newer_than(generation.number).await;
                    }
                    Some(_) | None => return false,
                }
            }
        }
        true
    }
}
