//! The tree holds to STYLE.md.
#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

use std::path::Path;

#[test]
fn the_tree_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let tree = xtask::Tree::load(root).unwrap();
    let findings: Vec<String> = xtask::check(&tree).iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

/// Writes a small package, holds it against the rules and names what was found.
fn findings(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let tree = xtask::Tree::load(folder.path()).unwrap();
    xtask::check(&tree).iter().map(ToString::to_string).collect()
}

#[test]
fn two_files_that_import_each_other_are_a_circle() {
    let found = findings(&[
        ("crates/x/src/lib.rs", "//! Face.\nmod a;\nmod b;\npub use b::B;\n"),
        ("crates/x/src/a.rs", "//! A.\nuse crate::B;\npub struct A(B);\n"),
        (
            "crates/x/src/b.rs",
            "//! B.\npub struct B;\nimpl B { fn a() -> crate::a::A { todo() } }\n",
        ),
    ]);
    assert_eq!(
        found,
        [
            "crates/x/src/a.rs:1: rule 4: these import each other: crates/x/src/a.rs, crates/x/src/b.rs"
        ]
    );
}

#[test]
fn a_child_that_takes_from_its_parent_what_the_parent_takes_from_it_is_a_circle() {
    let found = findings(&[
        ("crates/x/src/a/mod.rs", "//! A.\nmod b;\nuse b::B;\npub struct A(B);\n"),
        ("crates/x/src/a/b.rs", "//! B.\nuse super::A;\npub struct B(Box<A>);\n"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn showing_a_child_on_is_no_circle() {
    let found = findings(&[
        ("crates/x/src/a/mod.rs", "//! A.\nmod b;\nmod c;\npub use b::B;\n"),
        ("crates/x/src/a/b.rs", "//! B.\npub struct B;\n"),
        ("crates/x/src/a/c.rs", "//! C.\nuse super::B;\npub struct C(B);\n"),
    ]);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn walls_words_and_openings_are_held() {
    let long = format!("//! Long.\n{}", "\n".repeat(600));
    let function = format!("//! F.\nfn f() {{\n{}}}\n", "    g();\n".repeat(80));
    let sleeping = format!("//! T.\nfn f() {{ std::thread::{}(d); }}\n", "sleep");
    let found = findings(&[
        ("crates/x/src/long.rs", &long),
        ("crates/x/src/function.rs", &function),
        ("crates/x/src/utils.rs", "//! Empty name.\n"),
        ("crates/x/src/silent.rs", "fn f() {}\n"),
        ("crates/x/src/inner.rs", "//! I.\nfn f() { use std::fmt; }\nuse std::io::*;\n"),
        ("crates/x/tests/t.rs", &sleeping),
    ]);
    let rules: Vec<&str> = found
        .iter()
        .map(|line| line.rsplit("rule ").next().unwrap().split(':').next().unwrap())
        .collect();
    assert_eq!(rules, ["3", "7", "7", "3", "5", "1", "35"], "{found:#?}");
}

#[test]
fn a_pure_crate_knows_only_its_list() {
    let found = findings(&[(
        "crates/leveret-engine/Cargo.toml",
        "[package]\nname = \"leveret-engine\"\n[dependencies]\ntokio = \"1\"\nleveret-client = \"1\"\n",
    )]);
    assert_eq!(found.len(), 2, "{found:?}");
}
