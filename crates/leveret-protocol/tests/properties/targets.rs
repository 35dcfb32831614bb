//! The fuzzer's targets over the committed corpus, and over chance.

use std::{fs, path::Path};

use proptest::prelude::*;

#[path = "../../fuzz/targets.rs"]
pub(crate) mod target;

fn over_corpus(name: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        run(&fs::read(entry.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files > 0, "the corpus of {name} is empty");
}

#[test]
fn the_corpus_holds() {
    over_corpus("frame", target::frame);
    over_corpus("table", target::table);
    over_corpus("session", target::session);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn garbage_never_panics(data in prop::collection::vec(any::<u8>(), 0..300)) {
        target::table(&data);
        target::frame(&data);
        target::session(&data);
    }

    /// Frames that are whole but senseless reach deeper than plain garbage.
    #[test]
    fn senseless_frames_never_panic(
        mode in any::<u8>(),
        frames in prop::collection::vec((1..10_u8, 0..3_u16, payload()), 0..12),
    ) {
        let mut data = vec![mode | 2];
        for (kind, channel, payload) in frames {
            data.push(kind);
            data.extend(channel.to_be_bytes());
            data.extend((payload.len() as u32).to_be_bytes());
            data.extend(payload);
            data.push(0xCE);
        }
        target::session(&data);
    }
}

/// The beginning of a method or a content header, then chance.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let class = prop::sample::select(vec![10_u16, 20, 40, 50, 60, 85, 90]);
    let method = prop::sample::select(vec![0_u16, 10, 11, 20, 40, 41, 50, 60, 70, 71, 80]);
    let rest = prop_oneof![
        Just(Vec::new()),
        Just(vec![0; 5]),
        Just(vec![0, 0, 0, 0, 0, 0, 0, 3, 0, 0]),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    (class, method, rest).prop_map(|(class, method, rest)| {
        let mut payload = class.to_be_bytes().to_vec();
        payload.extend(method.to_be_bytes());
        payload.extend(rest);
        payload
    })
}
