//! `leveret doctor`: whether the way to a broker is as it should be.

pub(crate) mod args;
mod certificate;
mod check;
mod queues;
mod reach;
mod state;
mod way;

use std::io::{self, Write};

use serde_json::json;

use self::{
    args::DoctorArgs,
    check::{Check, Health, told},
};
use crate::{
    Refusal,
    exit::Exit,
    messages::{self, Failure},
    printable,
    why::Api,
};

/// Looks at everything, and tells each with what mends it.
pub(crate) fn run(args: DoctorArgs) -> Result<Exit, Refusal> {
    let checks = messages::block_on(examine(&args)).map_err(Failure::Runtime)??;
    let is_well = checks.iter().all(|check| check.health < Health::Fail);
    let text = if args.json {
        format!("{:#}\n", json!({ "healthy": is_well, "checks": checks }))
    } else {
        printable::text(&told(&checks))
    };
    // The shell may have closed the pipe.
    io::stdout().lock().write_all(text.as_bytes()).ok();
    Ok(if is_well { Exit::Success } else { Exit::Failed })
}

async fn examine(args: &DoctorArgs) -> Result<Vec<Check>, Refusal> {
    let options = messages::options(&args.broker)?;
    let mut wanted = args.queue.clone();
    if let Some(path) = &args.config {
        wanted.extend(queues::of_file(path)?);
    }
    let api = Api::new(&options, args.http.as_deref(), &args.trust)?;
    let mut checks = Vec::new();
    let connection = way::follow(&options, &mut checks).await;
    state::look(&api, &options, &mut checks);
    if let Some(connection) = connection {
        for queue in &wanted {
            checks.push(queues::look(&connection, queue).await);
        }
        connection.close().await;
    }
    Ok(checks)
}
