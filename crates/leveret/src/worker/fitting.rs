//! A copy that the framework sends, with as many headers as fit a frame.
//!
//! A broker or a client may have agreed on frames as short as 4 KiB, and no message may be lost
//! or go in circles because its record does not fit beside its own headers.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use leveret_client::Publish as Sealed;
use leveret_protocol::{FieldTable, FieldValue, PropertiesBuilder, ShortStr};

/// What a frame has beside the properties, with room for the note of what was cut.
const BESIDE_BYTES: usize = 64;

/// How many of the message's own headers were left out.
const NOTE: &str = "x-leveret-headers-cut";

/// The text of the failure, and what is left of it if there is too little room.
const TEXT: &[u8] = b"x-leveret-error";
const TEXT_BYTES_MAX: usize = 128;

/// What tells where a copy belongs: cut last.
const ADDRESS: [&[u8]; 6] = [
    b"x-leveret-attempt",
    b"x-leveret-attempts",
    b"x-leveret-error-class",
    b"x-leveret-exchange",
    b"x-leveret-queue",
    b"x-leveret-routing-key",
];

/// Leaves out what does not fit a frame of so many bytes: of the failure's text the end, then the
/// message's own headers, the largest first, then the record.
pub(super) fn fit(copy: &mut Sealed, frame_max: u32) {
    let room = usize::try_from(frame_max).unwrap_or(usize::MAX).saturating_sub(BESIDE_BYTES);
    let bytes = copy.properties.as_bytes().len();
    // A frame of no bytes is one without a limit.
    if bytes <= room || frame_max == 0 {
        return;
    }
    let Some(headers) = copy.properties.headers() else { return };
    let mut excess = bytes - room;
    let mut fields: Vec<(ShortStr, FieldValue)> = headers.iter().collect();
    for (name, value) in &mut fields {
        let before = weight(name, value);
        if name.as_bytes() == TEXT
            && let FieldValue::LongString(text) = value
        {
            let cut = String::from_utf8_lossy(text).into_owned();
            let cut = cut.get(..cut.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or_default();
            *value = FieldValue::from(cut.to_owned());
            excess = excess.saturating_sub(before.saturating_sub(weight(name, value)));
        }
    }
    let mut order: Vec<usize> = (0..fields.len()).collect();
    order.sort_by_key(|place| {
        fields.get(*place).map(|(name, value)| (rank(name), Reverse(weight(name, value))))
    });
    let mut left_out = BTreeSet::new();
    for place in order {
        let Some((name, value)) = fields.get(place).filter(|_| excess > 0) else { break };
        excess = excess.saturating_sub(weight(name, value));
        left_out.insert(place);
    }
    let own = left_out.iter().filter_map(|place| fields.get(*place));
    let own = own.filter(|(name, _)| rank(name) == Rank::Own).count();
    let kept = fields.into_iter().enumerate().filter(|(place, _)| !left_out.contains(place));
    let note =
        (ShortStr::from_static(NOTE), FieldValue::I64(i64::try_from(own).unwrap_or(i64::MAX)));
    let headers: FieldTable =
        kept.map(|(_, field)| field).chain((own > 0).then_some(note)).collect();
    copy.properties = PropertiesBuilder::from(&copy.properties).headers(headers).build();
}

/// What is left out first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Own,
    Record,
    Address,
}

fn rank(name: &ShortStr) -> Rank {
    match name.as_bytes() {
        address if ADDRESS.contains(&address) => Rank::Address,
        record if record.starts_with(b"x-leveret-") => Rank::Record,
        _ => Rank::Own,
    }
}

/// The bytes of one field in a table.
fn weight(name: &ShortStr, value: &FieldValue) -> usize {
    let one: FieldTable = std::iter::once((name.clone(), value.clone())).collect();
    one.as_bytes().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(own: &[(&'static str, usize)], text: usize) -> Sealed {
        let own = own.iter().map(|(name, bytes)| (*name, FieldValue::from("x".repeat(*bytes))));
        let record = [
            ("x-leveret-error", FieldValue::from("e".repeat(text))),
            ("x-leveret-error-class", FieldValue::from("panic")),
            ("x-leveret-handler", FieldValue::from("work")),
        ];
        let fields = own.chain(record).map(|(name, value)| (ShortStr::from_static(name), value));
        let headers: FieldTable = fields.collect();
        let properties = PropertiesBuilder::default().headers(headers);
        let properties = properties.message_id(ShortStr::from_static("id-1")).build();
        Sealed { properties, ..Sealed::default() }
    }

    fn names(copy: &Sealed) -> Vec<String> {
        copy.properties.headers().unwrap().iter().map(|(name, _)| name.to_string()).collect()
    }

    const FRAME: u32 = 4096;

    #[test]
    fn what_fits_stays_as_it_is() {
        let whole = copy(&[("a", 1000), ("b", 2000)], 500);
        let mut fitted = whole.clone();
        fit(&mut fitted, FRAME);
        assert_eq!(fitted.properties, whole.properties);
        fit(&mut fitted, 0);
        assert_eq!(fitted.properties, whole.properties);
    }

    #[test]
    fn the_text_is_cut_before_a_header_and_the_largest_header_before_others() {
        let mut fitted = copy(&[("a", 1000), ("b", 2500)], 1000);
        fit(&mut fitted, FRAME);
        assert_eq!(names(&fitted).len(), 5, "the text alone was too long");
        let mut fitted = copy(&[("a", 1000), ("b", 3500), ("c", 10)], 1000);
        fit(&mut fitted, FRAME);
        let wanted =
            ["a", "c", "x-leveret-error", "x-leveret-error-class", "x-leveret-handler", NOTE];
        assert_eq!(names(&fitted), wanted);
        assert_eq!(fitted.properties.headers().unwrap().get(NOTE), Some(FieldValue::I64(1)));
        assert_eq!(fitted.properties.message_id().unwrap(), "id-1");
    }

    #[test]
    fn thousands_of_headers_make_a_copy_that_fits() {
        let mut fitted = copy(&vec![("header", 20); 5000], 1000);
        fit(&mut fitted, FRAME);
        assert!(fitted.properties.as_bytes().len() + 20 <= FRAME as usize);
        assert!(names(&fitted).contains(&"x-leveret-error-class".to_owned()));
    }
}
