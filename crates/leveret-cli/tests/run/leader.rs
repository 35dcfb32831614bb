//! A schedule whose leader is killed, with processes and a broker on the disk.

use std::{collections::BTreeSet, fs, process::Stdio};

use serde_json::Value;

use crate::{Run, leveret};

/// How often a leader is killed.
const KILLS: usize = 3;

/// A broker of its own that keeps what it is given.
struct Broker {
    run: Run,
    address: String,
}

impl Broker {
    fn start(folder: &std::path::Path) -> Self {
        let text = "[connection]\ndata-dir = \"data\"\n[broker]\nlisten = [\"127.0.0.1:0\"]\n\
             [consumers.nothing]\nqueue = \"nothing\"\ntarget = { command = { argv = [\"/bin/true\"] } }\n\
             [[queues]]\nname = \"ticks\"\n";
        fs::write(folder.join("leveret.toml"), text).unwrap();
        let run = Run::start(folder);
        let line = run.banner.lines().find(|line| line.starts_with("listening on")).unwrap();
        let address = format!("amqp://guest:guest@{}", line.rsplit(' ').next().unwrap());
        Self { run, address }
    }

    /// When the messages of the queue were due, and their ids, in the order of the queue.
    fn ticks(&self) -> Vec<(String, String)> {
        let mut command =
            leveret(&["get", "ticks", "-n", "1000", "--json", "--url", &self.address]);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let tick = |line: &str| {
            let message: Value = serde_json::from_str(line).unwrap();
            let text = |path: &str| message.pointer(path).unwrap().as_str().unwrap().to_owned();
            let due = text("/properties/headers/x-leveret-scheduled-for");
            (due, text("/properties/message_id"))
        };
        text.lines().map(tick).collect()
    }
}

#[test]
fn a_killed_leader_is_followed_and_no_time_is_dealt_with_twice() {
    let root = tempfile::tempdir().unwrap();
    let (first, second) = (root.path().join("first"), root.path().join("second"));
    let home = root.path().join("broker");
    for folder in [&first, &second, &home] {
        fs::create_dir(folder).unwrap();
    }
    let broker = Broker::start(&home);
    for folder in [&first, &second] {
        let text = format!(
            "[connection]\naddress = \"{}\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n\
             [[schedules]]\nname = \"tick\"\nevery = \"1s\"\nkey = \"ticks\"\nmisfire = \"all\"\n\
             [consumers.nothing]\nqueue = \"{}\"\ntarget = {{ command = {{ argv = [\"/bin/true\"] }} }}\n",
            broker.address,
            folder.file_name().unwrap().to_str().unwrap(),
        );
        fs::write(folder.join("leveret.toml"), text).unwrap();
    }
    let mut leader = Run::start(&first);
    leader.logs("leads the schedule");
    for round in 0..KILLS {
        // Who comes second stands by: it leads only when the other is gone.
        let heir = Run::start(if round % 2 == 0 { &second } else { &first });
        leader.logs("published");
        leader.logs("published");
        leader.signal("KILL");
        assert_eq!(leader.wait(), None);
        heir.logs("leads the schedule");
        leader = heir;
    }
    leader.logs("published");
    leader.signal("TERM");
    assert_eq!(leader.wait(), Some(0));

    let ticks = broker.ticks();
    let times: BTreeSet<&str> = ticks.iter().map(|(due, _)| due.as_str()).collect();
    let ids: BTreeSet<&str> = ticks.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!((times.len(), ids.len()), (ticks.len(), ticks.len()), "each once: {ticks:#?}");
    assert!(ticks.is_sorted(), "in order: {ticks:#?}");
    assert!(ticks.len() > 2 * KILLS, "{ticks:#?}");
    // The messages are on the broker's disk, and nothing but them.
    broker.run.signal("KILL");
    assert_eq!(broker.run.wait(), None);
    assert_eq!(Broker::start(&home).ticks(), ticks);
}
