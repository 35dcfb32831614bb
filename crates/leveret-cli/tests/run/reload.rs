//! What a SIGHUP does to a run file that runs, seen in its log and its metrics.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    thread,
    time::Instant,
};

use crate::{PATIENCE, Run, ended, leveret};

const COMMON: &str = "[connection]\nin-memory = true\n[broker]\nlisten = [\"127.0.0.1:0\"]\n\
     [metrics]\nlisten = \"127.0.0.1:0\"\n[control]\nlisten = \"127.0.0.1:0\"\n";

const IDLE: &str =
    "[consumers.idle]\nqueue = \"idle\"\ntarget = { command = { argv = [\"/bin/true\"] } }\n";

/// A consumer `jobs` with these lines.
fn jobs(lines: &str) -> String {
    format!(
        "[consumers.jobs]\nqueue = \"jobs\"\ntarget = {{ command = {{ argv = [\"/bin/true\"] }} }}\n{lines}"
    )
}

/// A process whose file is written again and again.
struct Changing<'f> {
    folder: &'f Path,
    run: Run,
    metrics: String,
    control: String,
}

impl<'f> Changing<'f> {
    fn start(folder: &'f Path, text: &str) -> Self {
        Self::start_whole(folder, &format!("{COMMON}{text}"))
    }

    fn start_whole(folder: &'f Path, text: &str) -> Self {
        fs::write(folder.join("leveret.toml"), text).unwrap();
        let run = Run::start(folder);
        let address = |what: &str| {
            let line = run.banner.lines().find(|line| line.starts_with(what)).unwrap();
            line.rsplit(' ').next().unwrap().to_owned()
        };
        let (metrics, control) = (address("metrics at"), address("control at"));
        Self { folder, run, metrics, control }
    }

    /// Has it read this file, and waits for these lines of its log, in order.
    fn reload(&self, text: &str, lines: &[&str]) {
        self.reload_whole(&format!("{COMMON}{text}"), lines);
    }

    fn reload_whole(&self, text: &str, lines: &[&str]) {
        fs::write(self.folder.join("leveret.toml"), text).unwrap();
        self.run.signal("HUP");
        for line in lines {
            self.run.logs(line);
        }
    }

    /// Waits until a series has this value.
    fn measures(&self, series: &str, value: &str) {
        let end = Instant::now() + PATIENCE;
        let wanted = format!("{series} {value}");
        loop {
            let text = self.scrape();
            if text.lines().any(|line| line == wanted) {
                return;
            }
            assert!(Instant::now() < end, "no `{wanted}` in {text}");
            thread::yield_now();
        }
    }

