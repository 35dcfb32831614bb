//! A message as it passes: method, header and bodies put together.

use bytes::{Buf as _, Bytes, BytesMut};
use leveret_protocol::{Properties, ShortStr};

/// A message on its way, in either direction.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parcel {
    pub(crate) exchange: ShortStr,
    pub(crate) routing_key: ShortStr,
    pub(crate) properties: Properties,
    pub(crate) body: Bytes,
}

/// A message that is not whole yet.
#[derive(Debug)]
pub(super) struct Assembly<Of> {
    /// What announced it.
    pub(super) of: Of,
    exchange: ShortStr,
    routing_key: ShortStr,
    properties: Properties,
    body: BytesMut,
    missing: u64,
}

impl<Of> Assembly<Of> {
    pub(super) fn new(of: Of, exchange: ShortStr, routing_key: ShortStr) -> Self {
        let properties = Properties::default();
        Self { of, exchange, routing_key, properties, body: BytesMut::new(), missing: 1 }
    }

    /// Class, weight and length of the body come before the properties.
    pub(super) fn header(&mut self, mut payload: Bytes) {
        if payload.len() < 12 {
            return;
        }
        payload.advance(4);
        self.missing = payload.get_u64();
        self.properties = Properties::from_bytes(payload).unwrap_or_default();
    }

    pub(super) fn body(&mut self, payload: &[u8]) {
        self.missing = self.missing.saturating_sub(payload.len() as u64);
        self.body.extend_from_slice(payload);
    }

    pub(super) fn is_whole(&self) -> bool {
        self.missing == 0
    }

    pub(super) fn finish(self) -> (Of, Parcel) {
        let parcel = Parcel {
            exchange: self.exchange,
            routing_key: self.routing_key,
            properties: self.properties,
            body: self.body.freeze(),
        };
        (self.of, parcel)
    }
}
