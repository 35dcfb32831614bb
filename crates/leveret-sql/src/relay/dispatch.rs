//! One claim's rows on their way to the broker.
//!
//! Keeps true: of one ordering key nothing is published before what stands before it is confirmed.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use leveret::{PublishError, Publisher};
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use crate::dialect::{FailedRow, Next, Report};
use crate::row::Row;

/// No pause between two dispatches of one row is longer.
const PAUSE_MAX: Duration = Duration::from_mins(5);

/// The longest text of an error that is kept, in bytes.
const ERROR_BYTES_MAX: usize = 1024;

pub(super) struct Dispatch<'a> {
    pub(super) publisher: &'a Publisher,
    pub(super) attempts_max: u32,
    pub(super) first_pause: Duration,
    pub(super) deadline: Instant,
}

/// What came of one row.
enum Fate {
    Sent,
    /// The broker does not want it.
    Refused(String),
    /// The broker is away, or there is no time left.
    Left(String),
}

impl Dispatch<'_> {
    /// Publishes what can be; tells what is in the way of the rest.
    pub(super) async fn run(&self, rows: Vec<Row>) -> (Report, Option<String>) {
        // A refusal may close the channel, and take others with it that are under way: what was
        // refused once goes alone.
        let mut together: Vec<Vec<Row>> = Vec::new();
        let mut alone: Vec<Vec<Row>> = Vec::new();
        for line in lines(rows) {
            let was_refused = line.first().is_some_and(|row| row.attempts > 0);
            if was_refused { alone.push(line) } else { together.push(line) }
        }
        let mut report = Report::default();
        let mut trouble = None;
        let mut outcomes = join_all(together.into_iter().map(|line| self.line(line))).await;
        for line in alone {
            outcomes.push(self.line(line).await);
        }
        for (line, left) in outcomes {
            report.sent.extend(line.sent);
            report.failed.extend(line.failed);
            trouble = trouble.or(left);
        }
        (report, trouble)
    }

    /// One after the other, up to the first that is not sent.
    async fn line(&self, rows: Vec<Row>) -> (Report, Option<String>) {
        let mut report = Report::default();
        for row in rows {
            let (id, attempts) = (row.id, row.attempts.saturating_add(1));
            match self.publish(row).await {
                Fate::Sent => report.sent.push(id),
                Fate::Refused(error) => {
                    report.failed.push(self.refused(id, attempts, error));
                    return (report, None);
                }
                Fate::Left(error) => return (report, Some(error)),
            }
        }
        (report, None)
    }

    async fn publish(&self, row: Row) -> Fate {
        let sealed = match row.sealed {
            Ok(sealed) => sealed,
            Err(error) => return Fate::Refused(error),
        };
        match timeout_at(self.deadline, self.publisher.publish_sealed(sealed)).await {
            Ok(Ok(())) => Fate::Sent,
            Ok(Err(
                error @ (PublishError::Unconfirmed
                | PublishError::Disconnected
                | PublishError::Blocked(_)
                | PublishError::Closed),
            )) => Fate::Left(error.to_string()),
            Ok(Err(error)) => Fate::Refused(error.to_string()),
            Err(_) => Fate::Left("the broker does not confirm".to_owned()),
        }
    }

    fn refused(&self, id: i64, attempts: i32, mut error: String) -> FailedRow {
        error.truncate(error.floor_char_boundary(ERROR_BYTES_MAX));
        let tried = attempts.unsigned_abs();
        let next = if tried >= self.attempts_max {
            warn!(row = id, attempts, error, "outbox row parked");
            Next::Parked
        } else {
            let factor = 1_u32.checked_shl(tried.saturating_sub(1)).unwrap_or(u32::MAX);
            Next::After(self.first_pause.saturating_mul(factor).min(PAUSE_MAX))
        };
        FailedRow { id, attempts, error, next }
    }
}

/// The rows of each key in a line of their own, in order; a line for each row without one.
fn lines(mut rows: Vec<Row>) -> Vec<Vec<Row>> {
    rows.sort_by_key(|row| row.id);
    let mut lines = Vec::new();
    let mut keyed: BTreeMap<Vec<u8>, Vec<Row>> = BTreeMap::new();
    for row in rows {
        match row.key.clone() {
            Some(key) => keyed.entry(key).or_default().push(row),
            None => lines.push(vec![row]),
        }
    }
    lines.extend(keyed.into_values());
    lines
}
