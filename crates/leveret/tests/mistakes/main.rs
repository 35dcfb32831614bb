//! The likeliest mistakes of who writes a handler: what the compiler says to each.
//!
//! Each file of `cases` begins with what its message must say, the fix. The message itself stands
//! beside it, held to the letter, as the toolchain is pinned; `UPDATE_EXPECT=1` writes it anew.
//! The cases are compiled against the library that this test is linked with, so nothing is built twice.

#![expect(clippy::unwrap_used, reason = "a test helper panics")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use expect_test::expect_file;
use serde::Deserialize;

#[test]
fn each_mistake_is_answered_with_its_fix() {
    let library = library();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes/cases");
    let mut sources: Vec<PathBuf> =
        std::fs::read_dir(&cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    sources.sort();
    assert!(sources.len() >= 20, "{} cases", sources.len());
    let mut failed = Vec::new();
    for source in &sources {
        let text = std::fs::read_to_string(source).unwrap();
        let fix = text.lines().find_map(|line| line.strip_prefix("// fix: ")).unwrap();
        let said = compile(source, &library);
        if !said.contains(fix) {
            failed.push(format!("{}: wanted `{fix}` in\n{said}", source.display()));
        }
        expect_file![source.with_extension("txt")].assert_eq(&said);
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// What the compiler says of a program that is wrong: messages, labels and notes.
fn compile(source: &Path, library: &Path) -> String {
    let scratch = tempfile::tempdir().unwrap();
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "--error-format=json"])
        .args(["--crate-name=mistake", "--cap-lints=allow", "-o"])
        .arg(scratch.path().join("mistake.rmeta"))
        .arg("-L")
        .arg(format!("dependency={}", library.parent().unwrap().display()))
        .arg("--extern")
        .arg(format!("leveret={}", library.display()))
        .arg(source)
        .output()
        .unwrap();
    assert!(!output.status.success(), "{} compiles", source.display());
    let stderr = String::from_utf8(output.stderr).unwrap();
    let mut said = String::new();
    for line in stderr.lines() {
        let message: Said = serde_json::from_str(line).unwrap();
        if message.level == "error" && !message.spans.is_empty() {
            tell(&mut said, &message);
        }
    }
    said
}

/// What the compiler says, as its JSON has it.
#[derive(Deserialize)]
struct Said {
    message: String,
    level: String,
    spans: Vec<Span>,
    children: Vec<Self>,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    line_start: u32,
    is_primary: bool,
    label: Option<String>,
}

fn tell(said: &mut String, message: &Said) {
    writeln!(said, "error: {}", message.message).unwrap();
    message.spans.iter().filter(|span| span.is_primary).for_each(|span| point(said, span));
    for Said { message, level, spans, .. } in &message.children {
        // Lists of implementors change with what else there is; places of files with the machine.
        let changing = ["following other types", "written to", "--verbose"];
        if changing.iter().all(|part| !message.contains(part)) {
            writeln!(said, "  {level}: {message}").unwrap();
            let of_the_case = spans.iter().filter(|span| span.file_name.contains("mistakes/cases"));
            of_the_case.for_each(|span| point(said, span));
        }
    }
}

fn point(said: &mut String, span: &Span) {
    writeln!(said, "  line {}: {}", span.line_start, span.label.as_deref().unwrap_or("here"))
        .unwrap();
}

/// The library beside this test that was built last: it is of the present sources.
fn library() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let built = |path: &Path| -> SystemTime { path.metadata().unwrap().modified().unwrap() };
    let beside = std::fs::read_dir(own.parent().unwrap()).unwrap();
    let libraries = beside.map(|entry| entry.unwrap().path()).filter(|path| {
        let is_library = path.extension().is_some_and(|extension| extension == "rlib");
        is_library
            && path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("libleveret-"))
    });
    libraries.max_by_key(|path| built(path)).unwrap()
}
