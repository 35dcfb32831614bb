//! Turns the protocol crate's method table into its generated folder.
//!
//! The generated files are committed; a test here fails when they are stale.

mod rust;
mod spec;

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

const TABLE: &str = "crates/leveret-protocol/methods.txt";
const FOLDER: &str = "crates/leveret-protocol/src/generated";

/// Writes the generated files.
pub(crate) fn write(root: &Path) -> Result<()> {
    for (name, text) in files(root)? {
        let path = root.join(FOLDER).join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Every generated file, by its path below the folder.
fn files(root: &Path) -> Result<BTreeMap<String, String>> {
    let table = fs::read_to_string(root.join(TABLE)).context("cannot read the method table")?;
    let classes = spec::parse(&table)?;
    let mut files = BTreeMap::new();
    for class in &classes {
        files.insert(format!("{}.rs", class.name), rust::structs(class));
        files.insert(format!("codec/{}.rs", class.name), rust::codecs(class));
    }
    files.insert("method_enum.rs".to_owned(), rust::method_enum(&classes));
    files.insert("conversions.rs".to_owned(), rust::conversions(&classes));
    let mut names: Vec<String> = classes.iter().map(|class| class.name.clone()).collect();
    names.sort();
    files.insert("codec/mod.rs".to_owned(), rust::folder("The methods as bytes.", &names, ""));
    let mut root_file = rust::folder("The methods of AMQP 0-9-1.", &names, "pub ");
    root_file.push_str("mod codec;\nmod conversions;\npub(crate) mod method_enum;\n");
    files.insert("mod.rs".to_owned(), root_file);
    files.into_iter().map(|(name, text)| Ok((name, format_rust(root, &text)?))).collect()
}

/// The text as rustfmt writes it.
fn format_rust(root: &Path, text: &str) -> Result<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run rustfmt")?;
    child.stdin.take().context("rustfmt has no input")?.write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "rustfmt refuses the generated code");
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_files_are_fresh() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for (name, text) in files(&root).unwrap() {
            let path = root.join(FOLDER).join(&name);
            let committed = fs::read_to_string(&path).unwrap_or_default();
            assert!(committed == text, "{name} is stale: run `cargo run -p xtask -- codegen`");
        }
    }
}
