//! How long things take that a virtual host waits for.
//!
//! One of each kind is watched at a time, so that watching costs next to nothing.

use std::time::Instant;

use leveret_engine::{ConnectionId, Effect, Input};
use leveret_journal::Seq;
use leveret_protocol::{ChannelNumber, Method};

use crate::figures::LogFigures;

/// What is being watched.
#[derive(Debug, Default)]
pub(super) struct Watches {
    /// A record on its way to the disk.
    record: Option<(Seq, Instant)>,
    /// A transaction on its way.
    commit: Option<(ConnectionId, ChannelNumber, Instant)>,
}

impl Watches {
    pub(super) fn note_appended(&mut self, last: Seq) {
        self.record.get_or_insert_with(|| (last, Instant::now()));
    }

    pub(super) fn note_durable(&mut self, reached: Seq, figures: &LogFigures) {
        if let Some((_, since)) = self.record.take_if(|(seq, _)| *seq <= reached) {
            figures.confirms.note(since.elapsed().as_secs_f64());
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the others begin and end no transaction")]
    pub(super) fn note_input(&mut self, input: &Input) {
        match input {
            Input::Method { connection, channel, method: Method::TxCommit(_) } => {
                self.commit.get_or_insert_with(|| (*connection, *channel, Instant::now()));
            }
            Input::Disconnect { connection: gone } => {
                self.commit.take_if(|(connection, ..)| connection == gone);
            }
            Input::CloseChannel { connection: gone, channel: closed } => {
                self.commit
                    .take_if(|(connection, channel, _)| connection == gone && channel == closed);
            }
            _ => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the others end no transaction")]
    pub(super) fn note_effect(&mut self, effect: &Effect, figures: &LogFigures) {
        let Some((connection, channel, since)) = self.commit else { return };
        match effect {
            Effect::Send { connection: to, channel: on, method }
                if *to == connection
                    && *on == channel
                    && matches!(**method, Method::TxCommitOk(_)) =>
            {
                figures.commits.note(since.elapsed().as_secs_f64());
                self.commit = None;
            }
            Effect::FailChannel { connection: to, .. }
            | Effect::FailConnection { connection: to, .. }
                if *to == connection =>
            {
                self.commit = None;
            }
            _ => {}
        }
    }
}
