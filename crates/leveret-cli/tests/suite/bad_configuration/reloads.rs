//! A SIGHUP of the broker, counted in its metrics.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::process::{Broker, leveret};

/// Nothing takes longer, on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(1);

fn metrics(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn the_broker_counts_files_that_it_read_again() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("broker.toml");
    let good = "in_memory = true\nlisten = [\"127.0.0.1:0\"]\nadmin_listen = \"127.0.0.1:0\"\n";
    fs::write(&path, good).unwrap();
    let broker = Broker::from_command(leveret(&["broker", "--config", path.to_str().unwrap()]));
    let line = broker.banner.lines().find(|line| line.contains("admin api")).unwrap();
    let address = line.split_whitespace().last().unwrap().to_owned();
    let reads = |result: &str, count: u64| {
        let wanted = format!("leveret_config_reloads_total{{result=\"{result}\"}} {count}");
        let end = Instant::now() + PATIENCE;
        loop {
            let text = metrics(&address);
            if text.lines().any(|line| line == wanted) {
                return;
            }
            assert!(Instant::now() < end, "no `{wanted}` in {text}");
        }
    };
    reads("refused", 0);
    // Wrong as it is written, and wrong as a whole.
    for (count, more) in [(1, "lissten = 1\n"), (2, "data_dir = \"data\"\n")] {
        fs::write(&path, format!("{good}{more}")).unwrap();
        broker.signal("HUP");
        reads("refused", count);
    }
    reads("applied", 0);
    fs::write(&path, good).unwrap();
    broker.signal("HUP");
    reads("applied", 1);
    reads("refused", 2);
}
