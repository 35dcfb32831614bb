//! Run files that the documentation shows.

use std::fs;

use crate::read::Files;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[test]
fn what_the_guide_shows_is_right() {
    let guide = fs::read_to_string(format!("{ROOT}/docs/run.md")).unwrap();
    let blocks: Vec<&str> =
        guide.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() > 5);
    for block in blocks {
        assert!(Files::one(block).settings().contains(" = "), "{block}");
    }
}

#[test]
fn the_sample_is_right() {
    let sample = fs::read_to_string(format!("{ROOT}/examples/run/leveret.toml")).unwrap();
    let settings = Files::one(&sample).settings();
    assert!(settings.contains("schedules[0].timezone = \"UTC\""), "{settings}");
}
