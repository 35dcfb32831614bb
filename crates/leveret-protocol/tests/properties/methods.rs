//! Every method, against a codec that is written from the table alone.

use bytes::{Bytes, BytesMut};
use leveret_protocol::{DecodeError, Method};
use proptest::prelude::*;

/// One line of the table: class, method, name, and the types of its fields.
struct Row {
    ids: (u16, u16),
    name: String,
    fields: Vec<(bool, &'static str)>,
}

fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut class = (0, "");
    for line in include_str!("../../methods.txt").lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["class", id, name] => class = (id.parse().unwrap(), name),
            ["method", id, name, ..] => rows.push(Row {
                ids: (class.0, id.parse().unwrap()),
                name: format!("{}.{name}", class.1),
                fields: Vec::new(),
            }),
            [field, kind, ..] if line.starts_with(' ') => {
                rows.last_mut().unwrap().fields.push((*field == "-", kind));
            }
            _ => {}
        }
    }
    rows
}

/// The payload of a method whose fields are filled from `seed`.
fn payload(row: &Row, mut seed: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(row.ids.0.to_be_bytes());
    out.extend(row.ids.1.to_be_bytes());
    let mut bit = 8;
    for (is_reserved, kind) in &row.fields {
        if *kind == "bit" {
            if bit == 8 {
                out.push(0);
                bit = 0;
            }
            let is_set = seed.next().unwrap() % 2 == 1 && !is_reserved;
            *out.last_mut().unwrap() |= u8::from(is_set) << bit;
            bit += 1;
            continue;
        }
        bit = 8;
        let mut some = |len: usize| -> Vec<u8> {
            let fill = |octet| if *is_reserved { 0 } else { octet };
            seed.by_ref().take(len).map(fill).collect()
        };
        match *kind {
            "octet" => out.extend(some(1)),
            "short" => out.extend(some(2)),
            "long" => out.extend(some(4)),
            "longlong" => out.extend(some(8)),
            "shortstr" => {
                let len = some(1)[0];
                out.push(len);
                out.extend(some(len.into()));
            }
            "longstr" | "secret" => {
                let len = some(1)[0];
                out.extend(u32::from(len).to_be_bytes());
                out.extend(some(len.into()));
            }
            "table" => {
                let value = some(4);
                out.extend(7_u32.to_be_bytes());
                out.extend(b"\x01kI");
                out.extend(value);
            }
            other => panic!("no type {other}"),
        }
    }
    out
}

fn decode(bytes: &[u8]) -> Result<Method, DecodeError> {
    Method::decode(&Bytes::copy_from_slice(bytes))
}

proptest! {
    #[test]
    fn every_method_is_read_and_written_alike(seed in prop::collection::vec(any::<u8>(), 64)) {
        for row in rows() {
            let payload = payload(&row, seed.iter().copied().cycle());
            let method = decode(&payload).unwrap();
            prop_assert_eq!(method.name(), &row.name);
            prop_assert_eq!((method.class_id(), method.method_id()), row.ids);
            let mut written = BytesMut::new();
            method.encode(&mut written);
            prop_assert_eq!(written.as_ref(), payload.as_slice(), "{}", row.name);
        }
    }

    #[test]
    fn a_method_that_is_cut_short_is_an_error(seed in prop::collection::vec(any::<u8>(), 64)) {
        for row in rows() {
            let payload = payload(&row, seed.iter().copied().cycle());
            for len in 0..payload.len() {
                prop_assert!(decode(&payload[..len]).is_err(), "{} cut to {len}", row.name);
            }
        }
    }
}

#[test]
fn the_table_has_every_method_of_the_protocol() {
    assert_eq!(rows().len(), 66);
    assert_eq!(
        decode(&[0, 40, 0, 41]),
        Err(DecodeError::UnknownMethod { class_id: 40, method_id: 41 }),
        "exchange.unbind-ok is 40.51"
    );
}
