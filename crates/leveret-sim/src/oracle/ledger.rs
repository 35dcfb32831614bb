//! Which records say what came to queues, and what left them.

use std::collections::BTreeMap;

use leveret_engine::Effect;

use super::{
    letter::{Letter, LetterId},
    token::{Span, Token, TokenEnd, TokenKey},
};

/// How an engine puts down what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// With all else of its transaction, by the turn's last record.
    Whole,
    /// In one of the turn's records.
    Turn,
    /// In this turn or in later ones, until nothing is left to do.
    Slices,
}

/// What the records of an engine are about.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The last record that was given out.
    pub(super) last: u64,
    /// What this turn's records are about.
    pub(super) posted: Vec<LetterId>,
    pub(super) came: Vec<TokenKey>,
    pub(super) died: Vec<(TokenKey, Pace)>,
    pub(super) left: Vec<(TokenKey, Pace)>,
    /// What this turn's records are about, or later ones.
    open: Vec<TokenKey>,
}

impl Ledger {
    /// After a crash: all up to there was replayed.
    pub(super) fn replayed(last: u64) -> Self {
        Self { last, ..Self::default() }
    }

    /// The turn's records are known; and that is all, if the engine has no work left.
    pub(super) fn close_turn(
        &mut self,
        (effects, is_idle): (&[Effect], bool),
        tokens: &mut BTreeMap<TokenKey, Token>,
        letters: &mut [Letter],
    ) {
        let before = self.last;
        for effect in effects {
            if let Effect::Append { lsn, .. } = effect {
                self.last = self.last.max(lsn.0);
            }
        }
        let last = self.last;
        for letter in self.posted.drain(..) {
            if let Some(letter) = letters.get_mut(letter.0) {
                letter.lsn = last;
            }
        }
        for key in self.came.drain(..) {
            if let Some(token) = tokens.get_mut(&key) {
                token.came = Span::at(last);
            }
        }
        for (key, pace) in self.died.drain(..) {
            let Some(token) = tokens.get_mut(&key) else { continue };
            token.came = token.came.or(match pace {
                Pace::Whole | Pace::Turn => Span::at(last),
                Pace::Slices => Span::from(last.max(before + 1)),
            });
            self.open.extend(token.came.is_open().then_some(key));
        }
        for (key, pace) in self.left.drain(..) {
            let Some(Token { end: TokenEnd::Leaving { gone, .. }, .. }) = tokens.get_mut(&key)
            else {
                continue;
            };
            *gone = gone.or(match pace {
                // Nothing that survives was settled.
                Pace::Whole if last == before => Span::BEFORE_ALL,
                Pace::Whole => Span::at(last),
                Pace::Turn => Span { first: before + 1, last },
                Pace::Slices => Span::from(before + 1),
            });
            self.open.extend(gone.is_open().then_some(key));
        }
        if is_idle {
            for key in self.open.drain(..) {
                if let Some(token) = tokens.get_mut(&key) {
                    token.close(last);
                }
            }
        }
    }
}
