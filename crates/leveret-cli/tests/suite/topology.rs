//! `leveret topology` against a broker that runs, ours or theirs.

use expect_test::{Expect, expect};

use crate::process::{Broker, leveret};

/// What a command works with.
struct Stage {
    url: String,
    http: Option<String>,
    _broker: Option<Broker>,
    folder: tempfile::TempDir,
}

fn ours(with_http: bool) -> Stage {
    let any = "127.0.0.1:0";
    let words = ["broker", "--in-memory", "--listen", any, "--admin-listen", any];
    let broker = Broker::from_command(leveret(&words));
    let line = broker.banner.lines().find(|line| line.contains("admin api")).unwrap();
    let http = format!("http://{}", line.split_whitespace().last().unwrap());
    Stage {
        url: format!("amqp://{}", broker.address()),
        http: with_http.then_some(http),
        _broker: Some(broker),
        folder: tempfile::tempdir().unwrap(),
    }
}

/// The broker at `AMQP_URL`, with its management API at `HTTP_URL` if that is wanted.
fn theirs(with_http: bool) -> Option<Stage> {
    let variable = |name| std::env::var(name).ok().filter(|url| !url.is_empty());
    let (url, http) = (variable("AMQP_URL"), variable("HTTP_URL"));
    let (Some(url), true) = (url, http.is_some() || !with_http) else {
        println!("skipped against RabbitMQ: AMQP_URL and HTTP_URL are not set");
        return None;
    };
    let http = http.filter(|_| with_http);
    Some(Stage { url, http, _broker: None, folder: tempfile::tempdir().unwrap() })
}

impl Stage {
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, text: &str) {
        std::fs::write(self.path("t.toml"), text).unwrap();
    }

    /// Runs a command in the folder; gives back the exit code and what it printed on either output.
    fn run(&self, words: &[&str]) -> String {
        let mut command = leveret(words);
        command.args(["--url", &self.url]).current_dir(self.folder.path());
        if let Some(http) = self.http.as_ref().filter(|_| words.first() == Some(&"topology")) {
            command.args(["--http", http]);
        }
        let output = command.stdin(std::process::Stdio::null()).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        format!("{}\n{text}", output.status.code().unwrap())
    }

    /// A broker that stays may have something of a run that failed.
    fn clear(&self) {
        let cleared = self.run(&["topology", "delete", "t.toml", "--yes", "--with-messages"]);
        assert!(cleared.starts_with("0\n"), "{cleared}");
    }

    fn check(&self, words: &[&str], expected: Expect) {
        expected.assert_eq(&self.run(words));
    }
}

const FILE: &str = r#"
ignore = ["blind.*", "moved.*", "leveret.*"]

[exchanges."shop.orders"]
type = "topic"

[exchanges."shop.audit"]
type = "fanout"

[queues."shop.orders"]
type = "quorum"
bind = [{ exchange = "shop.orders", keys = ["order.*", "refund.*"] }]

[queues."shop.audit"]
arguments = { x-max-length = 1000, x-dead-letter-exchange = "shop.audit" }
bind = [{ exchange = "shop.audit" }]

[[bindings]]
source = "shop.orders"
exchange = "shop.audit"
key = "order.*"
"#;

