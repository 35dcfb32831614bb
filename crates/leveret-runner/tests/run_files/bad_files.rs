//! What a wrong run file is answered with: all at once, each with its place.

use expect_test::{Expect, expect};

use crate::read::Files;

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&Files::one(text).errors());
}

#[test]
fn every_unknown_key_is_told_at_once() {
    check(
        "[conection]\naddress = \"amqp://localhost\"\n\n[consumers.orders]\nqueu = \"orders\"\n\
         target = { htttp = {} }\nconcurency = 3\n",
        expect![[r#"
            leveret.toml:1:2: unknown key `conection`
              |
            1 | [conection]
              |  ^^^^^^^^^
              = did you mean `connection`?
            leveret.toml:4:1: `orders` has no `queue`
              |
            4 | [consumers.orders]
              | ^^^^^^^^^^^^^^^^^^
            leveret.toml:5:1: unknown key `queu`
              |
            5 | queu = "orders"
              | ^^^^
              = did you mean `queue`?
            leveret.toml:6:12: unknown key `htttp`
              |
            6 | target = { htttp = {} }
              |            ^^^^^
              = did you mean `http`?
            leveret.toml:7:1: unknown key `concurency`
              |
            7 | concurency = 3
              | ^^^^^^^^^^
              = did you mean `concurrency`?
        "#]],
    );
}

#[test]
fn every_wrong_type_and_range_is_told_at_once() {
    check(
        "grace = 30\n[connection]\nin-memory = \"yes\"\n[handlers.a]\nconcurrency = 0\n\
         time-limit = \"soon\"\nretry = { attempts = 101, delays = -1, first-delay = \"5\" }\n\
         [logging]\nlevel = \"inf\"\nformat = 3\n\
         [[files.read]]\nsize-max = \"10 GB\"\n",
        expect![[r#"
            leveret.toml:1:9: `grace` is a number and a unit, as in `500ms`, `5s`, `2min`, `1h`, `7d`, found a whole number
              |
            1 | grace = 30
              |         ^^
            leveret.toml:3:13: `in-memory` is `true` or `false`, found a text
              |
            3 | in-memory = "yes"
              |             ^^^^^
            leveret.toml:5:15: `concurrency` is 1 to 1024, found 0
              |
            5 | concurrency = 0
              |               ^
            leveret.toml:6:14: `soon` is no length of time
              |
            6 | time-limit = "soon"
              |              ^^^^^^
              = expected a number and a unit, as in `500ms`, `5s`, `2min`, `1h`, `7d`
            leveret.toml:7:22: `attempts` is 1 to 100, found 101
              |
            7 | retry = { attempts = 101, delays = -1, first-delay = "5" }
              |                      ^^^
            leveret.toml:7:36: `delays` is 0 to 100, found -1
              |
            7 | retry = { attempts = 101, delays = -1, first-delay = "5" }
              |                                    ^^
            leveret.toml:7:54: `5` is no length of time
              |
            7 | retry = { attempts = 101, delays = -1, first-delay = "5" }
              |                                                      ^^^
              = expected a number and a unit, as in `500ms`, `5s`, `2min`, `1h`, `7d`
            leveret.toml:9:9: `inf` is no `level`
              |
            9 | level = "inf"
              |         ^^^^^
              = did you mean `info`?
            leveret.toml:10:10: `format` is one of `text`, `json`, found a whole number
               |
            10 | format = 3
               |          ^
            leveret.toml:11:1: `read` has no `directory`
               |
            11 | [[files.read]]
               | ^^^^^^^^^^^^^^
            leveret.toml:11:1: `read` has no `exchange`
               |
            11 | [[files.read]]
               | ^^^^^^^^^^^^^^
            leveret.toml:11:1: `read` has no `key`
               |
            11 | [[files.read]]
               | ^^^^^^^^^^^^^^
            leveret.toml:12:12: `size-max` is a whole number from 0 to 1099511627776, found a text
               |
            12 | size-max = "10 GB"
               |            ^^^^^^^
        "#]],
    );
}

#[test]
fn control_that_others_reach_needs_a_token() {
    check(
        "[control]\nlisten = \"0.0.0.0:15680\"\n",
        expect![[r#"
        leveret.toml:2:10: `0.0.0.0:15680` can be reached from other machines
          |
        2 | listen = "0.0.0.0:15680"
          |          ^^^^^^^^^^^^^^^
          = write `token-file`, or a loopback address
    "#]],
    );
}

#[test]
fn what_is_no_address_to_listen_on_is_told() {
    check(
        "[metrics]\nlisten = \"127.0.0.1:99999\"\n\
         [broker]\nlisten = [\"localhost\"]\nadmin-listen = \"\"\n",
        expect![[r#"
            leveret.toml:2:10: `127.0.0.1:99999` is no address to listen on
              |
            2 | listen = "127.0.0.1:99999"
              |          ^^^^^^^^^^^^^^^^^
              = expected an address and a port, as in `127.0.0.1:5672` or `[::1]:5672`
            leveret.toml:4:11: `localhost` is no address to listen on
              |
            4 | listen = ["localhost"]
              |           ^^^^^^^^^^^
              = expected an address and a port, as in `127.0.0.1:5672` or `[::1]:5672`
            leveret.toml:5:16: `` is no address to listen on
              |
            5 | admin-listen = ""
              |                ^^
              = expected an address and a port, as in `127.0.0.1:5672` or `[::1]:5672`
        "#]],
    );
}

#[test]
fn what_contradicts_itself_is_told() {
    check(
        "[connection]\naddress = \"amqp://localhost\"\ndata-dir = \"data\"\n\
         [connections.b]\nin-memory = true\ndata-dir = \"data\"\n\
         [handlers.a]\non-error = { stale = { retry = {}, pause = \"1s\" }, transiet = \"drop\" }\n\
         [handlers.b]\non-error = { busy = {} }\n\
         [[schedules]]\nname = \"a\"\nkey = \"k\"\ncron = \"0 3 * * *\"\nevery = \"1h\"\n\
         [[schedules]]\nname = \"a\"\nkey = \"k\"\ncron = \"61 * * * *\"\n\
         [[schedules]]\nname = \"b\"\nkey = \"k\"\n\
         [[schedules]]\nname = \"c\"\nkey = \"k\"\ncron = \"0 3 * * *\"\ntimezone = \"Nowhere\"\n",
        expect![[r#"
            leveret.toml:2:11: a connection has either an address or the embedded broker
              |
            2 | address = "amqp://localhost"
              |           ^^^^^^^^^^^^^^^^^^
            leveret.toml:5:13: a broker in memory has no data directory
              |
            5 | in-memory = true
              |             ^^^^
            leveret.toml:8:22: a rule either tries again or pauses
              |
            8 | on-error = { stale = { retry = {}, pause = "1s" }, transiet = "drop" }
              |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              = expected `"dead-letter"`, `"drop"`, `{ retry = { attempts = 5 } }` or `{ pause = "30s" }`
            leveret.toml:8:52: `transiet` is no class of errors
              |
            8 | on-error = { stale = { retry = {}, pause = "1s" }, transiet = "drop" }
              |                                                    ^^^^^^^^
              = did you mean `transient`?
            leveret.toml:10:21: a rule that says nothing
               |
            10 | on-error = { busy = {} }
               |                     ^^
               = expected `"dead-letter"`, `"drop"`, `{ retry = { attempts = 5 } }` or `{ pause = "30s" }`
            leveret.toml:15:9: a schedule has either `cron` or `every`
               |
            15 | every = "1h"
               |         ^^^^
            leveret.toml:19:8: `61 * * * *` is no cron expression: Component error: Number out of bounds.
               |
            19 | cron = "61 * * * *"
               |        ^^^^^^^^^^^^
               = five fields: minute, hour, day, month, weekday; or six, with seconds first
            leveret.toml:21:8: schedule `b` has no time
               |
            21 | name = "b"
               |        ^^^
               = write `cron` or `every`
            leveret.toml:27:12: this machine knows no time zone `Nowhere`
               |
            27 | timezone = "Nowhere"
               |            ^^^^^^^^^
               = as in `Europe/Berlin`, or `UTC`
        "#]],
    );
}

#[test]
fn an_address_is_refused_without_its_password() {
    for (address, expected) in [
        (
            "http://jo:secret@host",
            expect![[r#"
            leveret.toml:2:11: unknown scheme `http`
              |
            2 | address = "http://jo:***@host"
              |           ^^^^^^^^^^^^^^^^^^^^
              = an address begins with `amqp://`
        "#]],
        ),
        (
            "amqp://jo:secret@host/a/b",
            expect![[r#"
            leveret.toml:2:11: no address: the virtual host has a second `/`; one that belongs to its name is written `%2F`
              |
            2 | address = "amqp://jo:***@host/a/b"
              |           ^^^^^^^^^^^^^^^^^^^^^^^^
        "#]],
        ),
        (
            "amqp://jo:secret@host:0/",
            expect![[r#"
            leveret.toml:2:11: no address: the port is not a number from 1 to 65535; is an `@`, `/`, `?` or `#` before it unescaped?
              |
            2 | address = "amqp://jo:***@host:0/"
              |           ^^^^^^^^^^^^^^^^^^^^^^^
        "#]],
        ),
        (
            "amqp://jo:secret@host/%zz",
            expect![[r#"
            leveret.toml:2:11: no address: the virtual host has a `%` that two hexadecimal digits do not follow; write `%25` for `%`
              |
            2 | address = "amqp://jo:***@host/%zz"
              |           ^^^^^^^^^^^^^^^^^^^^^^^^
        "#]],
        ),
        (
            "amqp://jo:secret@host/?colour=red",
            expect![[r#"
            leveret.toml:2:11: no address: query parameter 1 is unknown; known are heartbeat, connection_timeout, channel_max, frame_max, auth_mechanism, locale, request_timeout, publish_timeout, connection_name, cacertfile, certfile, keyfile, password, verify, server_name_indication, depth
              |
            2 | address = "amqp://jo:***@host/?colour=red"
              |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        "#]],
        ),
        (
            "amqp://jo:secret@::1/",
            expect![[r#"
            leveret.toml:2:11: no address: the host has several `:`; an IPv6 address is written `[::1]`
              |
            2 | address = "amqp://jo:***@::1/"
              |           ^^^^^^^^^^^^^^^^^^^^
        "#]],
        ),
        (
            "amqp://jo:se@cr:e/t#x@host",
            expect![[r#"
            leveret.toml:2:11: no address: an AMQP URI has no `#` part; write `%23` for `#`
              |
            2 | address = "amqp://jo:***@host"
              |           ^^^^^^^^^^^^^^^^^^^^
        "#]],
        ),
    ] {
        check(&format!("[connection]\naddress = \"{address}\"\n"), expected);
    }
}

#[test]
fn services_name_what_is_there() {
    check(
        "services = [\"mian shop@orders 4\", \"main shp@orders\", \"main shop@order\", \"orders\",\n\
         \"main shop@orders many\", \"main shop@orders\", \"main shop@orders 2\"]\n\
         [connections.main]\nin-memory = true\n[sites.shop]\n\
         [consumers.orders]\nqueue = \"orders\"\ntarget = { http = {} }\n\
         [consumers.mails]\nqueue = \"${site}.mails\"\nconnection = \"mian\"\ntarget = {}\n",
        expect![[r#"
            leveret.toml:1:13: `mian` is no connection
              |
            1 | services = ["mian shop@orders 4", "main shp@orders", "main shop@order", "orders",
              |             ^^^^^^^^^^^^^^^^^^^^
              = did you mean `main`?
            leveret.toml:1:35: `shp` is no site
              |
            1 | services = ["mian shop@orders 4", "main shp@orders", "main shop@order", "orders",
              |                                   ^^^^^^^^^^^^^^^^^
              = did you mean `shop`?
            leveret.toml:1:54: no consumer belongs to `order`
              |
            1 | services = ["mian shop@orders 4", "main shp@orders", "main shop@order", "orders",
              |                                                      ^^^^^^^^^^^^^^^^^
              = describe it: `[consumers.order]`
            leveret.toml:1:73: a service is `connection site@service [workers]`, found `orders`
              |
            1 | services = ["mian shop@orders 4", "main shp@orders", "main shop@order", "orders",
              |                                                                         ^^^^^^^^
            leveret.toml:2:1: workers are 1 to 1024, found `many`
              |
            2 | "main shop@orders many", "main shop@orders", "main shop@orders 2"]
              | ^^^^^^^^^^^^^^^^^^^^^^^
            leveret.toml:2:26: service `shop@orders` is there twice
              |
            2 | "main shop@orders many", "main shop@orders", "main shop@orders 2"]
              |                          ^^^^^^^^^^^^^^^^^^
            leveret.toml:2:46: service `shop@orders` is there twice
              |
            2 | "main shop@orders many", "main shop@orders", "main shop@orders 2"]
              |                                              ^^^^^^^^^^^^^^^^^^^^
            leveret.toml:8:19: missing field `url`
              |
            8 | target = { http = {} }
              |                   ^^
            leveret.toml:10:9: `${site}` says nothing here, as `mails` runs without it
               |
            10 | queue = "${site}.mails"
               |         ^^^^^^^^^^^^^^^
            leveret.toml:12:10: a target is one of `http`, `command`, `worker`, found 0 of them
               |
            12 | target = {}
               |          ^^
        "#]],
    );
}

#[test]
fn two_that_take_from_one_queue_are_told() {
    check(
        "services = [\"main a@orders\", \"main b@orders\"]\n[connections.main]\nin-memory = true\n\
         [sites.a]\n[sites.b]\n[consumers.orders]\nqueue = \"orders\"\ntarget = { http = {} }\n",
        expect![[r#"
            leveret.toml:8:19: missing field `url`
              |
            8 | target = { http = {} }
              |                   ^^
        "#]],
    );
}

#[test]
fn what_the_environment_lacks_is_told_where_it_is_asked_for() {
    let files = Files::one(
        "[connection]\naddress = \"amqp://${USER_NAME}:${PASSWORD}@${HOST:-localhost}\"\n\
         [handlers.a]\nconcurrency = \"${WORKERS:-many}\"\nprincipal = \"${EMPTY}\"\n",
    );
    expect![[r#"
        leveret.toml:2:11: the environment has no `USER_NAME`
          |
        2 | address = "amqp://${USER_NAME}:***@${HOST:-localhost}"
          |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          = set it, or write `${USER_NAME:-..}` with what holds otherwise
        leveret.toml:4:15: `concurrency` is a whole number from 1 to 1024, found a text
          |
        4 | concurrency = "${WORKERS:-many}"
          |               ^^^^^^^^^^^^^^^^^^
        leveret.toml:5:13: the environment has no `EMPTY`
          |
        5 | principal = "${EMPTY}"
          |             ^^^^^^^^^^
          = set it, or write `${EMPTY:-..}` with what holds otherwise
    "#]]
    .assert_eq(&files.variable("EMPTY", "").errors());
}

#[test]
fn what_is_wrong_in_the_environment_and_in_flags_is_told() {
    let files = Files::one("[handlers.a]\nconcurrency = 3\n")
        .variable("LEVERET__HANDLERS__A__CONCURRENCY", "many")
        .variable("LEVERET__CONECTION__ADDRESS", "amqp://jo:secret@host")
        .set("logging.level=loud")
        .set("no setting");
    expect![[r#"
        environment variable LEVERET__CONECTION__ADDRESS:1:1: unknown key `conection`
          |
        1 | amqp://jo:***@host
          | ^^^^^^^^^^^^^^^^^^
          = did you mean `connection`?
        environment variable LEVERET__HANDLERS__A__CONCURRENCY:1:1: `concurrency` is a whole number from 1 to 1024, found a text
          |
        1 | many
          | ^^^^
        --set logging.level:1:1: `loud` is no `level`
          |
        1 | loud
          | ^^^^
          = expected one of off, error, warn, info, debug, trace
        --set:1:1: a setting has the form `key.key=value`
          |
        1 | no setting
          | ^^^^^^^^^^
    "#]].assert_eq(&files.errors());
}

#[test]
fn a_file_that_is_no_toml_is_told() {
    check(
        "[connection\naddress = \n",
        expect![[r#"
            leveret.toml:1:12: unclosed table, expected `]`
              |
            1 | [connection
              |            ^
              = expected `]`
        "#]],
    );
    check(
        "a\0b = 1\n",
        expect![[r#"
            leveret.toml:1:2: invalid unquoted key, expected letters, numbers, `-`, `_`
              |
            1 | a b = 1
              |  ^
              = expected letters, numbers, `-`, `_`
        "#]],
    );
    check(
        "\u{feff}grace = 1\r\n",
        expect![[r#"
        leveret.toml:1:9: `grace` is a number and a unit, as in `500ms`, `5s`, `2min`, `1h`, `7d`, found a whole number
          |
        1 | grace = 1
          |         ^
    "#]],
    );
}

#[test]
fn includes_that_cannot_be_had_are_told() {
    let files = Files::new(&[
        ("leveret.toml", "include = [\"no.toml\", \"b.toml\", 3]\n"),
        ("b.toml", "include = [\"leveret.toml\"]\n[loging]\n"),
    ]);
    expect![[r#"
        leveret.toml:1:12: cannot read `no.toml`: No such file or directory (os error 2)
          |
        1 | include = ["no.toml", "b.toml", 3]
          |            ^^^^^^^^^
        leveret.toml:1:33: `include` is a text, found a whole number
          |
        1 | include = ["no.toml", "b.toml", 3]
          |                                 ^
        b.toml:1:12: `leveret.toml` is included already
          |
        1 | include = ["leveret.toml"]
          |            ^^^^^^^^^^^^^^
        b.toml:2:2: unknown key `loging`
          |
        2 | [loging]
          |  ^^^^^^
          = did you mean `logging`?
    "#]]
    .assert_eq(&files.errors());
}

#[test]
fn the_broker_is_embedded_or_elsewhere() {
    check(
        "[connection]\naddress = \"amqp://localhost\"\n[broker]\nlisten = [\"127.0.0.1:0\"]\n\
         [pool.main]\n[connections.main]\n",
        expect![[r#"
            leveret.toml:4:11: `[broker]` is for the embedded broker, and `[connection]` leads elsewhere
              |
            4 | listen = ["127.0.0.1:0"]
              |           ^^^^^^^^^^^^^
            leveret.toml:5:7: `main` is a connection already
              |
            5 | [pool.main]
              |       ^^^^
        "#]],
    );
}
