//! Whether a page is as it was written, for who knows only its number.

use bytes::Bytes;

use super::page_content::PageReader;
use crate::identity::PageId;

/// What is wrong with a page's content: where in it, and what; nothing if it is whole.
///
/// What the page holds need not be needed any more. [`crate::Engine::page_damage`] asks whether it is.
pub fn check_page(page: PageId, content: Bytes) -> Option<(usize, &'static str)> {
    let mut reader = PageReader::of_any_queue(page, content);
    while reader.next().is_some() {}
    reader.damage.map(|damage| (damage.offset, damage.problem))
}
