//! `leveret run` and `leveret config` as the shell sees them.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests stop at a surprise")]
#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

mod leader;
mod lines;
mod reload;
mod samples;

use std::{
    fs,
    io::{BufRead, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use expect_test::expect;

/// Nothing takes longer, on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(2);

/// The command, with an environment that a test's machine does not change.
fn leveret(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leveret"));
    command.args(arguments).env_clear();
    command
}

/// Runs the command to its end: the exit code and what it said on standard error.
fn ended(mut command: Command) -> (Option<i32>, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// A run file that runs; killed when it is dropped.
struct Run {
    child: Child,
    /// What it printed until it was ready.
    banner: String,
    log: mpsc::Receiver<String>,
}

impl Run {
    fn start(folder: &Path) -> Self {
        let mut command = leveret(&["run", "leveret.toml"]);
        command.current_dir(folder);
        Self::from_command(command)
    }

    fn from_command(mut command: Command) -> Self {
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let (line, log) = mpsc::channel();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || {
            let mut text = String::new();
            while errors.read_line(&mut text).unwrap() > 0 {
                line.send(std::mem::take(&mut text)).ok();
            }
        });
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut banner = String::new();
        while !banner.contains("may repeat") && output.read_line(&mut banner).unwrap() > 0 {}
        Self { child, banner, log }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Waits until the log has a line with this.
    fn logs(&self, wanted: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.log.recv_timeout(left).expect("the line comes in time");
            if line.contains(wanted) {
                return line;
            }
        }
    }

    /// Waits for the end; the exit code, if it was no signal.
    fn wait(mut self) -> Option<i32> {
        let mut child = std::mem::replace(&mut self.child, Command::new("true").spawn().unwrap());
        let (ended, has_ended) = mpsc::channel();
        thread::spawn(move || ended.send(child.wait()).ok());
        has_ended.recv_timeout(PATIENCE).expect("it ends in time").unwrap().code()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Waits until the folder has as many files.
fn files_in(folder: &Path, wanted: usize) {
    let end = Instant::now() + PATIENCE;
    let count = || fs::read_dir(folder).map_or(0, |all| all.filter(is_file).count());
    while count() < wanted {
        assert!(Instant::now() < end, "{} of {wanted} in {}", count(), folder.display());
        thread::yield_now();
    }
    assert_eq!(count(), wanted);
}

fn is_file(entry: &std::io::Result<fs::DirEntry>) -> bool {
    entry.as_ref().is_ok_and(|entry| entry.path().is_file())
}

/// The sample of the documentation.
fn sample(folder: &Path) {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/run/leveret.toml");
    fs::copy(sample, folder.join("leveret.toml")).unwrap();
    fs::create_dir_all(folder.join("incoming/new")).unwrap();
}

#[test]
fn the_sample_runs_is_killed_and_goes_on() {
    let root = tempfile::tempdir().unwrap();
    sample(root.path());
    for number in 0..300 {
        fs::write(root.path().join(format!("incoming/new/{number}")), "a mail").unwrap();
    }
    let run = Run::start(root.path());
    expect![[r#"
        leveret run: sample is ready
        handler `write_files:results` on queue `results`
          outputs       outputs are confirmed before the acknowledgement; a crash between repeats them under the same ids
          retry         3 attempts at once
          held back by  the broker's timer
          dead letters  queue `results.dead`, confirmed before the message is acknowledged
          may lose      nothing
          may repeat    a handler that was cut off in the middle is run again; outputs are published again, under the same ids, if the acknowledgement is lost
    "#]].assert_eq(&run.banner);
    files_in_part(&root.path().join("results"));
    run.signal("KILL");
    assert_eq!(run.wait(), None);
    let run = Run::start(root.path());
    files_in(&root.path().join("results"), 300);
    files_in(&root.path().join("incoming/cur"), 300);
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0));
}

/// Waits until it has begun.
fn files_in_part(folder: &Path) {
    let end = Instant::now() + PATIENCE;
    while fs::read_dir(folder).map_or(0, |all| all.filter(is_file).count()) == 0 {
        assert!(Instant::now() < end, "nothing comes");
        thread::yield_now();
    }
}

#[test]
fn a_reload_changes_the_level_and_says_what_waits() {
    let root = tempfile::tempdir().unwrap();
    sample(root.path());
    let path = root.path().join("leveret.toml");
    let run = Run::start(root.path());
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("level = \"info\"", "level = \"inf\"")).unwrap();
    run.signal("HUP");
    run.logs("did you mean `info`?");
    run.logs("the run file is not taken");
    let changed = text.replace("level = \"info\"", "level = \"debug\"").replace("10s", "5s");
    fs::write(&path, changed).unwrap();
    run.signal("HUP");
    run.logs("`logging.level` is changed");
    run.logs("`grace` needs a restart");
    run.signal("INT");
    assert_eq!(run.wait(), Some(0));
}

#[test]
fn wrong_files_end_with_the_code_that_fits() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("leveret.toml");
    let code = |arguments: &[&str]| {
        let mut command = leveret(arguments);
        command.current_dir(root.path());
        ended(command)
    };
    assert_eq!(code(&["run", "leveret.toml"]).0, Some(66));
    fs::write(&path, "[connection]\nadress = \"x\"\n[loging]\n").unwrap();
    let (exit, said) = code(&["run", "leveret.toml"]);
    assert_eq!(exit, Some(78));
    expect![[r#"
        leveret.toml:2:1: unknown key `adress`
          |
        2 | adress = "x"
          | ^^^^^^
          = did you mean `address`?
        leveret.toml:3:2: unknown key `loging`
          |
        3 | [loging]
          |  ^^^^^^
          = did you mean `logging`?
    "#]]
    .assert_eq(&said);
    assert_eq!(code(&["config", "check", "leveret.toml"]).1, said);
    fs::write(&path, "[connection]\naddress = \"amqp://jo:secret@127.0.0.1:1\"\n").unwrap();
    assert_eq!(code(&["config", "check", "leveret.toml"]).0, Some(0));
}

#[test]
fn a_second_process_on_one_directory_is_refused() {
    let root = tempfile::tempdir().unwrap();
    sample(root.path());
    let run = Run::start(root.path());
    let mut second = leveret(&["run", "leveret.toml"]);
    second.current_dir(root.path());
    let (exit, said) = ended(second);
    assert_eq!(exit, Some(73), "{said}");
    assert!(said.contains(&run.child.id().to_string()), "{said}");
}

#[test]
fn messages_reach_a_web_service_and_are_drained() {
    let root = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let text = format!(
        "services = [\"default shop@orders 2\"]\n[connection]\nin-memory = true\n\
         [broker]\nlisten = [\"127.0.0.1:0\"]\n[sites.shop]\nhost = \"http://{}\"\n\
         [consumers.orders]\nqueue = \"${{site}}.orders\"\n\
         target = {{ http = {{ url = \"${{site.host}}/orders\" }} }}\n",
        listener.local_addr().unwrap()
    );
    fs::write(root.path().join("leveret.toml"), text).unwrap();
    let run = Run::start(root.path());
    assert!(run.banner.contains("handler `shop@orders` on queue `shop.orders`"), "{}", run.banner);
    let line = run.banner.lines().find(|line| line.starts_with("listening on")).unwrap();
    let address = format!("amqp://guest:guest@{}", line.rsplit(' ').next().unwrap());
    let (exit, said) =
        ended(leveret(&["publish", "--url", &address, "--queue", "shop.orders", "one"]));
    assert_eq!(exit, Some(0), "{said}");
    let (mut stream, _) = listener.accept().unwrap();
    let request = request(&mut stream);
    assert!(request.starts_with("POST /orders HTTP/1.1\r\n") && request.ends_with("one"));
    // It is in hand, and finished before the process ends.
    run.signal("TERM");
    run.logs("stopping");
    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    assert_eq!(run.wait(), Some(0));
}

/// One request with its body.
fn request(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut bytes = [0; 1024];
    while !text.ends_with("one") {
        let count = stream.read(&mut bytes).unwrap();
        assert!(count > 0, "{text}");
        text.push_str(std::str::from_utf8(bytes.get(..count).unwrap()).unwrap());
    }
    text
}
