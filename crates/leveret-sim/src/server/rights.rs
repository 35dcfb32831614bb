//! The rights of a user who has none.

use leveret_engine::Permissions;
use leveret_protocol::ShortStr;

#[derive(Debug)]
pub(super) struct Nothing;

impl Permissions for Nothing {
    fn may_configure(&self, _name: &ShortStr) -> bool {
        false
    }

    fn may_write(&self, _name: &ShortStr) -> bool {
        false
    }

    fn may_read(&self, _name: &ShortStr) -> bool {
        false
    }

    fn may_write_topic(&self, _exchange: &ShortStr, _routing_key: &ShortStr) -> bool {
        false
    }

    fn may_read_topic(&self, _exchange: &ShortStr, _routing_key: &ShortStr) -> bool {
        false
    }

    fn may_impersonate(&self) -> bool {
        false
    }
}
