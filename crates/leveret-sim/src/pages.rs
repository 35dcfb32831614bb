//! Pages as files beside the log.
//!
//! A page that has to survive is on the disk, name and all, before anybody hears that it is stored.

use std::io;

use bytes::Bytes;
use leveret_engine::{PageId, PageRest};
use leveret_journal::{Disk, SimDisk};

use crate::place::HostIndex;

/// A page of a virtual host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PagePlace {
    pub(crate) host: HostIndex,
    pub(crate) page: PageId,
}

/// Whether a page has to survive a power loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    Durable,
    Transient,
}

pub(crate) fn store(
    disk: &mut SimDisk,
    place: PagePlace,
    content: &[u8],
    keeping: Keeping,
) -> io::Result<()> {
    let file = disk.create(&name(place))?;
    disk.write_at(file, 0, content)?;
    if keeping == Keeping::Durable {
        disk.sync_data(file)?;
        disk.sync_dir()?;
    }
    disk.close(file);
    Ok(())
}

pub(crate) fn load(disk: &mut SimDisk, place: PagePlace) -> io::Result<Bytes> {
    let name = name(place);
    let entries = disk.list()?;
    let bytes = entries.into_iter().find(|entry| entry.name == name).map(|entry| entry.bytes);
    let length = usize::try_from(bytes.ok_or(io::ErrorKind::NotFound)?).unwrap_or(usize::MAX);
    let file = disk.open(&name)?;
    let mut content = vec![0; length];
    disk.read_at(file, 0, &mut content)?;
    disk.close(file);
    Ok(content.into())
}

/// Writes a smaller page beside the page; there is none if the page is not whole.
pub(crate) fn write_rest(disk: &mut SimDisk, place: PagePlace, rest: &PageRest) -> io::Result<()> {
    let whole = load(disk, place)?;
    let rest = rest.of(whole).ok_or_else(|| io::Error::other("a needed message is missing"))?;
    let file = disk.create(&aside(place))?;
    disk.write_at(file, 0, &rest)?;
    disk.sync_data(file)?;
    disk.close(file);
    Ok(())
}

/// Puts the smaller page in the page's place.
pub(crate) fn replace(disk: &mut SimDisk, place: PagePlace) -> io::Result<()> {
    disk.replace(&aside(place), &name(place))
}

/// Removes a page, if it is there.
pub(crate) fn remove(disk: &mut SimDisk, place: PagePlace) -> io::Result<()> {
    match disk.remove(&name(place)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Removes all pages but those; says which of those are missing.
pub(crate) fn sweep(disk: &mut SimDisk, needed: &[PagePlace]) -> io::Result<Vec<PagePlace>> {
    let names: Vec<String> = needed.iter().map(|place| name(*place)).collect();
    let found: Vec<String> = disk.list()?.into_iter().map(|entry| entry.name).collect();
    for other in found.iter().filter(|found| found.starts_with("page-") && !names.contains(found)) {
        disk.remove(other)?;
    }
    Ok(needed.iter().copied().filter(|place| !found.contains(&name(*place))).collect())
}

fn aside(place: PagePlace) -> String {
    format!("{}-rest", name(place))
}

fn name(PagePlace { host, page }: PagePlace) -> String {
    format!("page-{}-{}", host.0, page.0)
}
