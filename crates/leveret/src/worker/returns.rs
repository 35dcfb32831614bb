//! Messages that could be settled in no way, and went back to their queue.
//!
//! The broker delivers such a message again at once; so that it does not go round and round, it
//! waits in its worker before it goes back, longer each time.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::suspects::key;
use crate::message::Message;

/// How many are remembered; beyond it the oldest is forgotten, and its pauses begin anew.
const RETURNS_MAX: usize = 256;

/// The first pause.
const FIRST: Duration = Duration::from_millis(500);

/// How often the pause doubles: no pause is longer than 64 s.
const DOUBLINGS_MAX: u32 = 7;

/// Those of one handler.
#[derive(Debug, Default)]
pub(crate) struct Returns {
    // A lock, as all workers of the handler share it; touched only when a message goes back.
    list: Mutex<VecDeque<(u64, u32)>>,
}

impl Returns {
    /// How long this message is to wait before it goes back once more.
    pub(crate) fn pause(&self, message: &Message) -> Duration {
        let key = key(message);
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let known = list.iter().position(|(known, _)| *known == key);
        let times = known.and_then(|place| list.remove(place)).map_or(0, |(_, times)| times);
        list.push_back((key, times.saturating_add(1)));
        if list.len() > RETURNS_MAX {
            list.pop_front();
        }
        FIRST * (1 << times.min(DOUBLINGS_MAX))
    }
}

#[cfg(test)]
mod tests {
    use leveret_protocol::Properties;

    use super::*;

    #[test]
    fn pauses_grow_message_by_message_up_to_a_bound() {
        let returns = Returns::default();
        let message = |body: &str| Message::new("k", Properties::EMPTY, body.to_owned());
        let millis = |body: &str| returns.pause(&message(body)).as_millis();
        assert_eq!([millis("a"), millis("a"), millis("b"), millis("a")], [500, 1000, 500, 2000]);
        for _ in 0..20 {
            millis("a");
        }
        assert_eq!(millis("a"), 64_000);
        for number in 0..RETURNS_MAX {
            millis(&number.to_string());
        }
        assert_eq!((millis("a"), returns.list.lock().unwrap().len()), (500, RETURNS_MAX));
    }
}
