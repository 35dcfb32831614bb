//! The whole program killed at random and started again.
//!
//! Nothing is lost, nothing gets out twice.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};

use leveret::{App, Handler, RetryPolicy};
use leveret_broker::Broker;

use crate::many::{NODE, PYTHON, SHELL, count, messages, send_all};
use crate::server::{Answer, Server};
use crate::setup::{World, has, is_running, target as target_of};
use crate::workers::written;

/// What the program is told: its broker, its target.
const BROKER: &str = "LEVERET_KILLED_BROKER";
const TARGET: &str = "LEVERET_KILLED_TARGET";

/// How often it is killed.
const KILLS: u64 = 3;

/// The program that is killed: this test, run by the others. Run by itself it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn program() {
    let told = |name| std::env::var(name).ok();
    let (Some(broker), Some(target)) = (told(BROKER), told(TARGET)) else { return };
    let handler = target_of(&target).bind("shop", "#").concurrency(4);
    let handler = handler.retry(RetryPolicy::attempts(30));
    App::new("killed").connect(broker).handler(handler).run().await.unwrap();
}

/// A program that runs; killed when it is dropped.
struct Program(Child);

impl Program {
    fn start(broker: &str, target: &str) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::program", "--nocapture"])
            .env(BROKER, broker)
            .env(TARGET, target)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Kills it after some outputs, and again; in the end there is one output of each message.
async fn nothing_is_lost(target: &str) {
    let broker = Broker::builder().in_memory().listen("127.0.0.1:0".parse().unwrap());
    let broker = broker.start().await.unwrap();
    let url = format!("amqp://guest:guest@{}/%2f", broker.local_addrs()[0]);
    // Declares what the program consumes from.
    let queue = Handler::new("jobs", || async {}).named("declare").bind("shop", "#");
    let declaring = App::new("declare").connect(url.as_str()).handler(queue);
    declaring.start().await.unwrap().shutdown().await.unwrap();
    let world = World::witness(&url).await;
    send_all(&world).await;
    for kill in 0..KILLS {
        let _program = Program::start(&url, target);
        let next = messages() * (kill + 1) / (KILLS + 1) + fastrand::u64(0..10);
        world.done(next).await;
    }
    let program = Program::start(&url, target);
    world.done(messages()).await;
    count(&world);
    drop(program);
    let pid = |message: &leveret::Message| message.header_text("x-pid");
    let pids: BTreeSet<String> = world.done.all().iter().filter_map(pid).collect();
    for pid in pids {
        while is_running(&pid) {
            tokio::task::yield_now().await;
        }
    }
    world.end().await;
    broker.shutdown().await;
}

const TO_DONE: &str = "output = { exchange = '', key = 'done' }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_server() {
    let server = Server::start(|asked| Answer::With(200, "", asked.body.clone())).await;
    nothing_is_lost(&format!("{{ http = {{ url = 'http://{}/', {TO_DONE} }} }}", server.address))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_command() {
    let argv = format!("argv = ['/bin/sh', '-c', '''{SHELL}''']");
    nothing_is_lost(&format!("{{ command = {{ {argv}, time-limit = '3s', {TO_DONE} }} }}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_workers() {
    for (language, script) in [("python3", PYTHON), ("node", NODE)] {
        if has(language) {
            let folder = tempfile::tempdir().unwrap();
            let more = ", silence-max = '3s', grace = '100ms'";
            nothing_is_lost(&written(language, script, folder.path(), more)).await;
        }
    }
}
