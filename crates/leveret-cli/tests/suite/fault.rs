//! What befalls a broker in these tests.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::process::{Broker, leveret};

/// How a broker's life ends.
pub(crate) enum Fault {
    /// By SIGKILL; what it has written is there.
    Kill,
    /// Together with its disk: what was not synced is not there. The program takes the power
    /// (`cut`: says that it is ready, and waits for a line) and gives it back (`restore`).
    PowerLoss { switch: PathBuf },
}

impl Fault {
    /// The power loss of `faults/power_loss`, and the disk that it takes.
    pub(crate) fn power_loss() -> (Self, PathBuf) {
        let variable = |name| PathBuf::from(env::var_os(name).expect("faults/power_loss sets it"));
        (Self::PowerLoss { switch: variable("LEVERET_POWER") }, variable("LEVERET_POWER_DISK"))
    }

    /// Starts a broker that this is going to befall.
    pub(crate) fn start(&self, data_dir: &Path) -> Broker {
        let data_dir = data_dir.to_str().unwrap();
        let mut broker = leveret(&["broker", "--listen", "127.0.0.1:0", "--data-dir", data_dir]);
        match self {
            Self::Kill => {}
            Self::PowerLoss { .. } => {
                let preload = env::var_os("LEVERET_PRELOAD");
                broker.envs(preload.map(|library| ("LD_PRELOAD", library)));
            }
        }
        Broker::from_command(broker)
    }

    /// Strikes after a while, whatever the broker does then. Once joined, the broker has ended,
    /// and another one can be started.
    pub(crate) fn strike_after(&self, broker: Broker, moment: Duration) -> JoinHandle<()> {
        match self {
            Self::Kill => thread::spawn(move || {
                pass(moment);
                drop(broker);
            }),
            Self::PowerLoss { switch } => {
                let switch = switch.clone();
                let armed = arm(&switch);
                thread::spawn(move || {
                    pass(moment);
                    // Nobody answers without power. A broker that went on would be told by ext4 that a
                    // sync went well which the shutdown overtook, and would pass that on.
                    broker.signal("STOP");
                    cut(armed);
                    drop(broker);
                    let restored = Command::new(&switch).arg("restore").status().unwrap();
                    assert!(restored.success());
                })
            }
        }
    }
}

/// Lets time pass.
fn pass(moment: Duration) {
    let (_nobody_tells, is_told) = mpsc::channel::<()>();
    is_told.recv_timeout(moment).unwrap_err();
}

/// Starts what takes the power, so that it takes it at once when told.
fn arm(switch: &Path) -> Child {
    let mut command = Command::new(switch);
    command.arg("cut").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut armed = command.spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(armed.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    armed
}

fn cut(mut armed: Child) {
    armed.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert!(armed.wait().unwrap().success());
}
