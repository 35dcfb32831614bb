//! Dead letters tried on another build, with nothing of it leaving.
//!
//! The letters stay where they are. Databases and other services of the build are not shadowed: whoever
//! starts it says which ones it uses.

mod outcome;
mod stage;

use serde_json::{Value, json};

use self::{
    outcome::{Now, Outcome, failure},
    stage::Stage,
};
use super::{
    args::{ShadowArgs, Which},
    failure::DlqFailure,
    redrive::{Edit, returned},
    scan::{Found, look},
};
use crate::{messages::Session, printable, table};

/// Letters of one trial.
const LETTERS_MAX: usize = 1_000;

/// Tries the messages that are meant, and tells what became of them.
pub(super) async fn shadow(
    session: &Session,
    which: &Which,
    (args, command): (&ShadowArgs, &str),
) -> Result<String, DlqFailure> {
    let mut letters = Vec::new();
    look(session, which, |found| {
        if letters.len() < LETTERS_MAX {
            letters.push(found);
        }
        Ok(())
    })
    .await?;
    let stage = Stage::open(command, args.topology.as_deref(), args.patience).await?;
    let tried = try_all(&stage, &letters).await;
    stage.close().await;
    let outcomes = tried?;
    let rows: Vec<Value> =
        letters.iter().zip(&outcomes).map(|(letter, outcome)| row(letter, outcome)).collect();
    let count = |now: Now| outcomes.iter().filter(|outcome| outcome.now == now).count();
    let (handled, dead, later) = (count(Now::Handled), count(Now::Dead), count(Now::Later));
    let unanswered = letters.len() - handled - dead - later;
    if args.json {
        let summary = json!({
            "messages": rows, "handled": handled, "dead": dead, "later": later,
            "unanswered": unanswered,
        });
        return Ok(format!("{summary:#}\n"));
    }
    let mut text = table::table(&rows, &["message", "before", "now", "outputs"]);
    text.push_str(&format!(
        "{handled} of {} handled now, {dead} dead again, {later} to be tried again later, {unanswered} unanswered; \
         nothing was sent\n",
        letters.len()
    ));
    Ok(printable::text(&text))
}

/// One after another, so that outputs belong to their message; ends at one that is not answered.
async fn try_all(stage: &Stage, letters: &[Found]) -> Result<Vec<Outcome>, DlqFailure> {
    let mut outcomes = Vec::new();
    for letter in letters {
        let publish = returned(letter, None, &Edit::default())?;
        let outcome = stage.try_one(letter, publish).await?;
        let is_over = outcome.now == Now::Unanswered;
        outcomes.push(outcome);
        if is_over {
            break;
        }
    }
    outcomes.resize_with(letters.len(), Outcome::untried);
    Ok(outcomes)
}

fn row(letter: &Found, outcome: &Outcome) -> Value {
    let id = letter.delivery.properties.message_id().unwrap_or_default();
    let id = if id.is_empty() { "(no id)".to_owned() } else { id.to_string_lossy().into_owned() };
    json!({
        "message": id, "before": failure(&letter.record),
        "now": outcome.text, "outputs": outcome.shown(), "outcome": outcome.now.word(),
        "messages": outcome.outputs,
    })
}
