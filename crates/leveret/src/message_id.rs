//! Message ids: fresh ones sort by time, derived ones come again.

use leveret_protocol::ShortStr;
use uuid::Uuid;

/// The namespace of ids that leveret derives.
const NAMESPACE: Uuid = Uuid::from_u128(0x6c65_7665_7265_7400_8000_6d65_7373_6167);

/// An id nobody has had before (UUID version 7).
pub(crate) fn fresh() -> ShortStr {
    short(Uuid::now_v7())
}

/// The id that belongs to these parts, today and after a restart (UUID version 5).
///
/// ```
/// use leveret::derived_message_id;
///
/// assert_eq!(derived_message_id(&["mails", "a/1.eml"]), derived_message_id(&["mails", "a/1.eml"]));
/// assert_ne!(derived_message_id(&["mails", "a/1.eml"]), derived_message_id(&["mails", "a", "1.eml"]));
/// ```
pub fn derived_message_id(parts: &[&str]) -> ShortStr {
    let mut name = Vec::with_capacity(64);
    for part in parts {
        name.extend_from_slice(&(part.len() as u64).to_be_bytes());
        name.extend_from_slice(part.as_bytes());
    }
    short(Uuid::new_v5(&NAMESPACE, &name))
}

fn short(id: Uuid) -> ShortStr {
    ShortStr::truncated(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
}
