//! The fuzz target over its committed corpus.

use std::{fs, path::Path};

#[path = "../fuzz/targets.rs"]
#[expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::field_reassign_with_default,
    reason = "a target stops at a surprise"
)]
mod targets;

#[test]
fn no_edit_of_a_log_makes_a_record_up() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/scan");
    let mut count = 0;
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        targets::scan(&fs::read(file.path()).unwrap_or_default());
        count += 1;
    }
    assert!(count > 10, "the corpus is there");
}