    fn scrape(&self) -> String {
        let mut stream = TcpStream::connect(&self.metrics).unwrap();
        let request = "GET /metrics HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }
}

const READ: &str = "the run file is read again";
const WORKERS: &str = "leveret_handler_workers{handler=\"jobs\",queue=\"jobs\"}";
const CONSUMERS: &str = "leveret_handler_consumers{handler=\"jobs\",queue=\"jobs\"}";
const PAUSED: &str = "leveret_handler_paused{handler=\"jobs\",queue=\"jobs\"}";
const APPLIED: &str = "leveret_config_reloads_total{result=\"applied\"}";
const REFUSED: &str = "leveret_config_reloads_total{result=\"refused\"}";

#[test]
fn a_changed_concurrency_holds_at_once_within_its_bounds() {
    let root = tempfile::tempdir().unwrap();
    let process = Changing::start(root.path(), &jobs("concurrency = 2\nconcurrency-max = 6\n"));
    process.measures(CONSUMERS, "2");
    process.reload(
        &jobs("concurrency = 5\nconcurrency-max = 6\n"),
        &["concurrency set by an operator", "`consumers.jobs.concurrency` is changed", READ],
    );
    process.measures(WORKERS, "5");
    process.measures(CONSUMERS, "5");
    process.reload(
        &jobs("concurrency = 9\nconcurrency-max = 9\n"),
        &[
            "`consumers.jobs.concurrency` needs a restart: `jobs` was started with 6 workers at most, and 9 are wanted",
            "`consumers.jobs.concurrency-max` needs a restart",
            READ,
        ],
    );
    process.measures(WORKERS, "5");
    process.reload(
        &jobs("concurrency = 1\nconcurrency-max = 6\n"),
        &["`consumers.jobs.concurrency` is changed", READ],
    );
    process.measures(CONSUMERS, "1");
    process.measures(APPLIED, "3");
    process.measures(REFUSED, "0");
    process.run.signal("TERM");
    assert_eq!(process.run.wait(), Some(0));
}

#[test]
fn a_wrong_file_changes_nothing_and_is_counted() {
    let root = tempfile::tempdir().unwrap();
    let process = Changing::start(root.path(), &jobs("concurrency = 2\nconcurrency-max = 4\n"));
    let level = "[logging]\nlevel = \"warn\"\n";
    process.reload(
        &format!("{level}{}", jobs("concurency = 4\nconcurrency-max = 4\n")),
        &["did you mean `concurrency`?", "the run file is not taken; the one before holds on"],
    );
    process.measures(REFUSED, "1");
    process.measures(WORKERS, "2");
    // It was the whole file that was not taken: information is still logged.
    process.reload(
        &jobs("concurrency = 3\nconcurrency-max = 4\nretry = { attempts = 7 }\n"),
        &[
            "`consumers.jobs.concurrency` is changed",
            "`consumers.jobs.retry.attempts` needs a restart",
            READ,
        ],
    );
    process.measures(WORKERS, "3");
    process.measures(APPLIED, "1");
    // What waits is told again, until the restart.
    process.reload(
        &jobs("concurrency = 3\nconcurrency-max = 4\nretry = { attempts = 7 }\n"),
        &["`consumers.jobs.retry.attempts` needs a restart", READ],
    );
}

#[test]
fn a_consumer_is_paused_and_goes_on_by_the_file() {
    let root = tempfile::tempdir().unwrap();
    let process = Changing::start(root.path(), &jobs("paused = true\n"));
    process.measures(PAUSED, "1");
    process.measures(CONSUMERS, "0");
    process.reload(&jobs("paused = false\n"), &["`consumers.jobs.paused` is changed", READ]);
    process.measures(PAUSED, "0");
    process.measures(CONSUMERS, "1");
    process.reload(&jobs("paused = true\n"), &["`consumers.jobs.paused` is changed", READ]);
    process.measures(PAUSED, "1");
    process.measures(CONSUMERS, "0");
}

#[test]
fn a_consumer_that_is_gone_takes_nothing_more_until_it_is_there_again() {
    let root = tempfile::tempdir().unwrap();
    let process = Changing::start(root.path(), &format!("{IDLE}{}", jobs("")));
    process.measures(CONSUMERS, "1");
    process.reload(
        IDLE,
        &["`jobs` takes nothing more, as the file has it no more; its queue stays", READ],
    );
    process.measures(CONSUMERS, "0");
    process.reload(
        &format!("{IDLE}{}", jobs("time-limit = \"5s\"\n")),
        &[
            "`jobs` is in the file again, and goes on",
            "`consumers.jobs.time-limit` needs a restart",
            READ,
        ],
    );
    process.measures(CONSUMERS, "1");
    let other = IDLE.replace("idle", "other");
    process.reload(
        &format!("{IDLE}{other}{}", jobs("")),
        &["`consumers.other` is new, and needs a restart", READ],
    );
}

#[test]
fn what_an_operator_has_paused_stays_so() {
    let root = tempfile::tempdir().unwrap();
    let process = Changing::start(root.path(), &jobs("paused = true\n"));
    let operator = |words: &[&str]| {
        let words = [&["handlers", "--app", &process.control], words].concat();
        let (exit, said) = ended(leveret(&words));
        assert_eq!(exit, Some(0), "{said}");
    };
    operator(&["pause", "jobs", "--owner", "ann", "--reason", "the bank moves"]);
    process.reload(&jobs(""), &["`jobs` stays paused: ann has paused it", READ]);
    process.measures(PAUSED, "1");
    operator(&["resume", "jobs", "--owner", "ann"]);
    process.measures(PAUSED, "0");
}

#[test]
fn the_workers_of_a_service_line_change_and_a_site_goes() {
    let root = tempfile::tempdir().unwrap();
    let services = |lines: &str| {
        format!(
            "services = [{lines}]\n{COMMON}[sites.shop]\n[sites.store]\n{}",
            jobs("concurrency-max = 8\n")
        )
        .replace("queue = \"jobs\"", "queue = \"${site}.jobs\"")
    };
    let start = services("\"default shop@jobs 2\", \"default store@jobs 2\"");
    let process = Changing::start_whole(root.path(), &start);
    let workers = "leveret_handler_workers{handler=\"shop@jobs\",queue=\"shop.jobs\"}";
    let gone = "leveret_handler_paused{handler=\"store@jobs\",queue=\"store.jobs\"}";
    process.measures(workers, "2");
    process.reload_whole(
        &services("\"default shop@jobs 5\""),
        &["`store@jobs` takes nothing more", "`services` is changed", READ],
    );
    process.measures(workers, "5");
    process.measures(gone, "1");
    process.reload_whole(
        &services("\"default shop@jobs 5\", \"default store@jobs 2\", \"default mall@jobs\"")
            .replace("[sites.store]", "[sites.mall]\n[sites.store]"),
        &["`store@jobs` is in the file again, and goes on", "`services` needs a restart", READ],
    );
    process.measures(gone, "0");
}
