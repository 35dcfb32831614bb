//! Plans of files against what is there, as text.

use expect_test::{Expect, expect};

use super::{Drift, Plan};
use crate::{
    live::{Finding, Live, Probe, QueueState, Snapshot},
    model::{End, Topology},
};

fn read(text: &str) -> Topology {
    Topology::from_toml("t.toml".as_ref(), text).unwrap_or_else(|error| panic!("{error}"))
}

/// What is there is written as a file, too; queues hold as many messages as said.
fn whole(live: &str, messages: &[(&str, u64)]) -> Live {
    let state = |(name, messages): &(&str, u64)| {
        ((*name).to_owned(), QueueState { messages: *messages, consumers: 0 })
    };
    Live::Whole(Snapshot { topology: read(live), states: messages.iter().map(state).collect() })
}

fn check(wanted: &str, live: &str, expected: Expect) {
    expected.assert_eq(&Plan::of(&read(wanted), &whole(live, &[])).to_string());
}

const FILE: &str = r#"
[exchanges.orders]
type = "topic"
[queues.orders]
type = "quorum"
bind = [{ exchange = "orders", key = "order.*" }]
[queues.audit]
[[bindings]]
source = "orders"
exchange = "amq.fanout"
[policies.short]
pattern = "^audit"
definition = { max-length = 10 }
"#;

