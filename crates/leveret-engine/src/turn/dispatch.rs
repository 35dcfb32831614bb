//! What was published goes where it is to go, or back.

use leveret_protocol::{Method, ReplyCode, ShortStr, basic};

use super::{Turn, post::Posted, replies::Reply};
use crate::{
    channel::{ChannelKey, Deed, PendingPublish},
    content::Content,
    exchange::Routed,
    message::Letter,
};

impl Turn<'_> {
    /// Does with a publish what is to be done; what goes nowhere and is mandatory goes back.
    pub(super) fn carry_out(
        &mut self,
        at: ChannelKey,
        publish: PendingPublish,
        when: Reply,
    ) -> Posted {
        let PendingPublish { letter, deed, mandatory } = publish;
        match deed {
            Deed::Route(mut routed) => {
                let queues = u64::try_from(routed.queues.len()).unwrap_or(u64::MAX);
                self.host.churn.routed = self.host.churn.routed.saturating_add(queues);
                if routed.is_nowhere() && routed.held.is_empty() {
                    self.count_unroutable(at, mandatory);
                }
                if mandatory && routed.is_nowhere() {
                    self.send_return(at, &letter);
                }
                let posted = self.dispatch(letter, &routed, when);
                routed.clear();
                self.host.routed = routed;
                posted
            }
            Deed::Schedule(appointment) => self.schedule(letter, appointment),
            Deed::Cancel(name) => {
                let cancelled = self.unschedule_named(&letter.exchange, &name);
                if mandatory && cancelled.is_none() {
                    self.send_return(at, &letter);
                }
                cancelled.unwrap_or(Posted::InMemory)
            }
        }
    }

    /// Hands a message to all it reaches. If that is a queue, the message is in buffers of its own.
    pub(super) fn dispatch(&mut self, letter: Letter, routed: &Routed, when: Reply) -> Posted {
        let held = self.pass_on(&letter, routed, when);
        if routed.queues.is_empty() {
            return held;
        }
        let posted = self.post(letter, &routed.queues, when);
        if posted == Posted::InMemory { held } else { posted }
    }

    /// Hands a message to all it reaches but the queues.
    pub(super) fn pass_on(&mut self, letter: &Letter, routed: &Routed, when: Reply) -> Posted {
        for name in &routed.replies {
            self.reply(name, letter, when);
        }
        if routed.held.is_empty() {
            return Posted::InMemory;
        }
        self.hold_back(letter, &routed.held)
    }

    pub(super) fn count_unroutable(&mut self, at: ChannelKey, mandatory: bool) {
        let Some(channel) = self.host.channel_mut(at) else { return };
        if mandatory {
            channel.counts.return_unroutable += 1;
        } else {
            channel.counts.drop_unroutable += 1;
        }
    }

    pub(super) fn send_return(&mut self, at: ChannelKey, letter: &Letter) {
        let method = Method::BasicReturn(basic::Return {
            reply_code: ReplyCode::NoRoute.as_u16(),
            reply_text: ShortStr::from_static("NO_ROUTE"),
            exchange: letter.exchange.clone(),
            routing_key: letter.routing_key.clone(),
        });
        let effect = Self::content(at, Content::of_letter(method, letter));
        self.host.outbox.send(at, effect, self.effects);
    }
}
