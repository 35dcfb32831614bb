//! Workers: those of reference, and bad ones.
//!
//! Bad ones crash, hang, lie or do not start.

use std::path::Path;

use leveret::{Handler, Publish, RetryPolicy};

use crate::setup::{World, has, of_repository, target};

/// A worker of each language, whose first attempt at a message does what the body says.
const PYTHON: &str = r#"
import os, sys, time
from leveret_worker import DeadLetter, Output, Reject, Reply, Retry, run

def handle(message):
    word = message.body.decode()
    print("handling", word)
    if word == "crash":
        os._exit(7)
    if word == "hang":
        time.sleep(1000)
    if word == "slow":
        for _ in range(6):
            time.sleep(0.1)
            message.heartbeat()
    if word == "raise":
        raise ValueError("no tea")
    if word == "later" and message.metadata["attempt"] == 1:
        raise Retry("not yet", after=0)
    if word == "reject":
        raise Reject()
    if word == "dead":
        raise DeadLetter("never")
    if word == "oversize":
        return Output("", "done", b"x" * 100_000)
    if word == "pid":
        return Output("", "done", str(os.getpid()))
    out = Output("", "done", word.upper(), "text/plain", {"x-number": 7}, kind="loud")
    return [out, Reply("r " + message.routing_key)]

run(handle)
"#;

const NODE: &str = r#"
import { DeadLetter, Reject, Retry, output, reply, run } from "./leveret-worker.mjs";

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

run(async (message) => {
  const word = message.body.toString();
  console.log("handling", word);
  if (word === "crash") process.exit(7);
  if (word === "hang") await sleep(1000000);
  if (word === "slow") {
    for (let beat = 0; beat < 6; beat++) {
      await sleep(100);
      message.heartbeat();
    }
  }
  if (word === "raise") throw new TypeError("no tea");
  if (word === "later" && message.metadata.attempt === 1) throw new Retry("not yet", 0);
  if (word === "reject") throw new Reject();
  if (word === "dead") throw new DeadLetter("never");
  if (word === "oversize") return output("", "done", "x".repeat(100000));
  if (word === "pid") return output("", "done", String(process.pid));
  const properties = { content_type: "text/plain", headers: { "x-number": 7 }, kind: "loud" };
  return [output("", "done", word.toUpperCase(), properties), reply("r " + message.routing_key)];
});
"#;

/// A script beside the reference worker of its language, as a target.
pub(crate) fn worker(language: &str, script: &str, folder: &Path, more: &str) -> Handler {
    target(&written(language, script, folder, more))
}

/// The same as a file has it.
pub(crate) fn written(language: &str, script: &str, folder: &Path, more: &str) -> String {
    let (library, name) = match language {
        "python3" => ("workers/python/leveret_worker.py", "worker.py"),
        _ => ("workers/node/leveret-worker.mjs", "worker.mjs"),
    };
    let library = of_repository(library);
    let beside = folder.join(Path::new(&library).file_name().unwrap());
    std::fs::copy(&library, beside).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, script).unwrap();
    format!("{{ worker = {{ argv = ['{language}', '{}'] {more} }} }}", path.display())
}

async fn each_language(more: &str, attempts: u32, test: impl AsyncFn(World)) {
    for (language, script) in [("python3", PYTHON), ("node", NODE)] {
        if has(language) {
            let folder = tempfile::tempdir().unwrap();
            let handler = worker(language, script, folder.path(), more);
            test(World::new(handler.retry(RetryPolicy::attempts(attempts))).await).await;
        }
    }
}

