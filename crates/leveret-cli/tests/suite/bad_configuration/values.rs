//! Values that are wrong, alone or beside each other, and definitions that are.

use std::fs;

use expect_test::{Expect, expect};

use super::{BROKER, RUN, check, folder, said};
use crate::process::leveret;

#[test]
fn every_wrong_value_of_a_run_file_is_told_at_once() {
    check(
        &RUN,
        "grce = \"5s\"\n[connection]\nin-memory = 1\n[broker]\n\
         listen = [\"127.0.0.1:70000\", \"127.0.0.1:-1\"]\n[metrics]\nlisten = 9090\n\
         [consumers.jobs]\nqueue = \"\"\ntarget = { command = { argv = [\"true\"] } }\n\
         concurrency = -4\ntime-limit = \"30\"\nretry = { attempts = 3.5, first-delay = \"\" }\n\
         [[files.read]]\ndirectory = \"a\"\nexchange = \"b\"\nkey = \"c\"\nsize-max = \"10 GB\"\n\
         [[files.read]]\ndirectory = \"a\"\nexchange = \"b\"\nkey = \"c\"\nsize-max = \"10GB\"\n",
        expect![[r#"
            leveret.toml:1:1: unknown key `grce`
              |
            1 | grce = "5s"
              | ^^^^
              = did you mean `grace`?
            leveret.toml:3:13: `in-memory` is `true` or `false`, found a whole number
              |
            3 | in-memory = 1
              |             ^
            leveret.toml:5:11: `127.0.0.1:70000` is no address to listen on
              |
            5 | listen = ["127.0.0.1:70000", "127.0.0.1:-1"]
              |           ^^^^^^^^^^^^^^^^^
              = expected an address and a port, as in `127.0.0.1:5672` or `[::1]:5672`
            leveret.toml:5:30: `127.0.0.1:-1` is no address to listen on
              |
            5 | listen = ["127.0.0.1:70000", "127.0.0.1:-1"]
              |                              ^^^^^^^^^^^^^^
              = expected an address and a port, as in `127.0.0.1:5672` or `[::1]:5672`
            leveret.toml:7:10: `listen` is an address and a port, as in `127.0.0.1:5672` or `[::1]:5672`, found a whole number
              |
            7 | listen = 9090
              |          ^^^^
            leveret.toml:9:9: `queue` is empty
              |
            9 | queue = ""
              |         ^^
            leveret.toml:11:15: `concurrency` is 1 to 1024, found -4
               |
            11 | concurrency = -4
               |               ^^
            leveret.toml:12:14: `30` is no length of time
               |
            12 | time-limit = "30"
               |              ^^^^
               = expected a number and a unit, as in `500ms`, `5s`, `2min`, `1h`, `7d`
            leveret.toml:13:22: `attempts` is a whole number from 1 to 100, found a broken number
               |
            13 | retry = { attempts = 3.5, first-delay = "" }
               |                      ^^^
            leveret.toml:13:41: `` is no length of time
               |
            13 | retry = { attempts = 3.5, first-delay = "" }
               |                                         ^^
               = expected a number and a unit, as in `500ms`, `5s`, `2min`, `1h`, `7d`
            leveret.toml:18:12: `size-max` is a whole number from 0 to 1099511627776, found a text
               |
            18 | size-max = "10 GB"
               |            ^^^^^^^
            leveret.toml:23:12: `size-max` is a whole number from 0 to 1099511627776, found a text
               |
            23 | size-max = "10GB"
               |            ^^^^^^
            78
        "#]],
    );
}

#[test]
fn every_wrong_value_of_the_broker_is_told_at_once() {
    check(
        &BROKER,
        "lissten = 1\nlisten = [\"127.0.0.1:70000\", \"127.0.0.1:-1\", \"\"]\nin_memory = \"yes\"\n\
         [limits]\nheartbeat = \"60\"\nchannels_max = -1\nframe_bytes_max = 100\n\
         [alarms]\nmemory = \"10 GB\"\ndisk_free = \"10GX\"\n",
        expect![[r#"
            leveret.toml:1:1: unknown key `lissten`
              |
            1 | lissten = 1
              | ^^^^^^^
              = help: did you mean `listen`?
            leveret.toml:2:11: `127.0.0.1:70000` is no address, wanted an IP address and a port such as `127.0.0.1:5672`
              |
            2 | listen = ["127.0.0.1:70000", "127.0.0.1:-1", ""]
              |           ^^^^^^^^^^^^^^^^^
            leveret.toml:2:30: `127.0.0.1:-1` is no address, wanted an IP address and a port such as `127.0.0.1:5672`
              |
            2 | listen = ["127.0.0.1:70000", "127.0.0.1:-1", ""]
              |                              ^^^^^^^^^^^^^^
            leveret.toml:2:46: `` is no address, wanted an IP address and a port such as `127.0.0.1:5672`
              |
            2 | listen = ["127.0.0.1:70000", "127.0.0.1:-1", ""]
              |                                              ^^
            leveret.toml:3:13: `in_memory` is a string, wanted `true` or `false`
              |
            3 | in_memory = "yes"
              |             ^^^^^
            leveret.toml:5:13: `60` is no time, wanted a whole number and a unit such as `10s`, `500ms` or `2min`
              |
            5 | heartbeat = "60"
              |             ^^^^
            leveret.toml:6:16: `channels_max` is -1, wanted a number from 1 to 65535
              |
            6 | channels_max = -1
              |                ^^
            leveret.toml:7:19: `frame_bytes_max` is 100, wanted a number from 8192 to 16777216
              |
            7 | frame_bytes_max = 100
              |                   ^^^
            leveret.toml:10:13: `10GX` is no size, wanted a whole number and a unit such as `50MB` or `2GiB`
               |
            10 | disk_free = "10GX"
               |             ^^^^^^
            78
        "#]],
    );
    // The space is of no account where sizes have units.
    let sizes =
        "in_memory = true\nlissten = 1\n[alarms]\nmemory = \"10 GB\"\ndisk_free = \"10GB\"\n";
    check(
        &BROKER,
        sizes,
        expect![[r#"
        leveret.toml:2:1: unknown key `lissten`
          |
        2 | lissten = 1
          | ^^^^^^^
          = help: did you mean `listen`?
        78
    "#]],
    );
}

#[test]
fn contradictions_are_told_with_both_sides() {
    check(
        &RUN,
        "[connection]\naddress = \"amqp://localhost\"\ndata-dir = \"data\"\n\
         [consumers.jobs]\nqueue = \"jobs\"\ntarget = { http = { url = \"http://127.0.0.1/\" } }\n\
         concurrency = 8\nconcurrency-min = 9\nconcurrency-max = 2\n\
         [[schedules]]\nname = \"night\"\nkey = \"night\"\ncron = \"0 3 * * *\"\nevery = \"1d\"\n",
        expect![[r#"
            leveret.toml:2:11: a connection has either an address or the embedded broker
              |
            2 | address = "amqp://localhost"
              |           ^^^^^^^^^^^^^^^^^^
            leveret.toml:8:19: concurrency-min is 9, and concurrency 8
              |
            8 | concurrency-min = 9
              |                   ^
            leveret.toml:14:9: a schedule has either `cron` or `every`
               |
            14 | every = "1d"
               |         ^^^^
            78
        "#]],
    );
    check(
        &BROKER,
        "in_memory = true\n[[listeners]]\naddress = \"127.0.0.1:0\"\ntls = true\n",
        expect![[r#"
            the listener 127.0.0.1:0 speaks tls, but there is no `[tls]` with a certificate
            78
        "#]],
    );
    check(
        &BROKER,
        "in_memory = true\ndata_dir = \"data\"\n",
        expect![[r#"
        `in_memory` is true and `data_dir` is `data`: only one can be
        78
    "#]],
    );
    check(
        &BROKER,
        "in_memory = true\n[tls]\ncertificate = \"a.pem\"\n",
        expect![[r#"
        leveret.toml:2:1: `[tls]` without a `key`
          |
        2 | [tls]
          | ^^^^^
        78
    "#]],
    );
}

#[test]
fn wrong_definitions_stop_the_start_and_change_nothing() {
    let text = "listen = [\"127.0.0.1:0\"]\ndata_dir = \"data\"\nload_definitions = \"all.json\"\n";
    let root = folder(text.as_bytes());
    let check = |content: &str, expected: Expect| {
        fs::write(root.path().join("all.json"), content).unwrap();
        expected.assert_eq(&said(root.path(), &BROKER));
        assert!(!root.path().join("data/administration.json").exists());
    };
    check(
        "{ \"queues\": [",
        expect![[r#"
        definitions are not taken: failed_to_parse_json: EOF while parsing a list at line 1 column 13
        78
    "#]],
    );
    check(
        "{\"vhosts\":[{\"name\":\"/\"}],\"queues\":[{\"name\":\"q\",\"vhost\":\"/\",\"durable\":true,\"auto_delete\":false,\"arguments\":{}}],\
          \"bindings\":[{\"source\":\"amq.topic\",\"vhost\":\"/\",\"destination\":\"none\",\"destination_type\":\"queue\",\"routing_key\":\"#\",\"arguments\":{}}]}",
        expect![[r#"
            definitions are not taken: bindings[0]: NOT_FOUND - no queue 'none' in vhost '/'
            78
        "#]],
    );
    fs::remove_file(root.path().join("all.json")).unwrap();
    expect![[r#"
        definitions are not taken: cannot read definitions from all.json: No such file or directory (os error 2)
        78
    "#]].assert_eq(&said(root.path(), &BROKER));
}

#[test]
fn an_empty_variable_is_unset_and_a_flag_wins() {
    let root =
        folder(b"grace = \"1s\"\n[connection]\nin-memory = true\n[logging]\nlevel = \"warn\"\n");
    let set = "logging.level=debug";
    let mut command = leveret(&["config", "show", "--sources", "leveret.toml", "--set", set]);
    command.current_dir(root.path());
    command.env("LEVERET__GRACE", "").env("LEVERET__LOGGING__LEVEL", "error");
    command.env("LEVERET__LOGGING__FORMAT", "json");
    let output = command.output().unwrap();
    expect![[r#"
        guarantee = "best-effort"                          # default
        grace = "1s"                                       # leveret.toml:1
        connection.in-memory = true                        # leveret.toml:3
        logging.level = "debug"                            # --set logging.level
        logging.format = "json"                            # environment variable LEVERET__LOGGING__FORMAT
    "#]].assert_eq(&String::from_utf8(output.stdout).unwrap());
}
