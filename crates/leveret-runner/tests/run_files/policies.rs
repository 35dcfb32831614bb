//! How a consumer takes messages: bounds, order, kill switch, outputs.

use expect_test::{Expect, expect};

use crate::read::Files;

const TARGET: &str = "target = { http = { url = \"http://127.0.0.1/\" } }";

/// One consumer with these lines.
fn consumer(lines: &str) -> Files {
    Files::one(&format!(
        "[connection]\nin-memory = true\n[consumers.orders]\nqueue = \"orders\"\n{TARGET}\n{lines}"
    ))
}

fn check(lines: &str, expected: Expect) {
    expected.assert_eq(&consumer(lines).errors());
}

#[test]
fn every_policy_of_the_framework_can_be_said() {
    let settings = consumer(
        "concurrency = 4\nconcurrency-min = 2\nconcurrency-max = 16\npaused = true\n\
         outputs = \"confirmed\"\npartitions = 8\n\
         kill-switch = { window = \"2min\", minimum = 20, percent = 75, pause = \"10s\" }\n\
         order = { header = \"account\", park = \"1min\", look-ahead = 200 }\n\
         error-routes = [{ queue = \"errors\", exhausted = true }]\n",
    )
    .variable("LEVERET__CONSUMERS__ORDERS__CONCURRENCY_MAX", "32")
    .set("consumers.orders.kill-switch.percent=60")
    .settings();
    let consumer: String =
        settings.split_inclusive('\n').filter(|line| line.starts_with("consumers.")).collect();
    expect![[r#"
        consumers.orders.queue = "orders"  # leveret.toml:4
        consumers.orders.expect = false  # default
        consumers.orders.target.http.url = "http://127.0.0.1/"  # leveret.toml:5
        consumers.orders.inbox = false  # default
        consumers.orders.concurrency = 4  # leveret.toml:6
        consumers.orders.concurrency-min = 2  # leveret.toml:7
        consumers.orders.concurrency-max = 32  # environment variable LEVERET__CONSUMERS__ORDERS__CONCURRENCY_MAX
        consumers.orders.paused = true  # leveret.toml:9
        consumers.orders.outputs = "confirmed"  # leveret.toml:10
        consumers.orders.error-routes[0].queue = "errors"  # leveret.toml:14
        consumers.orders.error-routes[0].exhausted = true  # leveret.toml:14
        consumers.orders.kill-switch.window = "2min"  # leveret.toml:12
        consumers.orders.kill-switch.minimum = 20  # leveret.toml:12
        consumers.orders.kill-switch.percent = 60  # --set consumers.orders.kill-switch.percent
        consumers.orders.kill-switch.pause = "10s"  # leveret.toml:12
        consumers.orders.order.header = "account"  # leveret.toml:13
        consumers.orders.order.park = "1min"  # leveret.toml:13
        consumers.orders.order.look-ahead = 200  # leveret.toml:13
        consumers.orders.partitions = 8  # leveret.toml:11
    "#]].assert_eq(&consumer);
}

#[test]
fn orders_and_bounds_that_contradict_themselves_are_told() {
    check(
        "order = {}\n",
        expect![[r#"
        leveret.toml:6:9: an order by nothing
          |
        6 | order = {}
          |         ^^
          = expected `{ routing-key = true }`, `{ header = "account" }` or `{ word = 1 }`, with `park` and `look-ahead` if wanted
    "#]],
    );
    check(
        "order = { header = \"account\", word = 1 }\n",
        expect![[r#"
        leveret.toml:6:9: an order by several keys
          |
        6 | order = { header = "account", word = 1 }
          |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          = expected `{ routing-key = true }`, `{ header = "account" }` or `{ word = 1 }`, with `park` and `look-ahead` if wanted
    "#]],
    );
    check(
        "concurrency = 4\nconcurrency-max = 2\n",
        expect![[r#"
        leveret.toml:7:19: concurrency-max is 2, and concurrency 4
          |
        7 | concurrency-max = 2
          |                   ^
    "#]],
    );
    check(
        "concurrency = 4\nconcurrency-min = 6\n",
        expect![[r#"
        leveret.toml:7:19: concurrency-min is 6, and concurrency 4
          |
        7 | concurrency-min = 6
          |                   ^
    "#]],
    );
    check(
        "concurrency-min = 6\nconcurrency-max = 5\n",
        expect![[r#"
        leveret.toml:6:19: concurrency-min is 6, and concurrency-max 5
          |
        6 | concurrency-min = 6
          |                   ^
    "#]],
    );
}

#[test]
fn policies_out_of_range_are_told() {
    check(
        "kill-switch = { percent = 0, pause = \"soon\" }\noutputs = \"tx\"\npartitions = 0\n",
        expect![[r#"
            leveret.toml:6:27: `percent` is 1 to 100, found 0
              |
            6 | kill-switch = { percent = 0, pause = "soon" }
              |                           ^
            leveret.toml:6:38: `soon` is no length of time
              |
            6 | kill-switch = { percent = 0, pause = "soon" }
              |                                      ^^^^^^
              = expected a number and a unit, as in `500ms`, `5s`, `2min`, `1h`, `7d`
            leveret.toml:7:11: `tx` is no `outputs`
              |
            7 | outputs = "tx"
              |           ^^^^
              = expected one of transaction, confirmed
            leveret.toml:8:14: `partitions` is 1 to 256, found 0
              |
            8 | partitions = 0
              |              ^
        "#]],
    );
}

#[test]
fn policies_that_do_not_go_together_are_told_with_their_consumer() {
    check(
        "partitions = 4\n",
        expect![[r#"
            leveret.toml:3:1: handler `orders` has partitions and keeps no order: add `.ordered_by(..)`, or leave `.partitions(..)` out and let all processes consume one queue
              |
            3 | [consumers.orders]
              | ^^^^^^^^^^^^^^^^^^
              = here that is `order = { routing-key = true }` or `order = { header = ".." }`
        "#]],
    );
    check(
        "order = { word = 1 }\npartitions = 4\n",
        expect![[r#"
            leveret.toml:3:1: handler `orders` has partitions, and its key is one that no broker can draw: order it by `OrderKey::routing_key()` or `OrderKey::header(..)`
              |
            3 | [consumers.orders]
              | ^^^^^^^^^^^^^^^^^^
              = here that is `order = { routing-key = true }` or `order = { header = ".." }`
        "#]],
    );
    check(
        "order = { routing-key = true }\ninbox = true\n",
        expect![[r#"
        leveret.toml:3:1: handler `orders` keeps an order and has an inbox: that is not possible yet
          |
        3 | [consumers.orders]
          | ^^^^^^^^^^^^^^^^^^
    "#]],
    );
    check(
        "order = { routing-key = true, look-ahead = 2 }\nconcurrency = 8\n",
        expect![[r#"
        leveret.toml:3:1: handler `orders` has a look-ahead of 2, which is not at least its concurrency of 8
          |
        3 | [consumers.orders]
          | ^^^^^^^^^^^^^^^^^^
    "#]],
    );
    check(
        "[handlers.ordrs]\nconcurrency = 2\n",
        expect![[r#"
        leveret.toml:6:11: the configuration describes handler `ordrs`, which is not there; did you mean `orders`?
          |
        6 | [handlers.ordrs]
          |           ^^^^^
    "#]],
    );
}

#[test]
fn what_a_target_cannot_do_is_refused_with_the_reason() {
    check(
        "batch = 100\nprefetch = 5\nstatuses = { 404 = \"ack\" }\n",
        expect![[r#"
        leveret.toml:6:1: `batch` cannot be here
          |
        6 | batch = 100
          | ^^^^^
          = a target takes one message at a time; batches are for handlers in Rust (`Handler::batch`)
        leveret.toml:7:1: `prefetch` cannot be here
          |
        7 | prefetch = 5
          | ^^^^^^^^
          = no more is delivered than is worked on: write `concurrency`
        leveret.toml:8:1: `statuses` cannot be here
          |
        8 | statuses = { 404 = "ack" }
          | ^^^^^^^^
          = an HTTP target says it: `target = { http = { status = { 404 = "ack" } } }`
    "#]],
    );
}
