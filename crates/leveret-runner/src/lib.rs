//! Handlers from a file: the run file, read and checked, and run.
//!
//! [`RunFile::read`] puts files, environment and flags together and holds them against the one
//! table of keys that there is; [`Plan::of`] says what they mean. Both tell every mistake at once,
//! each with file, line, caret and a suggestion.
//!
//! ```
//! use leveret_runner::{ConfigText, Outside, Plan, RunFile};
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("leveret.toml");
//! std::fs::write(&path, "[connection]\nin-memry = true\n")?;
//! let text = ConfigText::default();
//! let error = RunFile::read(&text, &path, &Outside::default()).unwrap_err();
//! assert!(error.to_string().contains("did you mean `in-memory`?"));
//!
//! std::fs::write(&path, "[connection]\nin-memory = true\n")?;
//! let file = RunFile::read(&text, &path, &Outside::default())?;
//! let plan = Plan::of(file)?;
//! # let _ = plan;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod load;
mod plan;
mod problems;
mod reload;
mod schedule;
mod shape;
mod show;
mod start;
mod values;

pub use leveret::{ConfigText, EXIT_CONFIG, LogFormat, StartError as AppStartError, StopError};

pub use load::{Outside, RunFile};
pub use plan::Plan;
pub use problems::RunFileError;
pub use reload::Reloaded;
pub use show::Setting;
pub use start::{Running, StartError};

/// The JSON schema of a run file, for editors.
pub fn schema() -> serde_json::Value {
    shape::schema()
}
