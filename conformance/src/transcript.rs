//! What was said in a case, with all left out that differs from run to run.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, Result};

/// The lines of a case: `> ` what was done, `< ` what came back.
pub type Transcript = Vec<String>;

/// Transcripts by the name of their case.
pub type Recording = BTreeMap<String, Transcript>;

/// Reads every file of a recording; an absent folder is an empty one.
pub fn read_recording(folder: &Path) -> Result<Recording> {
    let mut recording = Recording::new();
    let Ok(entries) = fs::read_dir(folder) else { return Ok(recording) };
    for entry in entries {
        let path = entry?.path();
        let concept = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut name = String::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.strip_prefix("case ") {
                Some(title) => {
                    name = format!("{concept}: {title}");
                    recording.insert(name.clone(), Transcript::new());
                }
                None => {
                    recording.entry(name.clone()).or_default().push(line.trim().to_owned());
                }
            }
        }
    }
    Ok(recording)
}

/// Writes a recording anew: a file for each concept, in the order of the names given.
pub fn write_recording(folder: &Path, order: &[String], recording: &Recording) -> Result<()> {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for name in order {
        let (Some(transcript), Some((concept, title))) =
            (recording.get(name), name.split_once(": "))
        else {
            continue;
        };
        let file =
            files.entry(concept).or_insert_with(|| "# Recorded, not written by hand.\n".to_owned());
        file.push_str(&format!("\ncase {title}\n"));
        for line in transcript {
            file.push_str(&format!("  {line}\n"));
        }
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    for (concept, text) in files {
        fs::write(folder.join(format!("{concept}.txt")), text)?;
    }
    Ok(())
}

/// Leaves out names that the server made up, its own, and the times of deaths.
pub(crate) fn normal(line: &str) -> String {
    let mut line = line.to_owned();
    for prefix in ["amq.gen-", "amq.ctag-", "amq.rabbitmq.reply-to."] {
        line = without_tail(&line, prefix, |sign| {
            sign.is_ascii_alphanumeric() || "-_=+/.".contains(sign)
        });
    }
    // Some versions name themselves where a user's name should be.
    line = without_tail(&line, "'leveret-", |sign| sign.is_ascii_digit());
    // Whether it has to be quoted is the broker's choice of letters, too.
    line = line.replace("\"amq.rabbitmq.reply-to.*\"", "amq.rabbitmq.reply-to.*");
    without_tail(&line, "time=", |sign| sign.is_ascii_digit())
}

/// Replaces what follows the prefix by a star.
fn without_tail(line: &str, prefix: &str, is_tail: impl Fn(char) -> bool) -> String {
    let mut parts = line.split(prefix);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let tail = part.trim_start_matches(&is_tail);
        let star = if tail.len() == part.len() { "" } else { "*" };
        whole.push_str(&format!("{prefix}{star}{tail}"));
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_server_made_up_are_left_out() {
        let line = "basic.deliver consumer_tag=amq.ctag-x_Y-1 queue='amq.gen-abc' {time=17t}";
        assert_eq!(
            normal(line),
            "basic.deliver consumer_tag=amq.ctag-* queue='amq.gen-*' {time=*t}"
        );
    }
}
