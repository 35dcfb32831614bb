//! Field tables and properties.

use bytes::Bytes;
use leveret_protocol::{
    DecodeError, FieldArray, FieldTable, FieldValue, NESTING_MAX, Properties, ShortStr,
};
use proptest::prelude::*;

fn short_str() -> impl Strategy<Value = ShortStr> {
    prop::collection::vec(any::<u8>(), 0..=255).prop_map(|bytes| ShortStr::new(bytes).unwrap())
}

fn bytes() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..100).prop_map(Bytes::from)
}

fn plain_value() -> impl Strategy<Value = FieldValue> {
    prop_oneof![
        any::<bool>().prop_map(FieldValue::Bool),
        any::<i8>().prop_map(FieldValue::I8),
        any::<u8>().prop_map(FieldValue::U8),
        any::<i16>().prop_map(FieldValue::I16),
        any::<u16>().prop_map(FieldValue::U16),
        any::<i32>().prop_map(FieldValue::I32),
        any::<u32>().prop_map(FieldValue::U32),
        any::<i64>().prop_map(FieldValue::I64),
        any::<f32>().prop_map(FieldValue::F32),
        any::<f64>().prop_map(FieldValue::F64),
        any::<(u8, u32)>().prop_map(|(scale, value)| FieldValue::Decimal { scale, value }),
        bytes().prop_map(FieldValue::LongString),
        bytes().prop_map(FieldValue::Bytes),
        any::<u64>().prop_map(FieldValue::Timestamp),
        Just(FieldValue::Void),
    ]
}

fn value() -> impl Strategy<Value = FieldValue> {
    plain_value().prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|values| FieldValue::Array(values.into_iter().collect())),
            prop::collection::vec((short_str(), inner), 0..4)
                .prop_map(|fields| FieldValue::Table(fields.into_iter().collect())),
        ]
    })
}

fn table() -> impl Strategy<Value = FieldTable> {
    prop::collection::vec((short_str(), value()), 0..6)
        .prop_map(|fields| fields.into_iter().collect())
}

fn properties() -> impl Strategy<Value = Properties> {
    let texts = prop::collection::vec(prop::option::of(short_str()), 10);
    let octets = any::<(Option<u8>, Option<u8>, Option<u64>)>();
    (texts, octets, prop::option::of(table())).prop_map(|(texts, octets, headers)| {
        let mut texts = texts.into_iter().flatten();
        Properties::builder()
            .content_type(texts.next())
            .content_encoding(texts.next())
            .headers(headers)
            .delivery_mode(octets.0)
            .priority(octets.1)
            .correlation_id(texts.next())
            .reply_to(texts.next())
            .expiration(texts.next())
            .message_id(texts.next())
            .timestamp(octets.2)
            .kind(texts.next())
            .user_id(texts.next())
            .app_id(texts.next())
            .cluster_id(texts.next())
            .build()
    })
}

proptest! {
    #[test]
    fn a_table_is_what_was_put_into_it(fields in prop::collection::btree_map(short_str(), value(), 0..6)) {
        let table: FieldTable = fields.clone().into_iter().collect();
        let read = FieldTable::from_bytes(Bytes::copy_from_slice(table.as_bytes())).unwrap();
        prop_assert_eq!(&read, &table);
        let read: Vec<(ShortStr, FieldValue)> = read.iter().collect();
        prop_assert_eq!(format!("{read:?}"), format!("{:?}", fields.into_iter().collect::<Vec<_>>()));
    }

    #[test]
    fn properties_survive_being_taken_apart(properties in properties()) {
        let again = Properties::from_bytes(Bytes::copy_from_slice(properties.as_bytes())).unwrap();
        prop_assert_eq!(&again, &properties);
        prop_assert_eq!(again.to_builder().build(), properties);
    }

    #[test]
    fn garbage_is_a_table_only_if_it_can_be_walked(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(table) = FieldTable::from_bytes(Bytes::from(bytes.clone())) {
            prop_assert_eq!(table.as_bytes(), bytes.as_slice());
            prop_assert_eq!(table.iter().last().is_none(), bytes.is_empty());
        }
    }
}

/// A table that holds a table that holds a table.
fn nested(levels: usize) -> Bytes {
    let mut raw = Vec::new();
    for _ in 0..levels {
        let len = raw.len() as u32;
        let mut outer = b"\x01kF".to_vec();
        outer.extend(len.to_be_bytes());
        outer.append(&mut raw);
        raw = outer;
    }
    raw.into()
}

#[test]
fn nesting_ends_at_its_limit() {
    let max = usize::from(NESTING_MAX);
    assert!(FieldTable::from_bytes(nested(max)).is_ok());
    let too_deep = Err(DecodeError::TooDeep { max: NESTING_MAX });
    assert_eq!(FieldTable::from_bytes(nested(max + 1)), too_deep);
    assert_eq!(FieldTable::from_bytes(nested(3_000)), too_deep);
}

#[test]
fn a_nested_length_does_not_reach_beyond_its_table() {
    // The inner table claims five bytes, of which three belong to the field after it.
    let raw = Bytes::from_static(b"\x01aF\x00\x00\x00\x05\x01bI\x01ct\x01");
    assert!(FieldTable::from_bytes(raw).is_err());
}

#[test]
fn what_a_peer_sent_is_kept_byte_by_byte() {
    // A key twice, an empty key, an `L`, and a boolean that is neither 0 nor 1.
    let raw = b"\x01kt\x02\x01kt\x00\x00V\x01nL\xff\xff\xff\xff\xff\xff\xff\xff";
    let table = FieldTable::from_bytes(Bytes::from_static(raw)).unwrap();
    assert_eq!(table.as_bytes(), raw);
    assert_eq!(table.get("k"), Some(FieldValue::Bool(true)));
    assert_eq!(table.get(""), Some(FieldValue::Void));
    assert_eq!(table.get("n"), Some(FieldValue::I64(-1)));
    assert_eq!(table.iter().count(), 4);
}

#[test]
fn a_name_put_in_twice_holds_the_later_value() {
    let table = FieldTable::builder().insert("a", 1).insert("b", 2).insert("a", "x").build();
    assert_eq!(table.get("a"), Some(FieldValue::from("x")));
    assert_eq!(table.iter().count(), 2);
    let list: FieldArray = [1, 2].into_iter().collect();
    assert_eq!(list.iter().collect::<Vec<_>>(), [FieldValue::I32(1), FieldValue::I32(2)]);
}
