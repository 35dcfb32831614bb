//! What stands in the tables: an id that was handled, a message on its way.

use leveret::{Bytes, FieldValue, Properties, SealedPublish, ShortStr};

/// The header that names what a message is ordered by: rows of one value leave in the order in
/// which their transactions committed.
pub const ORDERING_KEY: &str = "ordering-key";

/// A message of a handler, for the inbox.
#[derive(Debug, Clone)]
pub struct Entry {
    pub(crate) app: String,
    pub(crate) handler: String,
    pub(crate) message_id: Vec<u8>,
    pub(crate) keep_ms: i64,
}

/// A message in the outbox.
#[derive(Debug, Clone)]
pub struct Row {
    pub(crate) id: i64,
    pub(crate) key: Option<Vec<u8>>,
    /// Dispatches that failed.
    pub(crate) attempts: i32,
    /// The message, or why the row is none.
    pub(crate) sealed: Result<SealedPublish, String>,
}

/// A message that could not be published, and is set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parked {
    /// The row.
    pub id: i64,
    /// The message-id; bytes that are no text are replaced.
    pub message_id: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it could not be published the last time.
    pub error: String,
}

/// A row as it is read: id, key, attempts, exchange, routing key, mandatory, properties, body.
pub(crate) type Columns = (i64, Option<Vec<u8>>, i32, Vec<u8>, Vec<u8>, bool, Vec<u8>, Vec<u8>);

/// The columns in that order.
pub(crate) const COLUMNS: &str =
    "id, ordering_key, attempts, exchange, routing_key, mandatory, properties, body";

impl Row {
    /// A message that is to go into the outbox.
    pub(crate) fn new(sealed: SealedPublish) -> Self {
        Self { id: 0, key: ordering_key(&sealed), attempts: 0, sealed: Ok(sealed) }
    }
}

impl From<Columns> for Row {
    fn from(columns: Columns) -> Self {
        let (id, key, attempts, exchange, routing_key, mandatory, properties, body) = columns;
        let sealed = (|| {
            Some(SealedPublish {
                exchange: short(&exchange)?,
                routing_key: short(&routing_key)?,
                mandatory,
                properties: Properties::from_bytes(properties.into()).ok()?,
                body: Bytes::from(body),
            })
        })();
        Self {
            id,
            key,
            attempts,
            sealed: sealed.ok_or_else(|| "the row holds no message".to_owned()),
        }
    }
}

/// What a message is ordered by, if by anything.
fn ordering_key(sealed: &SealedPublish) -> Option<Vec<u8>> {
    match sealed.properties.headers()?.get(ORDERING_KEY)? {
        FieldValue::LongString(bytes) | FieldValue::Bytes(bytes) => Some(bytes.to_vec()),
        number @ (FieldValue::I8(_)
        | FieldValue::U8(_)
        | FieldValue::I16(_)
        | FieldValue::U16(_)
        | FieldValue::I32(_)
        | FieldValue::U32(_)
        | FieldValue::I64(_)) => Some(format!("{number:?}").into_bytes()),
        FieldValue::Bool(_)
        | FieldValue::F32(_)
        | FieldValue::F64(_)
        | FieldValue::Decimal { .. }
        | FieldValue::Array(_)
        | FieldValue::Timestamp(_)
        | FieldValue::Table(_)
        | FieldValue::Void => None,
    }
}

pub(crate) fn message_id(properties: Vec<u8>) -> String {
    let properties = Properties::from_bytes(properties.into()).unwrap_or(Properties::EMPTY);
    properties.message_id().map(|id| id.to_string()).unwrap_or_default()
}

fn short(bytes: &[u8]) -> Option<ShortStr> {
    ShortStr::new(bytes.to_vec()).ok()
}
