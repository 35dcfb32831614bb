//! `leveret topology`: exchanges, queues, bindings and policies by a file.

mod applying;
pub(crate) mod args;
mod declaration;
mod failure;
mod management;
mod probe;

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use leveret_client::ConnectOptions;
use leveret_topology::{Drift, Live, Plan, Snapshot, Topology};
use serde_json::json;

use self::args::{TopologyArgs, Verb};
pub(crate) use self::{
    applying::Applying, args::DeletingArgs, failure::TopologyFailure, management::Management,
    probe::probe,
};
use crate::{
    Refusal,
    exit::Exit,
    messages::{self, Failure, Session, is_wanted},
    printable,
};

/// Does what the verb says.
pub(crate) fn run(args: TopologyArgs) -> Result<Exit, Refusal> {
    let done = messages::block_on(answer(args));
    Ok(done.map_err(|error| Refusal::from(Failure::Runtime(error)))??)
}

async fn answer(args: TopologyArgs) -> Result<Exit, TopologyFailure> {
    let TopologyArgs { broker, http, trust, json, verb } = args;
    let options = messages::options(&broker)?;
    let http = http.filter(|url| !url.is_empty());
    let management = http.map(|url| Management::at(&url, &trust, &options)).transpose()?;
    let place = Place { options, management, json };
    match verb {
        Verb::Plan { file, prune } => place.plan(&file, prune).await,
        Verb::Apply { file, prune, deleting } => place.apply(&file, prune, deleting).await,
        Verb::Drift { file } => place.drift(&file).await,
        Verb::Delete { file, dry_run, deleting } => place.delete(&file, dry_run, deleting).await,
        Verb::Import { from, output } => {
            let topology = match from {
                Some(path) => place.read_definitions(&path)?,
                None => place.snapshot("an import")?,
            };
            let text = if json {
                let virtual_host = place.virtual_host();
                format!("{:#}\n", topology.to_definitions(&virtual_host))
            } else {
                topology.to_toml()
            };
            write(output, &text)
        }
        Verb::Export { file, output } => {
            let topology = match file {
                Some(path) => place.read(&path)?,
                None => place.snapshot("an export")?,
            };
            write(output, &format!("{:#}\n", topology.to_definitions(&place.virtual_host())))
        }
    }
}

/// Which broker, and how it is asked.
struct Place {
    options: ConnectOptions,
    management: Option<Management>,
    json: bool,
}

impl Place {
    fn virtual_host(&self) -> String {
        self.options.virtual_host.to_string_lossy().into_owned()
    }

    async fn plan(&self, file: &Path, prune: bool) -> Result<Exit, TopologyFailure> {
        let wanted = self.read(file)?;
        let live = self.live(&wanted).await?;
        let plan = if prune { Plan::pruning(&wanted, &live) } else { Plan::of(&wanted, &live) };
        self.show(&plan, &plan.to_string());
        Ok(outcome(&plan))
    }

    async fn drift(&self, file: &Path) -> Result<Exit, TopologyFailure> {
        let wanted = self.read(file)?;
        let live = self.live(&wanted).await?;
        let plan = Plan::pruning(&wanted, &live);
        self.show(&plan, &Drift(&plan).to_string());
        Ok(outcome(&plan))
    }

    async fn apply(
        &self,
        file: &Path,
        prune: bool,
        deleting: DeletingArgs,
    ) -> Result<Exit, TopologyFailure> {
        let wanted = self.read(file)?;
        let live = self.live(&wanted).await?;
        let plan = if prune { Plan::pruning(&wanted, &live) } else { Plan::of(&wanted, &live) };
        self.carry_out(&plan, deleting).await
    }

    async fn delete(
        &self,
        file: &Path,
        dry_run: bool,
        deleting: DeletingArgs,
    ) -> Result<Exit, TopologyFailure> {
        let wanted = self.read(file)?;
        let live = self.live(&wanted).await?;
        let plan = Plan::deletion(&wanted, &live);
        if dry_run {
            self.show(&plan, &plan.to_string());
            return Ok(Exit::Success);
        }
        self.carry_out(&plan, deleting).await
    }

