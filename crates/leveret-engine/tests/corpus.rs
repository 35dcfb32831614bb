//! The fuzz targets over their committed corpus.

use std::{fs, path::Path};

#[path = "../fuzz/targets.rs"]
#[expect(clippy::indexing_slicing, reason = "a target stops at a surprise")]
mod targets;

fn run(name: &str, target: fn(&[u8])) -> std::io::Result<usize> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut count = 0;
    for file in fs::read_dir(folder)? {
        target(&fs::read(file?.path())?);
        count += 1;
    }
    Ok(count)
}

#[test]
fn any_inputs_are_survived_and_come_back_after_a_restart() {
    assert!(run("inputs", targets::inputs).is_ok_and(|count| count > 10));
}

#[test]
fn any_records_are_refused_or_can_be_used() {
    assert!(run("records", targets::records).is_ok_and(|count| count > 10));
}
