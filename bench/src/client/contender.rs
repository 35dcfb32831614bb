//! Whose client is measured, and how it is driven.

use clap::ValueEnum;

use super::row::Work;

/// A client and a way to use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contender {
    /// Ours.
    Leveret,
    /// Each call awaited, as its documentation shows.
    Lapin,
    /// As many futures at once as help it: 256 publishes or the window; acks in tasks of their own.
    LapinPipelined,
    /// Each call awaited; confirms counted in a callback.
    Amqprs,
}

impl Contender {
    /// Those that this build has.
    pub(super) const fn all() -> &'static [Self] {
        if cfg!(feature = "peers") {
            &[Self::Leveret, Self::Lapin, Self::LapinPipelined, Self::Amqprs]
        } else {
            &[Self::Leveret]
        }
    }

    /// As it is spelt on a command line.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Leveret => "leveret",
            Self::Lapin => "lapin",
            Self::LapinPipelined => "lapin-pipelined",
            Self::Amqprs => "amqprs",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Leveret => "leveret",
            Self::Lapin => "lapin",
            Self::LapinPipelined => "lapin, pipelined",
            Self::Amqprs => "amqprs",
        }
    }

    /// How many times fewer messages it is given, to take about as long.
    pub(super) const fn share(self, work: Work) -> u64 {
        match (self, work) {
            (Self::Leveret, _)
            | (_, Work::Call | Work::PingPong | Work::Confirm { window: 1 } | Work::Transact) => 1,
            (Self::Lapin, _) => 20,
            (Self::LapinPipelined | Self::Amqprs, _) => 10,
        }
    }

    /// Whether it does that work in a way of its own.
    pub(super) const fn does(self, work: Work) -> bool {
        match self {
            Self::Leveret | Self::Lapin | Self::Amqprs => true,
            Self::LapinPipelined => match work {
                Work::Forget { .. } | Work::Consume { ack_every: 1 } => true,
                Work::Confirm { window } => window > 1,
                Work::Consume { .. } | Work::Transact | Work::Call | Work::PingPong => false,
            },
        }
    }
}
