//! Files become messages, and messages become files.

use crate::setup::on_each_broker;

on_each_broker! {
    each_file_is_sent_once_and_moved
    a_directory_may_stay_as_it_is
    a_new_file_is_noticed
    hostile_names_stay_in_their_directory
    the_same_id_is_one_file
}

mod bodies {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use leveret::files::{FileFate, FileSink, FileSource};
    use leveret::{FieldValue, Publish};

    use crate::setup::{Arrivals, Target};

    fn write(path: PathBuf, bytes: &[u8]) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// All files below a directory, without the temporary ones.
    fn tree(root: &Path) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.insert(path.strip_prefix(root).unwrap().display().to_string());
                }
            }
        }
        found
    }

    pub(super) async fn each_file_is_sent_once_and_moved(target: Target) {
        let dir = tempfile::tempdir().unwrap();
        let binary: Vec<u8> = (0..=255).collect();
        write(dir.path().join("new/a/1.bin"), &binary);
        write(dir.path().join("new/2.txt"), b"two");
        write(dir.path().join("new/big"), &vec![0; 20 * 1024 * 1024]);
        write(dir.path().join("cur/2.txt"), b"an older one");
        let mails = target.name("mails");
        let arrivals = Arrivals::default();
        let running = target.app().handler(arrivals.on(mails.clone())).start().await.unwrap();
        let source = FileSource::new(dir.path()).to("", &mails).content_type("message/rfc822");
        let mut fates = Vec::new();
        let publisher = running.publisher();
        let summary = source
            .drain(&publisher, |event| {
                fates
                    .push((event.path.display().to_string(), matches!(event.fate, FileFate::Sent)));
                assert_eq!(event.known, 3);
            })
            .await
            .unwrap();
        fates.sort();
        let sent = |name: &str, is_sent| (name.to_owned(), is_sent);
        assert_eq!(fates, [sent("2.txt", true), sent("a/1.bin", true), sent("big", false)]);
        assert_eq!((summary.sent, summary.left), (2, 1));
        running.wait_until(|_| arrivals.all().len() == 2).await;
        let binary_mail =
            arrivals.all().into_iter().find(|mail| mail.body() == &binary).expect("unchanged");
        assert_eq!(binary_mail.header_text("X-Filename").unwrap(), "a/1.bin");
        assert_eq!(binary_mail.properties().content_type().unwrap(), "message/rfc822");
        let left = tree(dir.path());
        assert!(left.contains("new/big") && left.contains("cur/a/1.bin"), "{left:?}");
        assert_eq!(fs::read(dir.path().join("cur/2.txt")).unwrap(), b"an older one");
        assert_eq!(left.len(), 4, "{left:?}");
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_directory_may_stay_as_it_is(target: Target) {
        let dir = tempfile::tempdir().unwrap();
        let (samples, record) = (dir.path().join("samples"), dir.path().join("state/sent"));
        write(samples.join("x/1"), b"1");
        write(samples.join("2"), b"2");
        let mails = target.name("mails");
        let arrivals = Arrivals::default();
        let running = target.app().handler(arrivals.on(mails.clone())).start().await.unwrap();
        let source = FileSource::new(&samples).to("", &mails).read_only(&record);
        let first = source.drain(&running.publisher(), |_| {}).await.unwrap();
        assert_eq!((first.sent, first.sent_before), (2, 0));
        write(samples.join("3"), b"3");
        let second = source.drain(&running.publisher(), |_| {}).await.unwrap();
        assert_eq!((second.sent, second.sent_before), (1, 2));
        running.wait_until(|_| arrivals.all().len() == 3).await;
        assert_eq!(tree(&samples).len(), 3);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_new_file_is_noticed(target: Target) {
        let dir = tempfile::tempdir().unwrap();
        let mails = target.name("mails");
        let arrivals = Arrivals::default();
        let source = FileSource::new(dir.path()).to("", &mails).every(Duration::from_millis(10));
        let app = target.app().handler(arrivals.on(mails)).read_files(source);
        let running = app.start().await.unwrap();
        write(dir.path().join("new/late"), b"late");
        running.wait_until(|_| arrivals.bodies() == ["late"]).await;
        running.shutdown().await.unwrap();
    }

    pub(super) async fn hostile_names_stay_in_their_directory(target: Target) {
        let dir = tempfile::tempdir().unwrap();
        let (out, queue) = (dir.path().join("deep/out"), target.name("results"));
        let sink = FileSink::new(&queue, &out)
            .pattern("${routing_key}/${xfilename}".parse().unwrap())
            .with_headers();
        let name = format!("write_files:{queue}");
        let running = target.app().write_files(sink).start().await.unwrap();
        let long = "x".repeat(3000);
        let hostile =
            ["../../escaped", "/etc/hostile", "..", "a\0b", ".hidden", &long, "plain.txt"];
        for file_name in hostile {
            let publish = Publish::to_queue(&queue)
                .bytes(file_name.to_owned())
                .header("X-Filename", FieldValue::from(file_name));
            running.publisher().publish(publish).await.unwrap();
        }
        let all = hostile.len() as u64;
        running.wait_until(|stats| stats.handler(&name).handled == all).await;
        let written = tree(&out);
        assert_eq!(written.len(), 2 * hostile.len(), "{written:#?}");
        assert_eq!(tree(dir.path()).len(), written.len(), "nothing is beside the directory");
        let plain = written.iter().find(|path| path.ends_with("plain.txt")).expect("kept");
        assert_eq!(fs::read_to_string(out.join(plain)).unwrap(), "plain.txt");
        let side = fs::read_to_string(out.join(format!("{plain}.headers.json"))).unwrap();
        assert!(side.contains("\"X-Filename\": \"plain.txt\""), "{side}");
        running.shutdown().await.unwrap();
    }

    pub(super) async fn the_same_id_is_one_file(target: Target) {
        let dir = tempfile::tempdir().unwrap();
        let queue = target.name("results");
        let name = format!("write_files:{queue}");
        let app = target.app().write_files(FileSink::new(&queue, dir.path()));
        let running = app.start().await.unwrap();
        for body in ["same", "same", "other"] {
            let publish = Publish::to_queue(&queue).text(body).message_id(body);
            running.publisher().publish(publish).await.unwrap();
        }
        running.wait_until(|stats| stats.handler(&name).handled == 3).await;
        assert_eq!(tree(dir.path()), BTreeSet::from(["other".to_owned(), "same".to_owned()]));
        running.shutdown().await.unwrap();
    }
}