#[tokio::test]
async fn a_worker_gives_outputs_and_replies() {
    each_language("", 3, async |world| {
        let order = Publish::new("shop", "order.new").text("tea").reply_to("done");
        world.publish(order.correlation_id("c-1")).await;
        let mut done = world.done(2).await;
        done.sort();
        assert_eq!(done, ["TEA", "r order.new"]);
        let all = world.done.all();
        let output = all.iter().find(|message| message.body() == "TEA").unwrap();
        assert_eq!(output.header("x-number"), Some(7_i64.into()));
        assert_eq!(output.properties().kind().unwrap().to_string_lossy(), "loud");
        world.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_result_is_the_outcome() {
    each_language("", 2, async |world| {
        world.send("k", "later").await;
        world.handled(1).await;
        world.send("k", "reject").await;
        world.running.wait_until(|stats| stats.handler("t").rejected == 1).await;
        world.send("k", "raise").await;
        world.dead(1).await;
        world.send("k", "dead").await;
        let dead = world.dead(2).await;
        assert!(dead[0].ends_with("Error: no tea"), "{dead:?}");
        assert!(dead[1].starts_with("dead-letter: ") && dead[1].ends_with(": never"), "{dead:?}");
        world.end().await;
    })
    .await;
}

#[tokio::test]
async fn one_process_handles_many_and_another_follows_a_crash() {
    each_language("", 2, async |world| {
        for word in ["pid", "pid", "crash", "pid", "pid"] {
            world.send("k", word).await;
        }
        let pids = world.done(4).await;
        assert_eq!(pids[0], pids[1]);
        assert_ne!(pids[1], pids[2]);
        assert_eq!(pids[2], pids[3]);
        let dead = world.dead(1).await;
        assert!(dead[0].starts_with("worker-crashed: the worker ended, exit code 7"), "{dead:?}");
        assert!(dead[0].ends_with(": handling crash"), "{dead:?}");
        world.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_hangs_is_replaced_and_a_heartbeat_is_no_hang() {
    each_language(", silence-max = '400ms', grace = '100ms'", 1, async |world| {
        world.send("k", "slow").await;
        world.handled(1).await;
        world.send("k", "hang").await;
        let dead = world.dead(1).await;
        assert!(dead[0].starts_with("worker-hangs: the worker was silent for 400ms"), "{dead:?}");
        world.send("k", "tea").await;
        world.handled(2).await;
        world.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_frame_that_is_too_long_is_not_believed() {
    each_language(", frame-bytes-max = 50000", 1, async |world| {
        world.send("k", "oversize").await;
        let dead = world.dead(1).await;
        assert!(
            dead[0].starts_with(
                "worker-crashed: the worker has said what cannot be read: a frame of 100"
            ),
            "{dead:?}"
        );
        world.send("k", "x".repeat(60_000)).await;
        let dead = world.dead(2).await;
        assert!(dead[1].starts_with("worker-message-too-long: "), "{dead:?}");
        world.send("k", "tea").await;
        world.handled(1).await;
        world.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_process_is_replaced_after_its_messages() {
    each_language(", messages-max = 2", 1, async |world| {
        for _ in 0..4 {
            world.send("k", "pid").await;
        }
        let pids = world.done(4).await;
        assert_eq!((&pids[0], &pids[2]), (&pids[1], &pids[3]));
        assert_ne!(pids[1], pids[2]);
        world.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_does_not_start_costs_no_message() {
    for script in [
        "echo no tea today >&2; exit 3",
        "echo Hello, I speak no protocol; cat",
        r#"printf '\000\000\000\037\000\000\000\000{"type":"hello", "version":9999}'; cat"#,
        "exec sleep 1000",
    ] {
        let argv = format!("argv = ['/bin/sh', '-c', '''{script}''']");
        let more = "start-timeout = '300ms', grace = '100ms'";
        let handler = target(&format!("{{ worker = {{ {argv}, {more} }} }}"));
        let world = World::new(handler.retry(RetryPolicy::attempts(1))).await;
        world.send("k", "x").await;
        world.running.wait_until(|stats| stats.handler("t").pauses == 1).await;
        assert_eq!(world.running.stats().handler("t").dead_lettered, 0);
        world.end().await;
    }
}
