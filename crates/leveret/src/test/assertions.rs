//! What a test claims, and what it is told if that is wrong.

use std::fmt::Write as _;

use super::application::TestApp;
use super::sightings::{DeadLetter, Ending, Handled, Published};

/// The first bytes of a body that a failure shows.
const SHOWN_BYTES: usize = 60;

impl TestApp {
    /// One message was handled by this handler, and no more.
    #[track_caller]
    pub fn assert_handled_once(&self, handler: &str) -> Handled {
        let mut messages = self.handled(handler);
        let count = messages.len();
        let found = (count == 1).then(|| messages.pop()).flatten();
        found.unwrap_or_else(|| {
            self.fail(format!("`{handler}` has handled {count} messages, not one"))
        })
    }

    /// One message of this handler is a dead letter, for a failure of this name.
    ///
    /// The name may be the end of a path: `ChargeError` for `shop::ChargeError`.
    #[track_caller]
    pub fn assert_dead_lettered(&self, handler: &str, class: &str) -> DeadLetter {
        let path_end = format!("::{class}");
        let is_it = |letter: &DeadLetter| {
            let found = letter.class();
            letter.handler() == handler && (found == class || found.ends_with(&path_end))
        };
        let mut letters: Vec<DeadLetter> = self.dead_letters().into_iter().filter(is_it).collect();
        let count = letters.len();
        let found = (count == 1).then(|| letters.pop()).flatten();
        found.unwrap_or_else(|| {
            self.fail(format!("`{handler}` has {count} dead letters named `{class}`, not one"))
        })
    }

    /// One message went to this exchange with this routing key.
    #[track_caller]
    pub fn assert_published(&self, exchange: &str, key: &str) -> Published {
        let is_it = |published: &Published| {
            published.message.exchange() == exchange && published.message.routing_key() == key
        };
        let mut published: Vec<Published> = self.published().into_iter().filter(is_it).collect();
        let count = published.len();
        let found = (count == 1).then(|| published.pop()).flatten();
        found.unwrap_or_else(|| {
            let to = format!("exchange `{exchange}` with key `{key}`");
            self.fail(format!("{count} messages went to {to}, not one"))
        })
    }

    /// Nothing was published, but for dead letters.
    #[track_caller]
    pub fn assert_nothing_published(&self) {
        let count = self.published().len();
        assert!(count == 0, "{count} messages were published, none wanted{}", self.story());
    }

    #[track_caller]
    fn fail(&self, claim: String) -> ! {
        panic!("{claim}{}", self.story())
    }

    /// All that has happened, a line each.
    pub(super) fn story(&self) -> String {
        let mut story = "\nwhat has happened:".to_owned();
        for Handled { handler, ending, failure, message } in self.outcomes() {
            let ending = match ending {
                Ending::Handled => "handled",
                Ending::DeadLettered => "made a dead letter of",
                Ending::Postponed => "postponed",
                Ending::Rejected => "rejected",
                Ending::GivenBack => "gave back",
            };
            let failure = failure.map(|name| format!(" ({name})")).unwrap_or_default();
            let (key, body) = (message.routing_key(), shown(message.body()));
            write!(story, "\n  {handler} {ending} `{key}` {body}{failure}").unwrap_or_default();
        }
        for Published { handler, message } in self.published() {
            let who = handler.unwrap_or_else(|| "outside of handlers".to_owned());
            let (exchange, key) = (message.exchange(), message.routing_key());
            let body = shown(message.body());
            write!(story, "\n  {who} published `{key}` to `{exchange}` {body}").unwrap_or_default();
        }
        for (name, stats) in &self.running().stats().handlers {
            if stats.in_flight > 0 {
                write!(story, "\n  {name} has {} in hand", stats.in_flight).unwrap_or_default();
            }
        }
        story
    }
}

fn shown(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..SHOWN_BYTES).unwrap_or(body)).into_owned();
    let dots = if body.len() > SHOWN_BYTES { "…" } else { "" };
    format!("{text:?}{dots}")
}
