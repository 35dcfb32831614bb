//! The log of an application as a program of its own.

use std::process::Command;

use leveret::{App, Config, Handler, Publish, RunError};

use crate::setup::heard_by;

const CHILD: &str = "LEVERET_TEST_LOGGING";

/// The program: the configuration in the variable, one message, and an end by a failed hook.
#[tokio::test]
async fn an_application_that_logs() {
    let Ok(config) = std::env::var(CHILD) else { return };
    let config = Config::parse("c".as_ref(), &config).unwrap();
    let handler = Handler::new("jobs", || async {}).named("work");
    let app = App::new("logged").in_memory().handler(handler).on_start(async |_| {
        tracing::debug!("from the hook");
        Err::<(), _>("enough")
    });
    let ended = app.configure(config).run().await;
    assert!(matches!(ended, Err(RunError::Start(_))), "{ended:?}");
}

fn log(config: &str) -> String {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", "logging::an_application_that_logs", "--nocapture"]);
    let output = program.env(CHILD, config).env_remove("RUST_LOG").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_configured_level_is_applied() {
    assert!(log("logging.level = 'debug'").contains("from the hook"));
    assert!(!log("logging.level = 'warn'").contains("from the hook"));
    assert!(!log("").contains("from the hook"));
    let json = log("logging.level = 'debug'\nlogging.format = 'json'");
    let line = json.lines().find(|line| line.contains("from the hook")).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["fields"]["message"], "from the hook");
}

#[derive(Clone, Default)]
struct Lines(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().map_or(Ok(0), |mut all| all.write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

// One thread, so that the subscriber of this thread sees all.
#[tokio::test]
async fn each_message_has_its_line_without_its_payload() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(move || writer.clone())
        .finish();
    let guard = heard_by(subscriber);
    let handler = Handler::new("jobs", || async { Err::<(), _>("no") }).named("work");
    let running = App::new("logged").in_memory().handler(handler).start().await.unwrap();
    let job = Publish::to_queue("jobs").text("a secret").message_id("j1");
    running.publisher().publish(job.header("token", "a secret")).await.unwrap();
    running.wait_until(|stats| stats.handler("work").dead_lettered == 1).await;
    running.shutdown().await.unwrap();
    drop(guard);
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(!log.contains("a secret"), "{log}");
    let is_it = |line: &&str| line.contains("leveret::messages");
    let line = log.lines().find(is_it).unwrap_or_else(|| panic!("no line: {log}"));
    let fields = &serde_json::from_str::<serde_json::Value>(line).unwrap()["fields"];
    for (field, value) in [
        ("handler", "work"),
        ("message_id", "j1"),
        ("routing_key", "jobs"),
        ("outcome", "dead_lettered"),
    ] {
        assert_eq!(fields[field], value, "{field}");
    }
    assert_eq!(fields["attempts"], 3);
    assert!(fields["age_secs"].is_u64() && fields["duration_ms"].is_f64(), "{fields}");
}
