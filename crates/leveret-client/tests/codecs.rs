//! What is written can be read; what cannot be read says why, and costs little.
#![expect(clippy::unwrap_used, reason = "tests stop at a surprise")]

use std::collections::BTreeMap;

use bytes::Bytes;
use leveret_client::{
    Codecs, DecodeError, EncodeError, Encoding, Format, Properties, PropertiesBuilder, ShortStr,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

const ENCODINGS: [Encoding; 3] = [Encoding::Gzip, Encoding::Deflate, Encoding::Zstd];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u64,
    customer: String,
    rebate: Option<i32>,
    paid: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum State {
    Open,
    Closed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Invoice {
    order: Order,
    lines: Vec<(String, i64)>,
    notes: BTreeMap<String, Option<String>>,
}

fn orders() -> impl Strategy<Value = Order> {
    let state = prop_oneof![Just(State::Open), Just(State::Closed)];
    (any::<u64>(), any::<String>(), any::<Option<i32>>(), any::<bool>(), state)
        .prop_map(|(id, customer, rebate, paid, state)| Order { id, customer, rebate, paid, state })
}

fn invoices() -> impl Strategy<Value = Invoice> {
    let lines = proptest::collection::vec((any::<String>(), any::<i64>()), 0..4);
    let notes = proptest::collection::btree_map(any::<String>(), any::<Option<String>>(), 0..4);
    (orders(), lines, notes).prop_map(|(order, lines, notes)| Invoice { order, lines, notes })
}

fn codecs(format: Format, compression: Option<Encoding>) -> Codecs {
    let compression = compression.map(|encoding| (encoding, 0));
    Codecs { compression, ..Codecs::of(format) }
}

fn short(text: &str) -> ShortStr {
    ShortStr::try_from(text).unwrap()
}

fn typed(content_type: &str) -> PropertiesBuilder {
    Properties::builder().content_type(short(content_type))
}

#[track_caller]
fn comes_back<T>(codecs: &Codecs, value: &T)
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let (properties, body) = codecs.encode(Properties::builder(), value).unwrap();
    assert_eq!(&Codecs::default().decode::<T>(&properties, &body).unwrap(), value);
}

#[track_caller]
fn refused<T: DeserializeOwned + std::fmt::Debug>(
    properties: PropertiesBuilder,
    body: &[u8],
) -> DecodeError {
    let body = Bytes::copy_from_slice(body);
    Codecs::default().decode::<T>(&properties.build(), &body).unwrap_err()
}

proptest! {
    #[test]
    fn values_come_back_as_they_were(invoice in invoices(), packed in proptest::option::of(0..3_usize)) {
        let encoding = packed.and_then(|index| ENCODINGS.get(index).copied());
        for format in [Format::Json, Format::MessagePack, Format::Cbor] {
            comes_back(&codecs(format, encoding), &invoice);
        }
    }

    #[test]
    fn text_and_bytes_come_back_as_they_were(text in any::<String>(), bytes in any::<Vec<u8>>()) {
        comes_back(&Codecs::of(Format::Text), &text);
        comes_back(&Codecs::of(Format::Text), &Some(text));
        comes_back(&Codecs::of(Format::Bytes), &bytes);
        comes_back(&codecs(Format::Bytes, Some(Encoding::Zstd)), &bytes);
    }

    #[test]
    fn rows_come_back_as_they_were(rows in proptest::collection::vec(orders(), 0..8)) {
        comes_back(&codecs(Format::Csv, None), &rows);
    }

    #[test]
    fn no_body_makes_it_panic(
        body in any::<Vec<u8>>(),
        content_type in "(application/(json|msgpack|cbor|octet-stream)|text/(csv|plain))?",
        encoding in "(gzip|deflate|zstd|, ?)*",
    ) {
        let properties = typed(&content_type).content_encoding(ShortStr::truncated(&encoding));
        let body = Bytes::from(body);
        // An error is as good as a value.
        drop(Codecs::default().decode::<Vec<Order>>(&properties.build(), &body));
    }
}

#[test]
fn a_message_says_how_to_read_it() {
    let order = vec![Order {
        id: 7,
        customer: "Jo".to_owned(),
        rebate: None,
        paid: true,
        state: State::Open,
    }];
    let mut said = Vec::new();
    for format in [Format::Json, Format::Csv, Format::MessagePack, Format::Cbor] {
        let (properties, body) = Codecs::of(format).encode(Properties::builder(), &order).unwrap();
        said.push(format!("{} {}", properties.content_type().unwrap(), body.len()));
    }
    assert_eq!(
        said,
        [
            "application/json 67",
            "text/csv; charset=utf-8; header=present 46",
            "application/msgpack 43",
            "application/cbor 43"
        ]
    );
    let codecs = Codecs { compression: Some((Encoding::Gzip, 10)), ..Codecs::default() };
    let (properties, _) = codecs.encode(Properties::builder(), "123456789").unwrap();
    assert_eq!(properties.content_encoding().unwrap(), "gzip");
    let (properties, _) = codecs.encode(properties.to_builder(), "1234567").unwrap();
    assert_eq!(properties.content_encoding(), None);
}

#[test]
fn content_types_are_known_by_essence_suffix_and_alias() {
    let read = |codecs: &Codecs, properties: PropertiesBuilder| {
        codecs.decode::<u8>(&properties.build(), &Bytes::from_static(b"7"))
    };
    let usual = Codecs::default();
    for known in ["application/json", "Application/JSON; charset=UTF-8", "application/vnd.x+json"] {
        assert_eq!(read(&usual, typed(known)), Ok(7), "{known}");
    }
    assert_eq!(read(&usual, Properties::builder()), Ok(7));
    let odd = || typed("application/x-numbers");
    let error = read(&usual, odd()).unwrap_err().to_string();
    assert!(error.starts_with("content type `application/x-numbers`, wanted one of"), "{error}");
    let aliases = [("application/x-numbers".to_owned(), Format::Json)].into();
    let taught = Codecs { aliases, untyped: None, ..Codecs::default() };
    assert_eq!(read(&taught, odd()), Ok(7));
    assert!(matches!(
        read(&taught, Properties::builder()),
        Err(DecodeError::UnknownContentType { found }) if found.is_empty()
    ));
}

#[test]
fn a_wanted_format_is_insisted_on() {
    let codecs = Codecs::default();
    let read = |properties: PropertiesBuilder| {
        codecs.decode_as::<u8>(Format::Json, &properties.build(), &Bytes::from_static(b"7"))
    };
    assert_eq!(read(typed("application/octet-stream")), Ok(7));
    assert_eq!(read(Properties::builder()), Ok(7));
    let error = read(typed("text/plain")).unwrap_err();
    assert_eq!(error.to_string(), "content type `text/plain`, wanted `application/json`");
}

#[test]
fn charsets_are_heeded() {
    let read = |charset: &str, body: &'static [u8]| {
        let properties = typed(&format!("text/plain; charset={charset}")).build();
        Codecs::default().decode::<String>(&properties, &Bytes::from_static(body))
    };
    assert_eq!(read("utf-8", "für".as_bytes()).unwrap(), "für");
    assert_eq!(read("\"ISO-8859-1\"", b"f\xfcr").unwrap(), "für");
    assert_eq!(read("us-ascii", b"fur").unwrap(), "fur");
    let texts = [read("utf-8", b"f\xfcr"), read("us-ascii", b"f\xfcr"), read("utf-16", b"f")]
        .map(|refused| refused.unwrap_err().to_string());
    assert_eq!(
        texts,
        [
            "the body is no utf-8 after byte 1",
            "the body is no us-ascii after byte 1",
            "charset `utf-16`, wanted utf-8, us-ascii or iso-8859-1"
        ]
    );
}

