//! `confirm.select`, and when a publish is confirmed.

use leveret_protocol::{Method, basic, confirm};

use super::{Turn, post::Posted};
use crate::{
    channel::{ChannelKey, Mode},
    error::MethodError,
    identity::{Lsn, OpeningId},
};

impl Turn<'_> {
    pub(super) fn confirm_select(
        &mut self,
        at: ChannelKey,
        select: confirm::Select,
    ) -> Result<(), MethodError> {
        if let Some(channel) = self.host.channel_mut(at) {
            channel.mode.select_confirm()?;
        }
        if !select.no_wait {
            self.send(at, Method::ConfirmSelectOk(confirm::SelectOk));
        }
        Ok(())
    }

    /// Confirms a publish, now or once it is on disk, or says that a queue did not take it.
    pub(super) fn confirm(&mut self, at: ChannelKey, opening: OpeningId, tag: u64, posted: Posted) {
        match posted {
            Posted::OnRecord(lsn) => self.host.confirms.wait(lsn, at, opening, tag),
            Posted::Refused => {
                self.count_refused(at);
                let nack = basic::Nack { delivery_tag: tag, ..Default::default() };
                self.send(at, Method::BasicNack(nack));
            }
            Posted::InMemory => {
                let ack = basic::Ack { delivery_tag: tag, multiple: false };
                self.send(at, Method::BasicAck(ack));
            }
        }
    }

    fn count_refused(&mut self, at: ChannelKey) {
        let mode = self.host.channel_mut(at).map(|channel| &mut channel.mode);
        if let Some(Mode::Confirm { refused, .. }) = mode {
            *refused += 1;
        }
    }

    /// Records up to this one are on disk: sends all that waited for them.
    pub(super) fn durable(&mut self, upto: Lsn) {
        if upto <= self.host.durable {
            return;
        }
        self.host.durable = upto;
        self.host.spans.forget(upto);
        self.host.release_pages(self.effects);
        self.host.outbox.release(upto, self.effects);
        for (at, opening, ack) in self.host.confirms.release(upto) {
            let is_open =
                self.host.channel_mut(at).is_some_and(|channel| channel.opening == opening);
            if is_open {
                self.send(at, ack);
            }
        }
    }
}
