//! The broker as a service: what it tells its supervisor, and what a SIGHUP does.

use std::{fs, os::unix::net::UnixDatagram, path::Path, time::Duration};

use expect_test::expect;

use crate::process::{Broker, leveret};

/// The supervisor's end.
struct Ear {
    socket: UnixDatagram,
}

impl Ear {
    fn new(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        Self { socket }
    }

    /// What is said next, but for the pulse.
    fn next(&self) -> String {
        loop {
            let words = self.any();
            if words != "WATCHDOG=1" {
                return words;
            }
        }
    }

    fn any(&self) -> String {
        let mut words = vec![0; 500];
        let length = self.socket.recv(&mut words).expect("the broker says something in time");
        words.truncate(length);
        String::from_utf8(words).unwrap()
    }
}

#[test]
fn a_supervisor_hears_of_start_reload_and_stop() {
    let root = tempfile::tempdir().unwrap();
    let (file, errors) = (root.path().join("broker.toml"), root.path().join("errors"));
    let ear = Ear::new(&root.path().join("notify"));
    fs::write(&file, "in_memory = true\nlisten = [\"127.0.0.1:0\"]\n").unwrap();
    let mut command = leveret(&["broker", "--config", file.to_str().unwrap()]);
    command
        .env("NOTIFY_SOCKET", root.path().join("notify"))
        .env("WATCHDOG_USEC", "200000")
        .env("LEVERET_LOG", "info")
        .stderr(fs::File::create(&errors).unwrap());
    let broker = Broker::from_command(command);
    assert_eq!(ear.next(), "STATUS=reading the log");
    assert_eq!(ear.next(), "READY=1\nSTATUS=ready");
    while ear.any() != "WATCHDOG=1" {}

    // A file with mistakes changes nothing.
    fs::write(&file, "in_memory = true\nlisten = [\"127.0.0.1:0\"]\nlimts = 1\n").unwrap();
    broker.signal("HUP");
    assert_eq!(ear.next(), "RELOADING=1\nSTATUS=reading the configuration again");
    assert_eq!(ear.next(), "READY=1\nSTATUS=ready, with the configuration before the last reload");
    let said = fs::read_to_string(&errors).unwrap();
    let caret = "3 | limts = 1\n  | ^^^^^\n  = help: did you mean `limits`?\n";
    assert!(said.contains(caret), "{said}");

    let good = "in_memory = true\nlisten = [\"127.0.0.1:1\"]\n[limits]\nheartbeat = \"7s\"\n";
    fs::write(&file, good).unwrap();
    broker.signal("HUP");
    assert_eq!(ear.next(), "RELOADING=1\nSTATUS=reading the configuration again");
    assert_eq!(ear.next(), "READY=1\nSTATUS=ready");
    let said = fs::read_to_string(&errors).unwrap();
    assert!(said.contains("these settings wait for a restart: listen"), "{said}");
    assert!(said.contains("configuration reloaded, changed: limits"), "{said}");

    broker.signal("TERM");
    assert_eq!(ear.next(), "STOPPING=1\nSTATUS=stopping");
    assert_eq!(broker.wait(), Some(0));
}

#[test]
fn every_setting_is_shown_with_its_source() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("broker.toml");
    fs::write(
        &file,
        "data_dir = \"x\"\n[limits]\nheartbeat = \"60s\"\n[[users]]\nname = \"hazel\"\npassword = \"canary\"\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let mut command =
        leveret(&["broker", "--config", file, "--data-dir", "y", "config", "show", "--sources"]);
    command.env("LEVERET_BROKER_LISTEN", "127.0.0.1:7");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap().replace(file, "FILE");
    expect![[r#"
        listen = [127.0.0.1:7]                             # environment LEVERET_BROKER_LISTEN
        listeners = []                                     # default
        data_dir = y                                       # flag --data-dir
        virtual_hosts = [/]                                # default
        users = [hazel]                                    # FILE:4
        admin_tls = false                                  # default
        metrics_login = false                              # default
        limits.connections_max = 10000                     # default
        limits.half_open_max = 1024                        # default
        limits.half_open_per_address_max = 256             # default
        limits.handshake_bytes_max = 65536                 # default
        limits.handshake_timeout = 10s                     # default
        limits.refusal_delay = 3s                          # default
        limits.channels_max = 2047                         # default
        limits.frame_bytes_max = 131072                    # default
        limits.heartbeat = 60s                             # FILE:3
        limits.message_bytes_max = 134217728               # default
        limits.consumer_timeout = 1800s                    # default
        limits.close_timeout = 1s                          # default
        limits.http.connections_max = 1024                 # default
        limits.http.head_bytes_max = 16384                 # default
        limits.http.head_timeout = 30s                     # default
        limits.http.body_bytes_max = 1048576               # default
        limits.http.definitions_bytes_max = 20971520       # default
        limits.http.body_timeout = 30s                     # default
        limits.http.write_timeout = 30s                    # default
        alarms.memory = 60%                                # default
        alarms.disk_free = 50000000B                       # default
        alarms.interval = 1s                               # default
    "#]]
    .assert_eq(&shown);
}