    /// Shows the plan, asks where something would be deleted, and does it.
    async fn carry_out(
        &self,
        plan: &Plan,
        deleting: DeletingArgs,
    ) -> Result<Exit, TopologyFailure> {
        if !self.json {
            self.show(plan, &plan.to_string());
        }
        if !plan.problems.is_empty() {
            if self.json {
                self.show(plan, "");
            }
            return Err(TopologyFailure::Problems);
        }
        let (count, question) = (plan.deleting().count(), "Delete what has a minus above?");
        if count > 0 && !deleting.yes && !is_wanted(question, "nothing is changed")? {
            return Ok(Exit::Success);
        }
        let session = Session::connect(&self.options).await?;
        let (connection, management) = (&session.connection, self.management.as_ref());
        let applying = Applying { connection, management, deleting, is_told: !self.json };
        let done = applying.apply(plan).await?;
        session.close().await;
        if self.json {
            let steps = plan.to_json();
            print(&format!("{:#}\n", json!({ "plan": steps, "steps_done": done.steps })));
        } else if done.steps > 0 {
            print(&format!("Done: {} steps.\n", done.steps));
        }
        if done.left > 0 {
            return Err(TopologyFailure::NoHttp("a policy"));
        }
        Ok(Exit::Success)
    }

    fn show(&self, plan: &Plan, text: &str) {
        if self.json {
            print(&format!("{:#}\n", plan.to_json()));
        } else {
            print(&printable::text(text));
        }
    }

    fn read(&self, path: &Path) -> Result<Topology, TopologyFailure> {
        if path.extension().is_some_and(|extension| extension == "json") {
            return self.read_definitions(path);
        }
        Ok(Topology::from_toml(path, &text_of(path)?)?)
    }

    fn read_definitions(&self, path: &Path) -> Result<Topology, TopologyFailure> {
        let text = text_of(path)?;
        // A byte order mark is no JSON, and some tools write one.
        let json = serde_json::from_str(text.trim_start_matches('\u{feff}'));
        let json =
            json.map_err(|source| TopologyFailure::Json { path: path.to_owned(), source })?;
        let snapshot = Snapshot::from_json(&json, &self.virtual_host());
        snapshot
            .map(|snapshot| snapshot.topology)
            .map_err(|source| TopologyFailure::Definitions { path: path.to_owned(), source })
    }

    /// What the broker has, for a verb that has to see all of it.
    fn snapshot(&self, what: &'static str) -> Result<Topology, TopologyFailure> {
        let management = self.management.as_ref().ok_or(TopologyFailure::NoHttp(what))?;
        Ok(management.snapshot()?.topology)
    }

    async fn live(&self, wanted: &Topology) -> Result<Live, TopologyFailure> {
        if let Some(management) = &self.management {
            return Ok(Live::Whole(management.snapshot()?));
        }
        let session = Session::connect(&self.options).await?;
        let probe = probe(&session.connection, wanted).await?;
        session.close().await;
        Ok(Live::Probed(probe))
    }
}

fn outcome(plan: &Plan) -> Exit {
    if !plan.problems.is_empty() {
        Exit::Failed
    } else if plan.has_changes() {
        Exit::Changes
    } else {
        Exit::Success
    }
}

fn text_of(path: &Path) -> Result<String, TopologyFailure> {
    std::fs::read_to_string(path)
        .map_err(|source| TopologyFailure::Read { path: path.to_owned(), source })
}

fn write(output: Option<PathBuf>, text: &str) -> Result<Exit, TopologyFailure> {
    let Some(path) = output else {
        print(text);
        return Ok(Exit::Success);
    };
    let written = OpenOptions::new().write(true).create_new(true).open(&path);
    let written = written.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| TopologyFailure::Write { path, source })?;
    Ok(Exit::Success)
}

/// The shell may have closed the pipe.
fn print(text: &str) {
    io::stdout().lock().write_all(text.as_bytes()).ok();
}
