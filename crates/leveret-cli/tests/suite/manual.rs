//! Completions and manual pages, as a shell and `man` read them.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write as _},
    process::Command,
};

use crate::process::leveret;

fn printed(arguments: &[&str]) -> String {
    let output = leveret(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn bash_completes_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("leveret.bash");
    fs::write(&script, printed(&["completions", "bash"])).unwrap();
    let asked = "source \"$0\"; COMP_WORDS=(leveret pub); COMP_CWORD=1; _leveret leveret pub leveret; echo \"${COMPREPLY[@]}\"";
    let Ok(output) = Command::new("bash").args(["-c", asked]).arg(&script).output() else {
        writeln!(io::stderr(), "skipped: bash_completes_the_commands: no bash").unwrap();
        return;
    };
    assert_eq!(String::from_utf8_lossy(&output.stdout), "publish\n", "{output:?}");
}

#[test]
fn every_shell_has_its_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(printed(&["completions", shell]).contains("publish"), "{shell}");
    }
}

#[test]
fn each_command_has_its_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man");
    printed(&["man", "--dir", pages.to_str().unwrap()]);
    let names: BTreeSet<String> = fs::read_dir(&pages)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in
        ["leveret.1", "leveret-publish.1", "leveret-dlq-redrive.1", "leveret-ctl-add-user.1"]
    {
        assert!(names.contains(name), "{name} is not in {names:?}");
    }
    let page = fs::read_to_string(pages.join("leveret-publish.1")).unwrap();
    assert!(page.contains("Exit codes: 0 all confirmed"), "{page}");
    assert!(printed(&["man"]).contains("AMQP in one binary"));
}
