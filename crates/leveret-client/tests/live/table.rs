//! A header table with every type of field.

use bytes::Bytes;
use leveret_client::{FieldArray, FieldTable, FieldValue};

pub(crate) fn every_type() -> FieldTable {
    let inner = FieldTable::builder().insert("deep", "er").build();
    let array: FieldArray =
        [FieldValue::I32(1), FieldValue::Void, FieldValue::Table(inner.clone())]
            .into_iter()
            .collect();
    FieldTable::builder()
        .insert("bool", true)
        .insert("i8", FieldValue::I8(-8))
        .insert("u8", FieldValue::U8(200))
        .insert("i16", FieldValue::I16(-16_000))
        .insert("u16", FieldValue::U16(60_000))
        .insert("i32", FieldValue::I32(-32))
        .insert("u32", FieldValue::U32(4_000_000_000))
        .insert("i64", FieldValue::I64(i64::MIN))
        .insert("f32", FieldValue::F32(1.5))
        .insert("f64", FieldValue::F64(-2.25))
        .insert("decimal", FieldValue::Decimal { scale: 2, value: 314 })
        .insert("text", "größer")
        .insert("binary text", FieldValue::LongString(Bytes::from_static(b"\x00\xff")))
        .insert("array", FieldValue::Array(array))
        .insert("timestamp", FieldValue::Timestamp(1_700_000_000))
        .insert("table", FieldValue::Table(inner))
        .insert("bytes", FieldValue::Bytes(Bytes::from_static(b"\x01\x02")))
        .insert("void", FieldValue::Void)
        .build()
}