#[test]
fn values_that_a_format_cannot_hold_are_refused() {
    let text = |format: Format, error: Result<(Properties, Bytes), EncodeError>| {
        let error = error.unwrap_err();
        assert!(matches!(error, EncodeError::Value { format: named, .. } if named == format));
        error.to_string()
    };
    let encode = |format| Codecs::of(format).encode(Properties::builder(), &vec![("a", 1)]);
    assert_eq!(
        text(Format::Text, encode(Format::Text)),
        "the value cannot be written as text/plain; charset=utf-8: wanted a string"
    );
    assert!(text(Format::Bytes, encode(Format::Bytes)).ends_with("wanted a sequence of u8"));
    let rows = text(Format::Csv, encode(Format::Csv));
    assert!(rows.ends_with("wanted a sequence of structs"), "{rows}");
    let keys: BTreeMap<(u8, u8), u8> = [((1, 2), 3)].into();
    let json = Codecs::default().encode(Properties::builder(), &keys);
    assert!(text(Format::Json, json).contains("key must be a string"));
}

#[test]
fn bodies_of_another_shape_say_what_was_wanted() {
    let error = refused::<u8>(typed("application/json"), b"\"secret\"").to_string();
    assert!(
        error.starts_with("the body cannot be read as application/json: invalid type"),
        "{error}"
    );
    let error = refused::<Vec<Order>>(typed("text/csv"), b"id,customer\n1,\"a").to_string();
    assert!(error.contains("missing field"), "{error}");
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    let error = refused::<serde_json::Value>(typed("application/json"), &deep).to_string();
    assert!(error.contains("recursion limit"), "{error}");
    for (content_type, deep) in [("application/msgpack", 0x91), ("application/cbor", 0x81)] {
        let error = refused::<serde_json::Value>(typed(content_type), &vec![deep; 100_000]);
        assert!(matches!(error, DecodeError::Value { .. }), "{error:?}");
    }
}

