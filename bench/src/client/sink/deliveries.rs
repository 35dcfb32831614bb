//! Deliveries that are encoded once and sent often, each time with new tags.

use bytes::Bytes;
use leveret_protocol::{Content, FrameBuffer, Method, Properties, ShortStr, basic};

use crate::client::{names::QUEUE, row::BODY_BYTES};

/// How many deliveries are sent in one write at the most.
const BLOCK: usize = 500;

/// What stands before the consumer tag's bytes: frame header, method, the tag's length.
const BYTES_BEFORE_TAG: usize = 7 + 4 + 1;

/// One consumer's deliveries.
#[derive(Debug)]
pub(super) struct Deliveries {
    block: Vec<u8>,
    delivery_bytes: usize,
    tag_at: usize,
    delivered: u64,
    settled: u64,
    /// Deliveries that may wait for their acknowledgement.
    prefetch: u64,
    messages: u64,
}

impl Deliveries {
    pub(super) fn new(
        consumer_tag: &ShortStr,
        prefetch: u16,
        messages: u64,
    ) -> anyhow::Result<Self> {
        let deliver = Method::BasicDeliver(basic::Deliver {
            consumer_tag: consumer_tag.clone(),
            delivery_tag: 0,
            redelivered: false,
            exchange: ShortStr::EMPTY,
            routing_key: ShortStr::from_static(QUEUE),
        });
        let body = Bytes::from_static(&[b'x'; BODY_BYTES]);
        let mut frames = FrameBuffer::new();
        for _ in 0..BLOCK {
            let body = body.clone();
            let content = Content { method: &deliver, properties: &Properties::EMPTY, body };
            frames.push_content(1.into(), content, 1 << 17)?;
        }
        let block: Vec<u8> = frames.segments().flatten().copied().collect();
        Ok(Self {
            delivery_bytes: block.len() / BLOCK,
            block,
            tag_at: BYTES_BEFORE_TAG + consumer_tag.as_bytes().len(),
            delivered: 0,
            settled: 0,
            prefetch: if prefetch == 0 { u64::MAX } else { prefetch.into() },
            messages,
        })
    }

    /// The consumer has acknowledged up to this tag, or one more.
    pub(super) fn settle(&mut self, ack: &basic::Ack) {
        self.settled = if ack.multiple { ack.delivery_tag } else { self.settled + 1 };
    }

    /// What may be sent now; nothing if the consumer has to settle first.
    pub(super) fn next(&mut self) -> Option<&[u8]> {
        let credit = self.prefetch.saturating_sub(self.delivered.saturating_sub(self.settled));
        let left = self.messages - self.delivered;
        let count = BLOCK.min(usize::try_from(credit.min(left)).unwrap_or(BLOCK));
        if count == 0 {
            return None;
        }
        for delivery in self.block.chunks_exact_mut(self.delivery_bytes).take(count) {
            self.delivered += 1;
            let tag = delivery.get_mut(self.tag_at..self.tag_at + size_of::<u64>())?;
            tag.copy_from_slice(&self.delivered.to_be_bytes());
        }
        self.block.get(..count * self.delivery_bytes)
    }
}
