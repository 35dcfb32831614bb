//! What a page's file holds: messages, each with a checksum.
//!
//! A header, then for each message its length, a checksum, flags, and the message as a record
//! has it. The page's number is part of every checksum: another page's bytes are damage.

use bytes::{BufMut as _, Bytes, BytesMut};
use leveret_protocol::Timestamp;

use super::{
    PublishedRecord, Unreadable,
    checksum::Checksum,
    coding::{Reader, put_number},
};
use crate::{
    identity::{PageId, QueueId},
    message::{LastName, Message},
    queue::{Entry, Expiry},
};

const MAGIC: &[u8; 8] = b"LEVERETP";
const VERSION: u8 = 1;

const PERSISTENT: u8 = 1;
const KEPT: u8 = 2;
const REDELIVERED: u8 = 4;
const EXPIRES: u8 = 8;

/// Length and checksum.
const LINE_HEADER_BYTES: usize = 12;

/// A page being written.
#[derive(Debug)]
pub(crate) struct PageContent {
    page: PageId,
    queue: QueueId,
    out: BytesMut,
}

impl PageContent {
    pub(crate) fn new(page: PageId, queue: QueueId, count: usize, bytes: usize) -> Self {
        let mut out = BytesMut::with_capacity(bytes.saturating_add(count.saturating_mul(64)));
        out.put_slice(MAGIC);
        out.put_u8(VERSION);
        out.put_u64(page.0);
        out.put_u64(queue.0);
        out.put_u32(u32::try_from(count).unwrap_or(u32::MAX));
        let sum = sum(page, &out);
        out.put_u64(sum);
        Self { page, queue, out }
    }

    /// Adds a message as another form of the same page has it.
    pub(super) fn put_line(&mut self, line: &[u8]) {
        self.out.put_slice(line);
    }

    /// Adds a message; `is_kept` tells that it has to survive.
    pub(crate) fn put(&mut self, entry: &Entry, is_kept: bool) {
        let Entry { message, expiry, redelivered } = entry;
        let start = self.out.len();
        self.out.put_bytes(0, LINE_HEADER_BYTES);
        let persistent = if message.letter.persistent { PERSISTENT } else { 0 };
        let kept = if is_kept { KEPT } else { 0 };
        let redelivered = if *redelivered { REDELIVERED } else { 0 };
        let expires = if expiry.time().is_some() { EXPIRES } else { 0 };
        self.out.put_u8(persistent | kept | redelivered | expires);
        if let Some(at) = expiry.time() {
            put_number(&mut self.out, at.as_millis());
        }
        PublishedRecord::put(&mut self.out, message, &[self.queue]);
        let Some((header, line)) =
            self.out.get_mut(start..).and_then(<[u8]>::split_first_chunk_mut::<LINE_HEADER_BYTES>)
        else {
            return;
        };
        let sum = sum(self.page, line);
        let mut header = header.as_mut_slice();
        header.put_u32(u32::try_from(line.len()).unwrap_or(u32::MAX));
        header.put_u64(sum);
    }

    pub(crate) fn finish(self) -> Bytes {
        self.out.freeze()
    }
}

/// A message of a page, as read.
#[derive(Debug)]
pub(crate) struct PageLine {
    pub(crate) message: Message,
    pub(crate) expiry: Expiry,
    pub(crate) is_kept: bool,
    pub(crate) is_redelivered: bool,
}

/// Where a page is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageDamage {
    pub(crate) offset: usize,
    pub(crate) problem: &'static str,
}

/// A page being read: what is damaged is passed over as far as can be.
#[derive(Debug)]
pub(crate) struct PageReader {
    page: PageId,
    content: Bytes,
    /// Where the message begins that was read last.
    start: usize,
    offset: usize,
    left: u32,
    exchange: LastName,
    /// The first damage that was met.
    pub(crate) damage: Option<PageDamage>,
}

impl PageReader {
    pub(crate) fn new(page: PageId, queue: QueueId, content: Bytes) -> Self {
        Self::open(page, Some(queue), content)
    }

    /// For who does not know whose page it is.
    pub(super) fn of_any_queue(page: PageId, content: Bytes) -> Self {
        Self::open(page, None, content)
    }

