//! Files as they are read, and what is wrong in them.

use expect_test::{Expect, expect};

use crate::model::Topology;

fn check(text: &str, expected: Expect) {
    let told = match Topology::from_toml("t.toml".as_ref(), text) {
        Ok(topology) => topology.to_toml(),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&told);
}

#[test]
fn a_file_is_read_and_written() {
    check(
        r##"
ignore = ["*.dead"]
[exchanges.orders]
type = "topic"
arguments = { alternate-exchange = "unrouted" }
[exchanges.audit]
type = "fanout"
internal = true
[queues."orders new"]
type = "quorum"
arguments = { x-max-length = 10_000, x-dead-letter-exchange = "" }
bind = [{ exchange = "orders", keys = ["order.*", "a\"b"] }]
[queues.seen]
mode = "verify"
durable = false
[[bindings]]
source = "orders"
exchange = "audit"
key = "#"
arguments = { x-match = "all", n = [1, 2.5, { deep = true }] }
[policies.short]
pattern = '^seen\.'
apply-to = "queues"
definition = { max-length = 10 }
"##,
        expect![[r##"
            ignore = ["*.dead"]

            [exchanges.audit]
            type = "fanout"
            internal = true

            [exchanges.orders]
            type = "topic"
            arguments = { alternate-exchange = "unrouted" }

            [queues."orders new"]
            type = "quorum"
            arguments = { x-dead-letter-exchange = "", x-max-length = 10000 }
            bind = [
                { exchange = "orders", key = "order.*" },
                { exchange = "orders", key = 'a"b' },
            ]

            [queues.seen]
            durable = false
            mode = "verify"

            [[bindings]]
            source = "orders"
            exchange = "audit"
            key = "#"
            arguments = { n = [1, 2.5, { deep = true }], x-match = "all" }

            [policies.short]
            pattern = '^seen\.'
            apply-to = "queues"
            definition = { max-length = 10 }
        "##]],
    );
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    check(
        r#"
[exchange.orders]
type = "topic"

[exchanges.orders]
type = "topik"
durible = true

[exchanges."amq.mine"]
type = "x-random"

[queues.orders]
type = "quorum"
durable = false
mode = "verfy"
"#,
        expect![[r#"
            t.toml:2:2: unknown field `exchange`
              |
            2 | [exchange.orders]
              |  ^^^^^^^^
              = did you mean `exchanges`?

            t.toml:6:8: unknown type `topik`
              |
            6 | type = "topik"
              |        ^^^^^^^
              = did you mean `topic`?

            t.toml:7:1: unknown field `durible`
              |
            7 | durible = true
              | ^^^^^^^
              = did you mean `durable`?

            t.toml:9:12: `amq.mine` is a name that brokers keep for themselves
              |
            9 | [exchanges."amq.mine"]
              |            ^^^^^^^^^^
              = it is there without being declared; bindings may name it

            t.toml:12:1: a quorum queue is durable and not deleted by itself
               |
            12 | [queues.orders]
               | ^^^^^^^^^^^^^^^

            t.toml:15:8: unknown mode `verfy`
               |
            15 | mode = "verfy"
               |        ^^^^^^^
               = did you mean `verify`?"#]],
    );
}

#[test]
fn arguments_and_bindings_are_looked_at() {
    check(
        r#"
[queues.orders]
arguments = { x-max-lenght = 5, x-message-ttl = "soon", x-queue-type = "quorum" }
bind = [{ key = "a" }, { exchange = "orders" }, { exchange = "orders", key = "" }]

[[bindings]]
source = "orders"
queue = "a"
exchange = "b"

[policies.short]
definition = { at = 2026-01-01 }
priority = "high"
"#,
        expect![[r#"
            t.toml:3:15: no broker knows the argument `x-max-lenght`
              |
            3 | arguments = { x-max-lenght = 5, x-message-ttl = "soon", x-queue-type = "quorum" }
              |               ^^^^^^^^^^^^^^^^
              = did you mean `x-max-length`?

            t.toml:3:33: `x-message-ttl` is "soon", wanted a whole number, not below 0
              |
            3 | arguments = { x-max-lenght = 5, x-message-ttl = "soon", x-queue-type = "quorum" }
              |                                 ^^^^^^^^^^^^^^^^^^^^^^

            t.toml:3:57: the type of a queue is no argument here
              |
            3 | arguments = { x-max-lenght = 5, x-message-ttl = "soon", x-queue-type = "quorum" }
              |                                                         ^^^^^^^^^^^^^^^^^^^^^^^
              = write `type = "quorum"` beside `arguments`

            t.toml:4:9: `exchange` is missing
              |
            4 | bind = [{ key = "a" }, { exchange = "orders" }, { exchange = "orders", key = "" }]
              |         ^^^^^^^^^^^^^

            t.toml:4:49: this binding is in the file already
              |
            4 | bind = [{ key = "a" }, { exchange = "orders" }, { exchange = "orders", key = "" }]
              |                                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

            t.toml:6:1: a binding leads to one `queue` or one `exchange`
              |
            6 | [[bindings]]
              | ^^^^^^^^^^^^

            t.toml:11:1: policy `short` has no `pattern`
               |
            11 | [policies.short]
               | ^^^^^^^^^^^^^^^^

            t.toml:12:21: a date cannot be an argument
               |
            12 | definition = { at = 2026-01-01 }
               |                     ^^^^^^^^^^
               = write it as a text, or as a whole number of seconds

            t.toml:13:12: `priority` is of type string, wanted a whole number
               |
            13 | priority = "high"
               |            ^^^^^^"#]],
    );
}

#[test]
fn broken_toml_has_its_places() {
    check(
        "[queues.a\ntype = \n[queues.b]\ntype = \"classik\"\n",
        expect![[r#"
        t.toml:1:10: unclosed table, expected `]`
          |
        1 | [queues.a
          |          ^

        t.toml:4:8: unknown type `classik`
          |
        4 | type = "classik"
          |        ^^^^^^^^^
          = did you mean `classic`?"#]],
    );
}