/// From nothing to all of it, then otherwise, then to nothing: alike on every broker with an API.
fn live_through(stage: &Stage) {
    stage.write(FILE);
    stage.clear();
    stage.check(
        &["topology", "plan", "t.toml"],
        expect![[r#"
        2
          + exchange shop.audit (fanout, durable)
          + exchange shop.orders (topic, durable)
          + queue shop.audit (durable)
          + queue shop.orders (durable, quorum)
          + binding shop.audit -> queue shop.audit
          + binding shop.orders -> queue shop.orders, key order.*
          + binding shop.orders -> queue shop.orders, key refund.*
          + binding shop.orders -> exchange shop.audit, key order.*

        Plan: 8 to add, 0 to change, 0 to destroy.
    "#]],
    );
    assert!(stage.run(&["topology", "apply", "t.toml"]).ends_with("Done: 8 steps.\n"));
    stage.check(
        &["topology", "plan", "t.toml"],
        expect![[r#"
        0
        No changes: the broker has what the file says.
    "#]],
    );
    // Messages hold a queue that would have to be made anew.
    stage.run(&["publish", "-q", "shop.audit", "one"]);
    stage.write(&FILE.replace("1000", "500"));
    let plan = stage.run(&["topology", "plan", "t.toml"]);
    let told = plan.lines().filter(|line| !line.contains("queue shop.audit (durable"));
    expect![[r#"
        2
              x-max-length: 1000 -> 500
              No broker changes this in place: declaring it is refused with 406, inequivalent arg 'x-max-length'.
              To keep its messages: declare a queue of another name, bind it alike, `leveret move shop.audit --as NEW`,
              let consumers use it, and take this one out of the file.
          + binding shop.audit -> queue shop.audit, again: an end of it is made anew

        Plan: 2 to add, 0 to change, 1 to destroy."#]].assert_eq(&told.collect::<Vec<_>>().join("\n"));
    // A list without statistics counts no messages.
    let refused = stage.run(&["topology", "apply", "t.toml", "--yes"]);
    expect![[r#"
        1
        -/+ queue shop.audit (durable): must be recreated
              x-max-length: 1000 -> 500
              No broker changes this in place: declaring it is refused with 406, inequivalent arg 'x-max-length'.
              To keep its messages: declare a queue of another name, bind it alike, `leveret move shop.audit --as NEW`,
              let consumers use it, and take this one out of the file.
          + binding shop.audit -> queue shop.audit, again: an end of it is made anew

        Plan: 2 to add, 0 to change, 1 to destroy.
        queue shop.audit holds messages (1), so nothing is changed: wanted `leveret move` first, or `--with-messages`
    "#]]
    .assert_eq(&refused.replace(", holds 1 message", ""));
    let lost = stage.run(&["topology", "apply", "t.toml", "--yes", "--with-messages"]);
    assert!(lost.starts_with("0\n") && lost.ends_with("Done: 2 steps.\n"), "{lost}");
    drift_and_delete(stage);
}

fn drift_and_delete(stage: &Stage) {
    stage.check(
        &["topology", "drift", "t.toml"],
        expect![[r#"
        0
        No drift: the broker has what the file says.
    "#]],
    );
    // It is bound again.
    stage.run(&["publish", "-x", "shop.orders", "-k", "order.new", "seen"]);
    stage.check(
        &["get", "shop.audit", "--take", "--raw"],
        expect![[r#"
        0
        seen
    "#]],
    );
    stage.run(&["purge", "shop.orders", "--yes"]);
    stage.check(
        &["topology", "delete", "t.toml"],
        expect![[r#"
        64
          - queue shop.audit (durable)
          - queue shop.orders (durable, quorum)
          - exchange shop.audit (fanout, durable)
          - exchange shop.orders (topic, durable)

        Plan: 0 to add, 0 to change, 4 to destroy.
        nothing is changed: nobody can be asked here, so `--yes` is needed
    "#]],
    );
    let deleted = stage.run(&["topology", "delete", "t.toml", "--yes"]);
    assert!(deleted.starts_with("0\n") && deleted.ends_with("Done: 4 steps.\n"), "{deleted}");
    stage.check(
        &["topology", "drift", "t.toml"],
        expect![[r#"
        2
          + exchange shop.audit (fanout, durable)
          + exchange shop.orders (topic, durable)
          + queue shop.audit (durable)
          + queue shop.orders (durable, quorum)
          + binding shop.audit -> queue shop.audit
          + binding shop.orders -> queue shop.orders, key order.*
          + binding shop.orders -> queue shop.orders, key refund.*
          + binding shop.orders -> exchange shop.audit, key order.*

        Drift: 8 missing, 0 otherwise, 0 not in the file.
    "#]],
    );
}

#[test]
fn a_topology_is_planned_made_changed_and_deleted_on_our_broker() {
    live_through(&ours(true));
}

#[test]
fn a_topology_is_planned_made_changed_and_deleted_on_rabbitmq() {
    if let Some(stage) = theirs(true) {
        live_through(&stage);
    }
}

/// Without the API: what cannot be seen is said.
fn live_through_blindly(stage: &Stage) {
    stage.write(&FILE.replace("shop.", "blind."));
    stage.clear();
    stage.check(
        &["topology", "plan", "t.toml"],
        expect![[r#"
        2
          + exchange blind.audit (fanout, durable)
          + exchange blind.orders (topic, durable)
          + queue blind.audit (durable)
          + queue blind.orders (durable, quorum)
          + binding blind.audit -> queue blind.audit
          + binding blind.orders -> queue blind.orders, key order.*
          + binding blind.orders -> queue blind.orders, key refund.*
          + binding blind.orders -> exchange blind.audit, key order.*

        Plan: 8 to add, 0 to change, 0 to destroy.
    "#]],
    );
    assert!(stage.run(&["topology", "apply", "t.toml"]).ends_with("Done: 8 steps.\n"));
    stage.check(&["topology", "drift", "t.toml"], expect![[r#"
        0
          ? binding blind.audit -> queue blind.audit, cannot be seen over AMQP
          ? binding blind.orders -> queue blind.orders, key order.*, cannot be seen over AMQP
          ? binding blind.orders -> queue blind.orders, key refund.*, cannot be seen over AMQP
          ? binding blind.orders -> exchange blind.audit, key order.*, cannot be seen over AMQP

        Note: bindings cannot be seen over AMQP; applying makes those of the file, which does no harm where they are
        Note: what the file does not know cannot be seen over AMQP; that needs the management API (`--http`)
        No drift seen; 4 bindings could not be.
    "#]]);
    stage.write(&FILE.replace("shop.", "blind.").replace("1000", "500"));
    let plan = stage.run(&["topology", "plan", "t.toml"]);
    let told = plan.lines().find(|line| line.contains("x-max-length"));
    assert_eq!(told, Some("      x-max-length: 1000 -> 500"), "{plan}");
    let deleted = stage.run(&["topology", "delete", "t.toml", "--yes"]);
    assert!(deleted.starts_with("0\n") && deleted.ends_with("Done: 4 steps.\n"), "{deleted}");
}

#[test]
fn without_an_api_single_questions_find_the_differences_on_our_broker() {
    live_through_blindly(&ours(false));
}

#[test]
fn without_an_api_single_questions_find_the_differences_on_rabbitmq() {
    if let Some(stage) = theirs(false) {
        live_through_blindly(&stage);
    }
}

#[test]
fn policies_change_in_place_and_strays_are_pruned() {
    let stage = ours(true);
    let policy = "[policies.short]\npattern = \"^shop\"\napply-to = \"queues\"\ndefinition = { max-length = 5 }\n";
    stage.write(&format!("{FILE}{policy}"));
    assert!(stage.run(&["topology", "apply", "t.toml"]).starts_with("0\n"));
    stage.write(&format!("{FILE}{}", policy.replace('5', "7")));
    stage.check(
        &["topology", "plan", "t.toml"],
        expect![[r#"
        2
          ~ policy short (queues like ^shop)
              max-length: 5 -> 7

        Plan: 0 to add, 1 to change, 0 to destroy.
    "#]],
    );
    assert!(stage.run(&["topology", "apply", "t.toml"]).starts_with("0\n"));
    let without = FILE.replace("refund.*", "refund.#");
    stage.write(&without);
    stage.check(
        &["topology", "drift", "t.toml"],
        expect![[r#"
        2
          + binding shop.orders -> queue shop.orders, key refund.#
          - binding shop.orders -> queue shop.orders, key refund.*
          - policy short (queues like ^shop)

        Drift: 1 missing, 0 otherwise, 2 not in the file.
    "#]],
    );
    stage.check(
        &["topology", "apply", "t.toml", "--prune"],
        expect![[r#"
        64
          + binding shop.orders -> queue shop.orders, key refund.#
          - binding shop.orders -> queue shop.orders, key refund.*
          - policy short (queues like ^shop)

        Plan: 1 to add, 0 to change, 2 to destroy.
        nothing is changed: nobody can be asked here, so `--yes` is needed
    "#]],
    );
    let done = stage.run(&["topology", "apply", "t.toml", "--prune", "--yes", "--json"]);
    assert!(done.starts_with("0\n{") && done.contains("\"steps_done\": 3"), "{done}");
    stage.check(
        &["topology", "plan", "t.toml", "--prune"],
        expect![[r#"
        0
        No changes: the broker has what the file says.
    "#]],
    );
}

#[test]
fn what_is_there_becomes_a_file_and_definitions() {
    let stage = ours(true);
    stage.write(FILE);
    stage.run(&["topology", "apply", "t.toml"]);
    stage.check(
        &["topology", "import"],
        expect![[r#"
        0
        [exchanges."shop.audit"]
        type = "fanout"

        [exchanges."shop.orders"]
        type = "topic"

        [queues."shop.audit"]
        arguments = { x-dead-letter-exchange = "shop.audit", x-max-length = 1000 }
        bind = [{ exchange = "shop.audit" }]

        [queues."shop.orders"]
        type = "quorum"
        bind = [
            { exchange = "shop.orders", key = "order.*" },
            { exchange = "shop.orders", key = "refund.*" },
        ]

        [[bindings]]
        source = "shop.orders"
        exchange = "shop.audit"
        key = "order.*"
    "#]],
    );
    assert_eq!(stage.run(&["topology", "export", "-o", "d.json"]), "0\n");
    let again = stage.run(&["topology", "export", "-o", "d.json"]);
    assert!(again.starts_with("73\ncannot write `d.json`"), "{again}");
    assert_eq!(
        stage.run(&["topology", "import", "--from", "d.json"]),
        stage.run(&["topology", "import"])
    );
    assert!(stage.run(&["topology", "plan", "d.json"]).starts_with("0\n"));
}

#[test]
fn mistakes_have_their_exit_codes() {
    let stage = ours(false);
    stage.write("[queues.a]\ntype = \"qourum\"\n");
    stage.check(
        &["topology", "plan", "t.toml"],
        expect![[r#"
        78
        t.toml:2:8: unknown type `qourum`
          |
        2 | type = "qourum"
          |        ^^^^^^^^
          = did you mean `quorum`?
    "#]],
    );
    assert!(stage.run(&["topology", "plan", "none.toml"]).starts_with("66\n"));
    assert!(stage.run(&["topology", "import"]).starts_with("64\n"));
    std::fs::write(stage.path("d.json"), "{\"queues\": [{}]}").unwrap();
    stage.check(
        &["topology", "plan", "d.json"],
        expect![[r#"
        78
        d.json: queues[0]: `name` is missing
    "#]],
    );
    stage.write("[queues.a]\nmode = \"verify\"\n");
    stage.check(
        &["topology", "plan", "t.toml"],
        expect![[r#"
        1
          ! queue a is not there, and the file only verifies it

        Plan: 0 to add, 0 to change, 0 to destroy.
    "#]],
    );
    stage.check(
        &["topology", "apply", "t.toml"],
        expect![[r#"
        1
          ! queue a is not there, and the file only verifies it

        Plan: 0 to add, 0 to change, 0 to destroy.
        the file cannot be had as it is: see the lines with ! above
    "#]],
    );
}