    fn open(page: PageId, queue: Option<QueueId>, content: Bytes) -> Self {
        let exchange = LastName::default();
        let mut reader =
            Self { page, content, start: 0, offset: 0, left: 0, exchange, damage: None };
        match reader.header(queue) {
            Ok(count) => reader.left = count,
            Err(problem) => reader.note(0, problem),
        }
        reader
    }

    fn header(&mut self, queue: Option<QueueId>) -> Result<u32, Problem> {
        let start = self.content.clone();
        let mut input = Reader::new(start.clone());
        let ends_early = |_| "the file is missing or ends early";
        if input.u64().map_err(ends_early)?.to_be_bytes() != *MAGIC {
            return Err("it is no page");
        }
        if input.u8().map_err(ends_early)? != VERSION {
            return Err("its format is another version's");
        }
        let (page, of) = (input.u64().map_err(ends_early)?, input.u64().map_err(ends_early)?);
        let count = input.u32().map_err(ends_early)?;
        let found = input.u64().map_err(ends_early)?;
        let left = input.rest().len();
        self.offset = start.len() - left;
        let header = start.get(..self.offset.saturating_sub(8)).unwrap_or_default();
        if sum(self.page, header) != found {
            return Err("its header fails its checksum");
        }
        if page != self.page.0 || queue.is_some_and(|queue| of != queue.0) {
            return Err("it is another page");
        }
        Ok(count)
    }

    /// All bytes of the message that was read last.
    pub(super) fn last_line(&self) -> &[u8] {
        self.content.get(self.start..self.offset).unwrap_or_default()
    }

    fn note(&mut self, offset: usize, problem: Problem) {
        self.damage.get_or_insert(PageDamage { offset, problem });
    }

    /// Takes one line off; nothing if where it ends cannot be told.
    fn line(&mut self) -> Option<(u64, Bytes)> {
        let mut input = Reader::new(self.content.slice(self.offset.min(self.content.len())..));
        let length = usize::try_from(input.u32().ok()?).ok()?;
        let sum = input.u64().ok()?;
        let mut rest = input.rest();
        if length > rest.len() {
            return None;
        }
        self.offset += LINE_HEADER_BYTES + length;
        Some((sum, rest.split_to(length)))
    }

    fn read_line(&mut self, line: Bytes) -> Result<PageLine, Unreadable> {
        let mut input = Reader::new(line);
        let flags = input.flags(PERSISTENT | KEPT | REDELIVERED | EXPIRES)?;
        let expiry = match flags & EXPIRES {
            0 => Expiry::NEVER,
            _ => Expiry::at(Timestamp::from_millis(input.number()?)),
        };
        let mut message = PublishedRecord::read(&mut input)?.message;
        input.finish()?;
        message.letter = message.letter.detached_from(self.content.len());
        message.letter.persistent = flags & PERSISTENT != 0;
        message.letter.exchange = self.exchange.detached(&message.letter.exchange);
        let (is_kept, is_redelivered) = (flags & KEPT != 0, flags & REDELIVERED != 0);
        Ok(PageLine { message, expiry, is_kept, is_redelivered })
    }
}

type Problem = &'static str;

impl Iterator for PageReader {
    type Item = PageLine;

    fn next(&mut self) -> Option<PageLine> {
        while self.left > 0 {
            self.left -= 1;
            let offset = self.offset;
            self.start = offset;
            let Some((found, line)) = self.line() else {
                self.left = 0;
                self.note(offset, "it ends early");
                return None;
            };
            if sum(self.page, &line) != found {
                self.note(offset, "a message fails its checksum");
                continue;
            }
            match self.read_line(line) {
                Ok(line) => return Some(line),
                Err(Unreadable::Damaged(problem)) => self.note(offset, problem),
                Err(Unreadable::Version(_)) => self.note(offset, "a message's format is unknown"),
            }
        }
        None
    }
}

fn sum(page: PageId, bytes: &[u8]) -> u64 {
    let mut sum = Checksum::new();
    sum.add(&page.0.to_be_bytes());
    sum.add(bytes);
    sum.value()
}
