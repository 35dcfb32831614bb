//! A run that meets everything.

use crate::run::Step::{self, Append, Close, Commit, Crash, DropOldest, Restart};

/// A script that meets every kind of call: segments that fill up, are dropped and recycled, records that
/// span frames and segments, restarts of all kinds.
pub(crate) fn busy_script() -> Vec<Step> {
    vec![
        Append(0),
        Append(100),
        Commit,
        Append(300),
        Append(3000),
        Append(1500),
        Commit,
        Append(9000),
        Append(10),
        Commit,
        Restart,
        Append(500),
        DropOldest,
        Append(3900),
        Append(3900),
        Commit,
        Append(700),
        Crash(5),
        Append(200),
        Commit,
        DropOldest,
        DropOldest,
        Append(20_000),
        Commit,
        Close,
        Append(50),
        Append(5000),
        Commit,
        DropOldest,
        DropOldest,
        DropOldest,
        Append(1),
        Commit,
    ]
}
