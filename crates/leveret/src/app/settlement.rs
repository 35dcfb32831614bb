//! The settlement plan: what may go wrong, told before the first message.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use super::guarantee::Guarantee;
use crate::endpoint::Endpoint;
use crate::handler::{Batching, Handler, Inboxing, Mode};
use crate::later::Timer;
use crate::spans::Span;
use crate::topology::Presence;

/// How messages are settled on the brokers that an application runs on.
///
/// Made when the application starts, since only the brokers know what they can do; logged then, and
/// kept in [`RunningApp::settlement_plan`](crate::RunningApp::settlement_plan). As text it is a paragraph for each handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementPlan {
    /// One for each handler, in the order in which they were added.
    pub handlers: Vec<HandlerPlan>,
}

/// How one handler's messages are settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HandlerPlan {
    /// The handler.
    pub handler: String,
    /// Its queue.
    pub queue: String,
    /// Into how many queues it is divided.
    pub partitions: Option<usize>,
    /// How outputs and acknowledgement belong together.
    pub outputs: &'static str,
    /// How batches are taken, if it handles batches, in words.
    pub batches: Option<String>,
    /// How often a message is tried, in words.
    pub retry: String,
    /// What holds a message back between rounds of attempts, or when something is busy.
    pub delayed_by: &'static str,
    /// Where dead letters go.
    pub dead_letters: String,
    /// What may lose a message that a publisher was told is safe; empty if nothing may.
    pub may_lose: Vec<&'static str>,
    /// What may repeat the effect of a message; empty if nothing may.
    pub may_repeat: Vec<&'static str>,
}

impl HandlerPlan {
    pub(super) fn of(handler: &Handler, guarantee: Guarantee, endpoint: &Endpoint) -> Self {
        Self {
            handler: handler.name.clone(),
            queue: handler.queue().to_owned(),
            partitions: handler.partitions,
            outputs: guarantee.describe(),
            batches: handler.batching.map(|batching| described(batching, guarantee.mode)),
            retry: format!("{}{}", handler.retry, handler.rules),
            delayed_by: match handler.ordered {
                Some(_) => "the handler, which keeps it in hand with its key",
                None => guarantee.timer.describe(),
            },
            dead_letters: handler.dead_letter_queue(),
            may_lose: may_lose(handler, guarantee, endpoint),
            may_repeat: may_repeat(handler, guarantee),
        }
    }
}

fn described(batching: Batching, mode: Mode) -> String {
    let Batching { size, window } = batching;
    let unit = match mode {
        Mode::Transaction => "one transaction",
        Mode::Confirmed => "outputs confirmed first, then acknowledged together",
    };
    let window = Span(window);
    format!(
        "up to {size} messages within {window}, {unit}; one that fails is tried message by message"
    )
}

fn may_lose(handler: &Handler, guarantee: Guarantee, endpoint: &Endpoint) -> Vec<&'static str> {
    let risks = [
        (
            matches!(endpoint, Endpoint::Memory),
            "the broker in memory forgets all when the program ends",
        ),
        (
            handler.queue.presence() == Presence::Expect,
            "the queue is declared elsewhere, and whether it is durable is not known",
        ),
        (
            guarantee.tears_transactions(),
            "a transaction that the broker keeps in part if it is killed",
        ),
        (
            guarantee.timer == Timer::Ladder && handler.has_delays(),
            "a message that is handed down the ladder while the broker is killed",
        ),
    ];
    risks.into_iter().filter_map(|(is_so, risk)| is_so.then_some(risk)).collect()
}

fn may_repeat(handler: &Handler, guarantee: Guarantee) -> Vec<&'static str> {
    if handler.inbox == Inboxing::On {
        return Vec::new();
    }
    let mut risks = vec!["a handler that was cut off in the middle is run again"];
    if handler.partitions.is_some() {
        risks
            .push("a process whose connection broke may still be at a message that another begins");
    }
    if !guarantee.is_one_unit() {
        risks.push(
            "outputs are published again, under the same ids, if the acknowledgement is lost",
        );
    }
    risks
}

impl Display for SettlementPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (number, plan) in self.handlers.iter().enumerate() {
            let space = if number == 0 { "" } else { "\n" };
            write!(f, "{space}{plan}")?;
        }
        Ok(())
    }
}

impl Display for HandlerPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let parts = self.partitions.map(|count| format!(", in {count} partitions"));
        let parts = parts.unwrap_or_default();
        writeln!(f, "handler `{}` on queue `{}`{parts}", self.handler, self.queue)?;
        self.write_lines(f)
    }
}

impl HandlerPlan {
    /// All but the names.
    pub(super) fn write_lines(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "  outputs       {}", self.outputs)?;
        if let Some(batches) = &self.batches {
            writeln!(f, "  batches       {batches}")?;
        }
        writeln!(f, "  retry         {}", self.retry)?;
        writeln!(f, "  held back by  {}", self.delayed_by)?;
        writeln!(
            f,
            "  dead letters  queue `{}`, confirmed before the message is acknowledged",
            self.dead_letters
        )?;
        writeln!(f, "  may lose      {}", listed(&self.may_lose))?;
        writeln!(f, "  may repeat    {}", listed(&self.may_repeat))
    }
}

fn listed(risks: &[&str]) -> String {
    if risks.is_empty() { "nothing".to_owned() } else { risks.join("; ") }
}
