//! Many messages, with failures among them.
//!
//! Nothing is lost, and nothing gets out twice.
//!
//! Some hundred messages, unless `LEVERET_TARGETS_MESSAGES` asks for more.

use std::collections::BTreeMap;
use std::sync::Mutex;

use futures_util::future::try_join_all;
use leveret::{Handler, Publish, RetryPolicy};

use crate::server::{Answer, Server};
use crate::setup::{World, has, target};
use crate::workers::worker;

pub(crate) fn messages() -> u64 {
    std::env::var("LEVERET_TARGETS_MESSAGES").map_or(300, |text| text.parse().unwrap())
}

/// Sends numbers, waits for an output of each, and counts. Failures are all passing ones.
async fn nothing_is_lost(handler: Handler, concurrency: usize) -> World {
    let handler = handler.concurrency(concurrency).retry(RetryPolicy::attempts(30));
    let world = World::new(handler).await;
    send_all(&world).await;
    world.done(messages()).await;
    count(&world);
    world
}

pub(crate) async fn send_all(world: &World) {
    let publisher = world.running.publisher();
    let numbers: Vec<u64> = (0..messages()).collect();
    for some in numbers.chunks(500) {
        let sending = some
            .iter()
            .map(|number| publisher.publish(Publish::new("shop", "k").text(number.to_string())));
        try_join_all(sending).await.unwrap();
    }
}

/// Each number once: what a failed attempt gave does not get out.
pub(crate) fn count(world: &World) {
    let expected: BTreeMap<String, usize> =
        (0..messages()).map(|number| (number.to_string(), 1)).collect();
    assert_eq!(world.done.counts(), expected);
    assert_eq!(world.dead.all().len(), 0);
}

/// Fails in its first attempt at some numbers.
pub(crate) const SHELL: &str = "read n; if [ $LEVERET_ATTEMPT = 1 ]; then case $n in \
    *7) exit 1;; *13) kill -9 $$;; *26) exit 4;; *999) sleep 1000;; esac; fi; printf %s $n";

const TO_DONE: &str = "output = { exchange = '', key = 'done' }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_fails_now_and_then() {
    let asked = Mutex::new(BTreeMap::<String, u32>::new());
    let server = Server::start(move |request| {
        let mut asked = asked.lock().unwrap();
        let times = asked.entry(request.body.clone()).or_default();
        *times += 1;
        let number: u64 = request.body.parse().unwrap();
        match (*times, number % 1000) {
            (1, 1..10) => Answer::With(500, "", "not today".to_owned()),
            (1, 10..15) => Answer::With(503, "retry-after: 0\r\n", String::new()),
            (1, 15..20) => Answer::Close,
            (1, 20) => Answer::Hang,
            _ => Answer::With(200, "", request.body.clone()),
        }
    })
    .await;
    let address = server.address;
    let handler = target(&format!(
        "{{ http = {{ url = 'http://{address}/', response-timeout = '1s', {TO_DONE} }} }}"
    ));
    let world = nothing_is_lost(handler, 8).await;
    let failed = (0..messages()).filter(|number| (1..=20).contains(&(number % 1000))).count();
    // A slow machine may miss the time for a response.
    assert!(server.asked().len() as u64 >= messages() + failed as u64);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_fails_now_and_then() {
    let argv = format!("argv = ['/bin/sh', '-c', '''{SHELL}''']");
    let handler = target(&format!(
        "{{ command = {{ {argv}, time-limit = '3s', grace = '100ms', {TO_DONE} }} }}"
    ));
    nothing_is_lost(handler, 4).await.end().await;
}

/// Fails in its first attempt at some numbers; each output names the process in a header.
pub(crate) const PYTHON: &str = r#"
import os, time
from leveret_worker import Output, run

def handle(message):
    number, first = int(message.body), message.metadata["attempt"] == 1
    if first and number % 100 == 50:
        os._exit(1)
    if first and number % 1000 == 99:
        time.sleep(6)
    if first and number % 10 == 7:
        raise ValueError("not today")
    return Output("", "done", str(number), headers={"x-pid": str(os.getpid())})

run(handle)
"#;

pub(crate) const NODE: &str = r#"
import { output, run } from "./leveret-worker.mjs";

run(async (message) => {
  const number = Number(message.body), first = message.metadata.attempt === 1;
  if (first && number % 100 === 50) process.exit(1);
  if (first && number % 1000 === 99) await new Promise((done) => setTimeout(done, 6000));
  if (first && number % 10 === 7) throw new Error("not today");
  return output("", "done", String(number), { headers: { "x-pid": String(process.pid) } });
});
"#;

async fn workers(language: &str, script: &str) {
    if !has(language) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let more = ", silence-max = '3s', grace = '100ms'";
    let handler = worker(language, script, folder.path(), more);
    let handler = handler.concurrency(4).retry(RetryPolicy::attempts(30));
    let world = World::new(handler).await;
    let ((), killed) = tokio::join!(send_all(&world), kill_at_random(&world));
    world.done(messages()).await;
    count(&world);
    assert!(killed > 0, "nobody was killed");
    world.end().await;
}

/// Kills the process that has given the last output, again and again.
async fn kill_at_random(world: &World) -> u32 {
    let (mut killed, mut next) = (0, 20);
    while next < messages() {
        world.running.wait_until(|stats| stats.handler("done").handled >= next).await;
        next += fastrand::u64(50..=messages().max(100) / 2);
        let last = world.done.all().pop();
        let pid = last.and_then(|message| message.header_text("x-pid")).unwrap();
        // It may be gone already.
        std::process::Command::new("kill").args(["-KILL", &pid]).status().unwrap();
        killed += 1;
    }
    killed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_workers_that_fail_and_are_killed() {
    workers("python3", PYTHON).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_workers_that_fail_and_are_killed() {
    workers("node", NODE).await;
}
