//! A project from nothing: made, tested, run, changed.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::process::{ended, leveret};

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn made(folder: &Path) -> (Option<i32>, String) {
    ended(leveret(&["new", folder.to_str().unwrap(), "--leveret", checkout().to_str().unwrap()]))
}

#[test]
fn a_project_is_made_once_and_named_well() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("hello");
    let (code, said) = made(&folder);
    assert_eq!(code, Some(0), "{said}");
    for file in ["Cargo.toml", "leveret.toml", "src/main.rs", "src/tests.rs", "README.md"] {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        assert!(!text.contains("{{"), "{file}: {text}");
    }
    let (code, said) = made(&folder);
    assert_eq!((code, said.contains("is there already")), (Some(73), true), "{said}");
    let (code, said) = made(&root.path().join("2nd"));
    assert_eq!((code, said.contains("cannot be the name")), (Some(64), true), "{said}");
    let nowhere = ["new", "x", "--leveret", root.path().to_str().unwrap()];
    let (code, said) = ended(leveret(&nowhere));
    assert_eq!((code, said.contains("wanted a checkout")), (Some(66), true), "{said}");
}

/// Ends with the test, whatever becomes of it.
struct Dev(Child);

impl Drop for Dev {
    fn drop(&mut self) {
        let id = self.0.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().unwrap();
        self.0.wait().unwrap();
    }
}

/// A program of one line, so that building it takes no time: what `dev` does is the same for all.
#[test]
fn a_change_is_built_and_run_and_a_mistake_leaves_the_old_one() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("tiny");
    fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = "[package]\nname = \"tiny\"\nedition = \"2024\"\n[workspace]\n";
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    let program = |text: &str| {
        let main = format!(
            "fn main() {{ println!(\"{text} {{}}\", std::env::var(\"AMQP_URL\").is_ok()); \
             loop {{ std::thread::park() }} }}"
        );
        fs::write(folder.join("src/main.rs"), main).unwrap();
    };
    program("first");
    let arguments = ["dev", "--folder", folder.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let mut command = leveret(&arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    // What cargo and the linker need to be found.
    for name in ["PATH", "HOME", "CARGO", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    let mut dev = Dev(command.spawn().unwrap());
    let mut printed = BufReader::new(dev.0.stdout.take().unwrap()).lines();
    let mut told = BufReader::new(dev.0.stderr.take().unwrap()).lines();
    assert_eq!(printed.next().unwrap().unwrap(), "first true");
    fs::write(folder.join("src/main.rs"), "fn main() { a mistake }").unwrap();
    let is_told = |line: &String| line == "leveret dev: not built; the old program goes on";
    assert!(told.by_ref().map(Result::unwrap).any(|line| is_told(&line)));
    program("second");
    assert_eq!(printed.next().unwrap().unwrap(), "second true");
}
