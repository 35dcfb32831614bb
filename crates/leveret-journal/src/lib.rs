//! An append-only log that survives crashes.
//!
//! A [`Journal`] takes numbered records of several streams, makes them durable by groups, and gives them
//! back in order when it is opened again. It knows no AMQP, no clock and no threads: whoever owns it calls it
//! from one thread, and every call blocks for as long as the disk does.
//!
//! ```
//! use leveret_journal::{Journal, Options, Seq, SimDisk, StreamId};
//!
//! let disk = SimDisk::new();
//! let (mut journal, _) = Journal::open(disk.clone(), Options::default(), |_, _, _| Ok(()))?;
//! journal.append(StreamId(1), Seq(1), b"hello")?;
//! journal.commit()?;
//! drop(journal);
//!
//! disk.crash(7);
//! let mut found = Vec::new();
//! let (_journal, recovered) = Journal::open(disk, Options::default(), |_, _, record| {
//!     found.push(record.to_vec());
//!     Ok(())
//! })?;
//! assert_eq!(found, [b"hello"]);
//! assert_eq!(recovered.records, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it promises: a record whose [`Journal::commit`] returned `Ok` is visited by every later open, in the
//! order of its append, until its segment is dropped; a record that was never appended is never visited. What
//! it asks: a disk that keeps what it reported as synced, and that changes no byte it was not told to write.

mod access;
mod assembly;
mod check;
mod disk;
mod error;
mod format;
mod journal;
mod options;
mod recovery;
mod salvage;
mod scan;
mod segment;
mod shelf;
mod sim;
mod stream;
mod writer;

pub use check::Checker;
pub use disk::{Disk, Entry, FileId, RealDisk};
pub use error::{AppendError, CommitError, Deed, Failure, Flaw, OpenError, Refusal};
pub use format::SegmentNumber;
pub use journal::Journal;
pub use options::Options;
pub use recovery::{Cut, Recovered, inspect};
pub use salvage::{Loss, Salvaged, salvage};
pub use segment::SegmentInfo;
pub use sim::{FaultKind, Repeat, SimDisk};
pub use stream::{Seq, StreamId};
