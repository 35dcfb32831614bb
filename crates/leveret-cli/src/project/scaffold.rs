//! `leveret new`: the files of a project.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{args::NewArgs, failure::Failure};

const FILES: [(&str, &str); 6] = [
    ("Cargo.toml", include_str!("template/Cargo.toml.in")),
    ("leveret.toml", include_str!("template/leveret.toml.in")),
    ("src/main.rs", include_str!("template/src/main.rs.in")),
    ("src/tests.rs", include_str!("template/src/tests.rs.in")),
    ("README.md", include_str!("template/README.md.in")),
    (".gitignore", include_str!("template/gitignore.in")),
];
/// As cargo has it.
const NAME_LETTERS_MAX: usize = 64;

pub(super) fn write(args: &NewArgs) -> Result<(), Failure> {
    let name = name(&args.folder)?;
    let leveret = checkout(&args.leveret)?;
    if fs::read_dir(&args.folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::Exists(args.folder.clone()));
    }
    let source = leveret.display().to_string();
    // As TOML's basic strings escape, which are Rust's for all that a path can have.
    let dependency = format!("{{ path = {source:?} }}");
    let in_tests = format!("{{ path = {source:?}, features = [\"test-kit\"] }}");
    for (path, template) in FILES {
        let text = template
            .replace("{{name}}", &name)
            .replace("{{leveret}}", &dependency)
            .replace("{{leveret-test}}", &in_tests);
        let path = args.folder.join(path);
        put(&path, &text).map_err(|source| Failure::Write { path, source })?;
    }
    let folder = args.folder.display();
    let text =
        format!("`{name}` is in {folder}. Next:\n  cd {folder}\n  cargo test\n  leveret dev\n");
    // Whoever closed the pipe does not read it; the files are there.
    io::stdout().write_all(text.as_bytes()).ok();
    Ok(())
}

fn put(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

fn name(folder: &Path) -> Result<String, Failure> {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let starts = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
    if starts && name.len() <= NAME_LETTERS_MAX && name.chars().all(is_letter) {
        return Ok(name);
    }
    Err(Failure::Name(name))
}

/// The crate's folder in the checkout, from the root on.
fn checkout(folder: &Path) -> Result<PathBuf, Failure> {
    let inside = folder.join("crates/leveret");
    let found = inside.join("Cargo.toml").is_file().then(|| inside.canonicalize().ok()).flatten();
    found.ok_or_else(|| Failure::NoCheckout(folder.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cargo_s() {
        assert_eq!(name("some/where/hello-2".as_ref()).ok().as_deref(), Some("hello-2"));
        for wrong in ["", "..", "2nd", "with space", "grün", "-x", &"x".repeat(65)] {
            assert!(name(wrong.as_ref()).is_err(), "{wrong}");
        }
    }
}