#[test]
fn what_unpacks_to_too_much_is_given_up() {
    let plain = vec![0; 64 * 1024 * 1024];
    for encoding in ENCODINGS {
        let packer = codecs(Format::Bytes, Some(encoding));
        let (properties, bomb) =
            packer.encode(Properties::builder(), str::from_utf8(&plain).unwrap()).unwrap();
        assert!(bomb.len() < 100_000, "{encoding:?}: {}", bomb.len());
        let error = Codecs::default().unpack(&properties, &bomb).unwrap_err();
        let max = 16 * 1024 * 1024;
        assert_eq!(error, DecodeError::TooLarge { encoding: encoding.name(), max });
        assert_eq!(
            error.to_string(),
            format!("the body unpacks from {} to more than 16777216 bytes", encoding.name())
        );
        let roomy = Codecs { unpacked_bytes_max: plain.len(), ..Codecs::default() };
        assert_eq!(roomy.unpack(&properties, &bomb).unwrap().len(), plain.len());
        let tight = Codecs { unpacked_bytes_max: plain.len() - 1, ..Codecs::default() };
        assert!(tight.unpack(&properties, &bomb).is_err());
    }
}

#[test]
fn encodings_over_each_other_are_bounded() {
    let json = Bytes::from_static(b"7");
    let pack = |encoding, body: &Bytes| {
        let packer = codecs(Format::Bytes, Some(encoding));
        packer.encode(Properties::builder(), &body.to_vec()).unwrap().1
    };
    let twice = pack(Encoding::Zstd, &pack(Encoding::Gzip, &json));
    let encoded = |encodings: &str| Properties::builder().content_encoding(short(encodings));
    let codecs = Codecs::default();
    assert_eq!(codecs.decode::<u8>(&encoded("gzip, ZSTD").build(), &twice), Ok(7));
    let wrong = refused::<u8>(encoded("zstd, gzip"), &twice);
    assert!(matches!(wrong, DecodeError::Compression { encoding: "gzip", .. }), "{wrong:?}");
    let thrice = pack(Encoding::Gzip, &twice);
    let error = refused::<u8>(encoded("gzip,zstd,gzip"), &thrice);
    assert_eq!(error, DecodeError::TooManyEncodings { found: 3, max: 2 });
    let error = refused::<u8>(encoded("br"), b"7");
    assert_eq!(error.to_string(), "content encoding `br`, wanted one of gzip, deflate, zstd");
    // Some publishers name a charset, or nothing at all.
    for plain in ["", "utf-8", "identity", "Binary"] {
        assert_eq!(codecs.decode::<u8>(&encoded(plain).build(), &json), Ok(7), "{plain}");
    }
}

#[test]
fn a_cut_body_is_no_body() {
    for encoding in ENCODINGS {
        let text = "seven times seven".repeat(100);
        let packer = codecs(Format::Text, Some(encoding));
        let (properties, body) = packer.encode(Properties::builder(), &text).unwrap();
        for end in [1, body.len() / 2, body.len() - 1] {
            let cut = body.slice(..end);
            let error = Codecs::default().decode::<String>(&properties, &cut).unwrap_err();
            assert!(matches!(error, DecodeError::Compression { .. }), "{encoding:?}: {error:?}");
        }
    }
}
