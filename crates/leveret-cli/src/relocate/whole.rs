//! All of a virtual host: what is declared, then the messages of all queues.

use std::io::{self, Write as _};

use leveret_client::ConnectOptions;
use leveret_topology::{Live, Plan, Snapshot};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{
    args::MoveArgs,
    failure::MoveFailure,
    route::{Manner, Route},
};
use crate::{
    exit::Exit,
    messages::Session,
    printable, table,
    topology::{Applying, DeletingArgs, Management, probe},
};

/// From broker to broker.
pub(super) struct Whole {
    pub(super) from: ConnectOptions,
    pub(super) to: ConnectOptions,
    pub(super) manner: Manner,
    pub(super) dry_run: bool,
    pub(super) json: bool,
}

impl Whole {
    pub(super) async fn travel(
        self,
        args: &MoveArgs,
        interrupted: &watch::Receiver<bool>,
    ) -> Result<Exit, MoveFailure> {
        let from = args.from_http.as_deref().unwrap_or_default();
        let source = Management::at(from, &args.trust, &self.from)?;
        let target = args.to_http.as_deref();
        let target = target.map(|url| Management::at(url, &args.trust, &self.to));
        let target = target.transpose()?;
        let snapshot = source.snapshot()?;
        let plan = self.plan(&snapshot, target.as_ref()).await?;
        let differing: String = plan.deleting().map(ToString::to_string).collect();
        if !differing.is_empty() {
            return Err(MoveFailure::Differs(differing));
        }
        if !self.json {
            self.print(&plan.to_string());
        }
        if !self.dry_run {
            let session = Session::connect(&self.to).await?;
            let deleting = DeletingArgs::default();
            let (connection, management) = (&session.connection, target.as_ref());
            let applying = Applying { connection, management, deleting, is_told: false };
            let done = applying.apply(&plan).await?;
            session.close().await;
            if done.left > 0 && !self.json {
                self.print(&format!("{} policies left out: wanted --to-http\n", done.left));
            }
        }
        let (rows, stopped) = self.messages(&snapshot, interrupted).await;
        if self.json {
            let mut all = json!({ "plan": plan.to_json(), "queues": rows });
            if let (Some(failure), Some(all)) = (&stopped, all.as_object_mut()) {
                all.insert("stopped".to_owned(), failure.to_string().into());
            }
            self.print(&format!("{all:#}\n"));
        } else {
            let last = if self.dry_run { "would move" } else { "moved" };
            self.print(&table::table(&rows, &["queue", last, "left"]));
        }
        let Some(failure) = stopped else { return Ok(Exit::Success) };
        let some = |row: &Value| row.get("moved").and_then(Value::as_u64) > Some(0);
        if !rows.iter().any(some) {
            return Err(failure);
        }
        // Whoever cannot be told still has the exit code.
        writeln!(io::stderr(), "{failure}").ok();
        Ok(Exit::Partial)
    }

    async fn plan(
        &self,
        snapshot: &Snapshot,
        target: Option<&Management>,
    ) -> Result<Plan, MoveFailure> {
        let live = if let Some(management) = target {
            Live::Whole(management.snapshot()?)
        } else {
            let session = Session::connect(&self.to).await?;
            let found = probe(&session.connection, &snapshot.topology).await?;
            session.close().await;
            Live::Probed(found)
        };
        Ok(Plan::of(&snapshot.topology, &live))
    }

    /// Queue after queue, in the order of their names, until one stops it: what was moved all the same.
    async fn messages(
        &self,
        snapshot: &Snapshot,
        interrupted: &watch::Receiver<bool>,
    ) -> (Vec<Value>, Option<MoveFailure>) {
        let mut rows = Vec::new();
        for queue in &snapshot.topology.queues {
            let name = leveret_client::ShortStr::truncated(&queue.name);
            let (from, to) = (self.from.clone(), self.to.clone());
            let route = Route { from, to, target: name.clone(), queue: name };
            match self.one(&route, interrupted).await {
                Ok(row) => rows.push(row),
                Err(failure) => {
                    let moved = failure.progress().map_or(0, |progress| progress.moved);
                    rows.push(json!({ "queue": queue.name, "moved": moved, "left": null }));
                    return (rows, Some(failure));
                }
            }
        }
        (rows, None)
    }

    async fn one(
        &self,
        route: &Route,
        interrupted: &watch::Receiver<bool>,
    ) -> Result<Value, MoveFailure> {
        let (ready, queue) = (route.ready().await?, route.queue.to_string_lossy());
        if self.dry_run || ready == 0 {
            let would = if self.dry_run { "would move" } else { "moved" };
            return Ok(json!({ "queue": queue, would: ready, "left": ready }));
        }
        let moved = route.clone().travel(self.manner, interrupted).await?;
        let left = route.ready().await?;
        Ok(json!({ "queue": queue, "moved": moved.count, "left": left }))
    }

    fn print(&self, text: &str) {
        let text = if self.json { text.to_owned() } else { printable::text(text) };
        // The shell may have closed the pipe.
        io::stdout().lock().write_all(text.as_bytes()).ok();
    }
}
