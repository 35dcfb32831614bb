//! How pages are named: by virtual host and number.

use leveret_engine::PageId;
use leveret_journal::StreamId;

const SUFFIX: &str = ".page";

/// What a file is called beside the page that it is to replace.
const ASIDE: &str = ".new";

/// A page among those of all virtual hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PageKey {
    pub(crate) stream: StreamId,
    pub(crate) page: PageId,
}

impl PageKey {
    /// The name of its file.
    pub(crate) fn file(self) -> String {
        format!("{:010}-{:020}{SUFFIX}", self.stream.0, self.page.0)
    }

    /// The name of the file that is to take its place.
    pub(super) fn aside(self) -> String {
        format!("{}{ASIDE}", self.file())
    }

    /// Whether a file is an [`aside`](Self::aside).
    pub(super) fn is_aside(name: &str) -> bool {
        name.strip_suffix(ASIDE).and_then(Self::of_file).is_some()
    }

    /// The page of a file; other names are left alone.
    pub(super) fn of_file(name: &str) -> Option<Self> {
        let (stream, page) = name.strip_suffix(SUFFIX)?.split_once('-')?;
        let (stream, page) = (StreamId(stream.parse().ok()?), PageId(page.parse().ok()?));
        let key = Self { stream, page };
        (key.file() == name).then_some(key)
    }
}
