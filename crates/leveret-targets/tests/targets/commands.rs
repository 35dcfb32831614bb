//! Commands: what a program is given, and what its end means.

use leveret::{Handler, Publish, RetryPolicy};

use crate::setup::{World, is_running, problem, target};

/// A line for the shell as a command, and more of the target.
fn shell(script: &str, more: &str) -> Handler {
    target(&format!("{{ command = {{ argv = ['/bin/sh', '-c', '''{script}'''] {more} }} }}"))
}

const TO_DONE: &str = ", output = { exchange = '', key = 'done' }, content-type = 'text/plain'";

#[tokio::test]
async fn a_message_is_given_in_three_ways() {
    let script = "cat; echo; echo $LEVERET_QUEUE $LEVERET_EXCHANGE $LEVERET_ROUTING_KEY \
        $LEVERET_MESSAGE_ID $LEVERET_CAPTURE_REGION $LEVERET_ATTEMPT $MOOD; cat <&3";
    let handler = shell(script, &format!("{TO_DONE}, env = {{ MOOD = 'good' }}"));
    let world = World::new(handler.bind("shop", "order.{region}")).await;
    let order = Publish::new("shop", "order.eu").text("tea").message_id("id 1; $(false)");
    world.publish(order.header("x-mood", "fine")).await;
    let done = world.done(1).await.remove(0);
    let mut lines = done.lines();
    assert_eq!(lines.next(), Some("tea"));
    assert_eq!(lines.next(), Some("jobs shop order.eu id 1; $(false) eu 1 good"));
    let metadata: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(metadata["delivery_info"]["routing_key"], "order.eu");
    assert_eq!(metadata["properties"]["headers"]["x-mood"], "fine");
    assert_eq!(metadata["properties"]["application_headers"]["x-mood"], "fine");
    assert_eq!(metadata["captures"]["region"], "eu");
    let content_type = world.done.all()[0].properties().content_type().unwrap();
    assert_eq!(content_type.to_string_lossy(), "text/plain");
    world.end().await;
}

#[tokio::test]
async fn an_exit_code_is_the_outcome() {
    let script = "code=$(cat); echo what is wrong >&2; \
        if [ $LEVERET_ATTEMPT = 2 ]; then case $code in 4|6) exit 0;; esac; fi; exit $code";
    let world =
        World::new(shell(script, ", exit-codes = { 10 = 'dead-letter', 11 = 'ack' }")).await;
    for code in ["0", "11", "4", "6"] {
        world.send("k", code).await;
    }
    world.handled(4).await;
    for code in ["3", "5"] {
        world.send("k", code).await;
    }
    world.running.wait_until(|stats| stats.handler("t").rejected == 2).await;
    for code in ["10", "1"] {
        world.send("k", code).await;
    }
    let dead = world.dead(2).await;
    assert_eq!(
        dead,
        ["exit-10: exit code 10: what is wrong", "exit-1: exit code 1: what is wrong"]
    );
    assert_eq!(world.running.stats().handler("t").retried, 2 + 2);
    world.end().await;
}

#[tokio::test]
async fn a_strict_command_stops_its_handler() {
    let world = World::new(shell("exit 1", ", strict-exit-codes = true")).await;
    world.send("k", "x").await;
    world.running.wait_until(|stats| stats.handler("t").pauses == 1).await;
    assert_eq!(world.running.stats().handler("t").dead_lettered, 0);
    world.end().await;
}

#[tokio::test]
async fn what_hangs_is_ended_with_all_it_has_started() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "trap '' TERM; sleep 1000 & echo $$ $! > {0}/new; mv {0}/new {0}/pids; wait; sleep 1000",
        folder.path().display()
    );
    let more = ", time-limit = '300ms', grace = '100ms'";
    let world = World::new(shell(&script, more).retry(RetryPolicy::attempts(1))).await;
    world.send("k", "x").await;
    assert_eq!(world.dead(1).await, ["command-time-limit: still running after 0.3 s"]);
    let pids = std::fs::read_to_string(folder.path().join("pids")).unwrap();
    for pid in pids.split_whitespace() {
        while is_running(pid) {
            tokio::task::yield_now().await;
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_message_that_is_given_back_leaves_no_process_behind() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let script = format!("echo $$ > {0}.new; mv {0}.new {0}; exec sleep 1000", file.display());
    let limit = std::time::Duration::from_millis(300);
    let handler = shell(&script, "").retry(RetryPolicy::attempts(1)).time_limit(limit);
    let world = World::new(handler).await;
    world.send("k", "x").await;
    let dead = world.dead(1).await;
    assert!(dead[0].starts_with("time-limit: "), "{dead:?}");
    let pid = std::fs::read_to_string(&file).unwrap();
    while is_running(pid.trim()) {
        tokio::task::yield_now().await;
    }
    world.end().await;
}

#[tokio::test]
async fn output_is_bounded_and_input_need_not_be_read() {
    let script = "if [ $LEVERET_ROUTING_KEY = much ]; then exec yes; fi; echo unread";
    let world = World::new(shell(script, &format!("{TO_DONE}, stdout-bytes-max = 1000"))).await;
    world.send("k", "x".repeat(1_000_000)).await;
    assert_eq!(world.done(1).await, ["unread\n"]);
    world.send("much", "x").await;
    assert_eq!(world.dead(1).await, ["command-output: more than 1000 bytes on standard output"]);
    world.end().await;
}

#[tokio::test]
async fn what_is_left_behind_does_not_hold_the_message() {
    let world = World::new(shell("sleep 1000 & echo done", TO_DONE)).await;
    world.send("k", "x").await;
    assert_eq!(world.done(1).await, ["done\n"]);
    world.end().await;
}

#[tokio::test]
async fn nothing_of_the_environment_is_given_that_is_not_wanted() {
    let script = "env | sort";
    let world = World::new(shell(script, &format!("{TO_DONE}, inherit-env = false"))).await;
    world.publish(Publish::new("shop", "k").text("x").reply_to("done")).await;
    let done = world.done(2).await;
    let is_known = |line: &str| {
        ["LEVERET_", "PWD=", "_=", "SHLVL=", "OLDPWD="].iter().any(|known| line.starts_with(known))
    };
    assert!(done[0].lines().all(is_known), "{done:?}");
    assert_eq!(done[0], done[1]);
    world.end().await;
}

#[test]
fn a_program_that_is_not_there_is_told_beforehand() {
    let told = |text: &str| problem(&format!("{{ command = {{ {text} }} }}"));
    let base = "the target of `t`: `command.argv`: ";
    assert_eq!(
        told("argv = ['no-such-program']"),
        format!("{base}no program `no-such-program` in `PATH`")
    );
    assert_eq!(told("argv = ['/etc']"), format!("{base}`/etc` is no file that can be run"));
    assert!(told("argv = []").contains("a program is wanted"));
    assert!(told("argv = ['sh'], working-dir = '/no/such'").contains("`/no/such` is not there"));
    assert!(told("argv = ['sh'], exit-codes = { x = 'ack' }").contains("`x` is no exit code"));
}
