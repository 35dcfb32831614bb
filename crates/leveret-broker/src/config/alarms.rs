//! The table `[alarms]`.

use super::{document::Section, quantity::parse_bytes};
use crate::alarm::{AlarmSettings, MemoryMark};

pub(super) fn read_alarms(mut section: Section<'_, '_>) -> AlarmSettings {
    let mut alarms = AlarmSettings::default();
    if let Some(memory) = section.parsed("memory", memory_mark) {
        alarms.memory = memory;
    }
    if let Some(bytes) = section.parsed("disk_free", or_off) {
        alarms.disk_free_min = bytes;
    }
    if let Some(interval) = section.duration("interval") {
        // Looking all the time would cost more than it tells.
        alarms.interval = interval.max(std::time::Duration::from_millis(10));
    }
    section.finish();
    alarms
}

fn memory_mark(text: &str) -> Result<MemoryMark, String> {
    if text == "off" {
        return Ok(MemoryMark::Off);
    }
    let Some(percent) = text.strip_suffix('%') else {
        return parse_bytes(text).map(MemoryMark::Bytes);
    };
    match percent.trim().parse() {
        Ok(percent @ 1..=100) => Ok(MemoryMark::Percent(percent)),
        Ok(_) | Err(_) => Err(format!(
            "`{text}` is no share, wanted `1%` to `100%`, a size such as `2GiB`, or `off`"
        )),
    }
}

fn or_off(text: &str) -> Result<u64, String> {
    if text == "off" { Ok(0) } else { parse_bytes(text) }
}
