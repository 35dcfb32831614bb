//! The names of files: segments, and spares that wait to become segments.

use super::SegmentNumber;

const SEGMENT: &str = "segment-";
const SPARE: &str = "spare-";
const SUFFIX: &str = ".journal";

/// What a file's name says about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FileName {
    Segment(SegmentNumber),
    Spare(u64),
    /// Looks like a segment and is none: a copy by hand, perhaps of data that is missed elsewhere.
    Suspect,
    /// None of the journal's business.
    Other,
}

impl FileName {
    pub(crate) fn parse(name: &str) -> Self {
        let number = |prefix| name.strip_prefix(prefix)?.strip_suffix(SUFFIX)?.parse().ok();
        if let Some(number) = number(SEGMENT).map(SegmentNumber)
            && segment_name(number) == name
        {
            return Self::Segment(number);
        }
        match number(SPARE) {
            Some(number) if spare_name(number) == name => Self::Spare(number),
            Some(_) | None if name.starts_with(SEGMENT) => Self::Suspect,
            Some(_) | None => Self::Other,
        }
    }
}

pub(crate) fn segment_name(number: SegmentNumber) -> String {
    format!("{SEGMENT}{number:020}{SUFFIX}")
}

pub(crate) fn spare_name(number: u64) -> String {
    format!("{SPARE}{number:020}{SUFFIX}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_that_we_would_write_is_a_segment() {
        let name = segment_name(SegmentNumber(42));
        assert_eq!(name, "segment-00000000000000000042.journal");
        assert_eq!(FileName::parse(&name), FileName::Segment(SegmentNumber(42)));
        for suspect in ["segment-42.journal", "segment-", "segment-00000000000000000042.journal~"] {
            assert_eq!(FileName::parse(suspect), FileName::Suspect, "{suspect}");
        }
        assert_eq!(FileName::parse(&spare_name(3)), FileName::Spare(3));
        for other in ["", "lock", "lost+found", "spare-3.journal"] {
            assert_eq!(FileName::parse(other), FileName::Other, "{other}");
        }
    }
}