#[test]
fn what_is_missing_is_added_in_an_order_that_works() {
    check(
        FILE,
        "",
        expect![[r#"
          + policy short (all like ^audit)
          + exchange orders (topic, durable)
          + queue audit (durable)
          + queue orders (durable, quorum)
          + binding orders -> queue orders, key order.*
          + binding orders -> exchange amq.fanout

        Plan: 6 to add, 0 to change, 0 to destroy.
    "#]],
    );
}

#[test]
fn what_is_there_needs_nothing() {
    check(
        FILE,
        FILE,
        expect![[r#"
        No changes: the broker has what the file says.
    "#]],
    );
    // A file that names no type takes a queue of any.
    check(
        "[queues.a]\n",
        "[queues.a]\ntype = \"quorum\"\n",
        expect![[r#"
        No changes: the broker has what the file says.
    "#]],
    );
}

#[test]
fn a_policy_changes_in_place_and_a_queue_does_not() {
    let live = FILE.replace("max-length = 10", "max-length = 5").replace("quorum", "classic");
    check(
        FILE,
        &live,
        expect![[r#"
              ~ policy short (all like ^audit)
                  max-length: 5 -> 10
            -/+ queue orders (durable, quorum): must be recreated
                  type: "classic" -> "quorum"
                  No broker changes this in place: declaring it is refused with 406, inequivalent arg 'x-queue-type'.
                  To keep its messages: declare a queue of another name, bind it alike, `leveret move orders --as NEW`,
                  let consumers use it, and take this one out of the file.
              + binding orders -> queue orders, key order.*, again: an end of it is made anew

            Plan: 2 to add, 1 to change, 1 to destroy.
        "#]],
    );
}

#[test]
fn what_differs_says_how_to_go_on() {
    let wanted = read("[queues.a]\narguments = { x-max-length = 5 }\n");
    let live =
        "[queues.a]\narguments = { x-message-ttl = 9 }\nbind = [{ exchange = \"amq.topic\" }]\n";
    let plan = Plan::of(&wanted, &whole(live, &[("a", 17)]));
    expect![[r#"
        -/+ queue a (durable), holds 17 messages: must be recreated
              x-message-ttl: 9 -> none
              x-max-length: none -> 5
              No broker changes this in place: declaring it is refused with 406, inequivalent arg 'x-message-ttl'.
              To keep its messages: declare a queue of another name, bind it alike, `leveret move a --as NEW`,
              let consumers use it, and take this one out of the file.
          + binding amq.topic -> queue a, again: an end of it is made anew

        Plan: 2 to add, 0 to change, 1 to destroy.
    "#]].assert_eq(&plan.to_string());
    expect![[r#"
        {
          "add": 2,
          "change": 0,
          "destroy": 1,
          "notes": [],
          "problems": [],
          "steps": [
            {
              "deed": "recreate",
              "differences": [
                {
                  "found": "9",
                  "policy": null,
                  "wanted": null,
                  "what": "x-message-ttl"
                },
                {
                  "found": null,
                  "policy": "max-length",
                  "wanted": "5",
                  "what": "x-max-length"
                }
              ],
              "kind": "queue",
              "messages": 17,
              "name": "a",
              "type": null
            },
            {
              "arguments": {},
              "deed": "add-again",
              "destination": "a",
              "destination_type": "queue",
              "differences": [],
              "kind": "binding",
              "messages": null,
              "routing_key": "",
              "source": "amq.topic"
            }
          ],
          "unseen": 0
        }"#]]
    .assert_eq(&format!("{:#}", plan.to_json()));
}

#[test]
fn what_is_verified_or_ignored_is_never_touched() {
    let wanted = r#"
[queues.gone]
mode = "verify"
[queues.other]
mode = "verify"
durable = false
[queues.whatever]
mode = "ignore"
durable = false
[exchanges.none]
type = "fanout"
mode = "verify"
[[bindings]]
source = "none"
queue = "other"
mode = "verify"
"#;
    check(
        wanted,
        "[queues.other]\n[queues.whatever]\n",
        expect![[r#"
          ! exchange none is not there, and the file only verifies it
          ! queue gone is not there, and the file only verifies it
          ! queue other is otherwise than the file says, which only verifies it: durable
          ! binding none -> queue other is not there, and the file only verifies it

        Plan: 0 to add, 0 to change, 0 to destroy.
    "#]],
    );
}

#[test]
fn a_binding_to_nowhere_is_found() {
    let wanted =
        "[exchanges.orders]\ntype = \"topic\"\n[queues.a]\nbind = [{ exchange = \"ordres\" }]\n";
    check(
        wanted,
        "",
        expect![[r#"
          + exchange orders (topic, durable)
          + queue a (durable)
          + binding ordres -> queue a
          ! a binding names exchange `ordres`, which is neither in the file nor there; did you mean `orders`?

        Plan: 3 to add, 0 to change, 0 to destroy.
    "#]],
    );
}

#[test]
fn what_the_file_does_not_know_is_pruned_only_when_asked() {
    let live = format!(
        "{FILE}[queues.old]\nbind = [{{ exchange = \"orders\", key = \"x\" }}]\n[exchanges.old]\ntype = \"fanout\"\n\
         [queues.\"a.dead\"]\n[[bindings]]\nsource = \"orders\"\nqueue = \"audit\"\nkey = \"stray\"\n\
         [policies.old]\npattern = \"x\"\n"
    );
    let file = format!("ignore = [\"*.dead\"]\n{FILE}");
    check(
        &file,
        &live,
        expect![[r#"
        No changes: the broker has what the file says.
    "#]],
    );
    let live = whole(&live, &[("old", 3)]);
    let plan = Plan::pruning(&read(&file), &live);
    expect![[r#"
          - binding orders -> queue audit, key stray
          - queue old (durable), holds 3 messages
          - exchange old (fanout, durable)
          - policy old (all like x)

        Plan: 0 to add, 0 to change, 4 to destroy.
    "#]]
    .assert_eq(&plan.to_string());
    expect![[r#"
          - binding orders -> queue audit, key stray
          - queue old (durable), holds 3 messages
          - exchange old (fanout, durable)
          - policy old (all like x)

        Drift: 0 missing, 0 otherwise, 4 not in the file.
    "#]]
    .assert_eq(&Drift(&plan).to_string());
}

#[test]
fn a_deletion_takes_what_the_file_declares() {
    let file = format!("{FILE}[queues.theirs]\nmode = \"verify\"\n");
    let live = format!("{file}[queues.more]\n");
    let plan = Plan::deletion(&read(&file), &whole(&live, &[("orders", 2)]));
    expect![[r#"
          - queue audit (durable)
          - queue orders (durable, quorum), holds 2 messages
          - exchange orders (topic, durable)
          - policy short (all like ^audit)

        Plan: 0 to add, 0 to change, 4 to destroy.
    "#]]
    .assert_eq(&plan.to_string());
}

#[test]
fn over_amqp_a_plan_says_what_it_cannot_see() {
    let queue = |name: &str| End::Queue(name.to_owned());
    let refusal = "PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'c' in vhost '/': \
                   received the value '5' of type 'signedint' but current is none";
    let state = QueueState { messages: 4, consumers: 0 };
    let findings = [
        (End::Exchange("orders".to_owned()), Finding::Same(QueueState::default())),
        (queue("orders"), Finding::Missing),
        (queue("audit"), Finding::Same(state)),
        (queue("c"), Finding::Differs(refusal.to_owned(), state)),
        (queue("d"), Finding::Unsure("it is auto-delete".to_owned(), state)),
    ];
    let live = Live::Probed(Probe { findings: findings.into() });
    let file = format!("{FILE}[queues.c]\narguments = {{ x-max-length = 5 }}\n[queues.d]\n");
    let plan = Plan::pruning(&read(&file), &live);
    expect![[r#"
          + queue orders (durable, quorum)
        -/+ queue c (durable), holds 4 messages: must be recreated
              x-max-length: none -> 5
              No broker changes this in place: declaring it is refused with 406, inequivalent arg 'x-max-length'.
              A policy can set it without a new queue: max-length.
              To keep its messages: declare a queue of another name, bind it alike, `leveret move c --as NEW`,
              let consumers use it, and take this one out of the file.
          + binding orders -> queue orders, key order.*
          ? binding orders -> exchange amq.fanout, cannot be seen over AMQP

        Note: queue d is there; whether as the file says is not known: it is auto-delete
        Note: bindings cannot be seen over AMQP; applying makes those of the file, which does no harm where they are
        Note: policies in the file: 1; they need the management API (`--http`)
        Note: what the file does not know cannot be seen over AMQP; that needs the management API (`--http`)
        Plan: 3 to add, 0 to change, 1 to destroy; 1 not seen.
    "#]].assert_eq(&plan.to_string());
}
