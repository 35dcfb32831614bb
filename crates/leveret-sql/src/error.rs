//! Errors of databases in Leveret's words: what passes, what is at fault.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use leveret::{Class, Classify, EncodeError, Failure};
use sqlx::Error;

/// How long a handler stops when its database does not answer; twice that next time.
pub(crate) const AWAY_PAUSE: Duration = Duration::from_secs(1);

/// An error of sqlx that a handler may return: `Result<_, SqlError>` and `?`.
///
/// When the database does not answer, the handler [pauses](Class::Pause); when two transactions
/// were in each other's way, one is tried again [at once](Class::Conflict). Neither counts as an
/// attempt. Every other error is transient.
#[derive(Debug)]
pub struct SqlError(Error);

/// A message could not be put into the outbox.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxError {
    /// It has no form on the wire.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The database did not take it.
    #[error(transparent)]
    Sql(#[from] Error),
}

/// Where an error comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// Nobody knows what the database has done of what was asked last.
    Away,
    /// Another transaction was in the way; nothing was done.
    Conflict,
    /// The statement or its values.
    Statement,
}

impl SqlError {
    /// The error itself.
    pub fn into_inner(self) -> Error {
        self.0
    }
}

impl From<Error> for SqlError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl Display for SqlError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// It shows the error of sqlx as its own, so its source is that one's.
impl std::error::Error for SqlError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl Classify for SqlError {
    fn class(&self) -> Class {
        match cause(&self.0) {
            Cause::Away => Class::Pause(AWAY_PAUSE),
            Cause::Conflict => Class::Conflict,
            Cause::Statement => Class::Transient,
        }
    }

    fn name(&self) -> &'static str {
        "sql"
    }
}

impl Classify for OutboxError {
    fn class(&self) -> Class {
        match self {
            Self::Encode(error) => error.class(),
            Self::Sql(error) => match cause(error) {
                Cause::Away => Class::Pause(AWAY_PAUSE),
                Cause::Conflict => Class::Conflict,
                Cause::Statement => Class::Transient,
            },
        }
    }

    fn name(&self) -> &'static str {
        "outbox"
    }
}

/// What a statement that is the same for each message could not do: no message is at fault.
pub(crate) fn not_begun(error: &Error) -> Failure {
    let text = format!("cannot begin the database transaction: {error}");
    match cause(error) {
        Cause::Conflict => Failure::conflict(text),
        Cause::Away | Cause::Statement => Failure::pause(AWAY_PAUSE, text),
    }
}

/// What was to become lasting, and did not or may not have.
pub(crate) fn not_completed(error: Error) -> Failure {
    let error = SqlError(error);
    match error.class() {
        Class::Pause(wait) => {
            Failure::pause(wait, format!("it is not known whether the transaction lasts: {error}"))
        }
        Class::Conflict => {
            Failure::conflict(format!("the database transaction was in another's way: {error}"))
        }
        Class::Transient | Class::Permanent | Class::Busy(_) => {
            Failure::transient(format!("the database transaction failed: {error}")).named("sql")
        }
    }
}

fn cause(error: &Error) -> Cause {
    let Error::Database(error) = error else {
        let is_ours = matches!(
            error,
            Error::Encode(_)
                | Error::Decode(_)
                | Error::ColumnDecode { .. }
                | Error::ColumnNotFound(_)
                | Error::ColumnIndexOutOfBounds { .. }
                | Error::TypeNotFound { .. }
                | Error::RowNotFound
                | Error::InvalidArgument(_)
                | Error::InvalidSavePointStatement
        );
        return if is_ours { Cause::Statement } else { Cause::Away };
    };
    let code = error.code().unwrap_or_default();
    // The codes of SQLite are numbers, their lower byte tells the kind: 5 busy, 6 locked, 10 IO,
    // 13 full, 14 cannot open. Those of PostgreSQL have five characters, two for the class.
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => match number & 0xff {
            5 | 6 => Cause::Conflict,
            10 | 13 | 14 => Cause::Away,
            _ => Cause::Statement,
        },
        Ok(_) | Err(_) => match (code.as_ref(), code.get(..2).unwrap_or_default()) {
            ("40001" | "40P01" | "55P03", _) => Cause::Conflict,
            ("57014", _) => Cause::Statement,
            (_, "08" | "53" | "57" | "58") | ("40003" | "25006", _) => Cause::Away,
            (_, _) => Cause::Statement,
        },
    }
}
