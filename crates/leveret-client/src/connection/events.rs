//! What the owner does with what the session tells.

use std::{mem, sync::Arc, task::Waker};

use bytes::Bytes;
use leveret_protocol::{
    ChannelNumber, CloseReason, Event, Failure, FieldTable, Method, Properties, ShortStr, basic,
};

use crate::{
    connection::owner::{Opened, Owner},
    error::{ChannelError, ConnectError, ConnectionEnd, ConsumerEnd, Loss},
    message::{Delivery, Got, Returned},
    state::{Aftermath, Reply, Request, Verdict},
};

/// A message as the session gives it.
struct Message {
    properties: Properties,
    body: Bytes,
}

impl Owner {
    pub(super) fn handle_events(&mut self) {
        while let Some(event) = self.session.poll_event() {
            self.handle_event(event);
        }
    }

    fn handle_event(&mut self, event: Event) {
        match event {
            Event::Content { channel, method, properties, body } => {
                self.handle_content(channel, method, Message { properties, body });
            }
            Event::Method { channel, method } => self.handle_method(channel, method),
            Event::ChannelOpened { channel } => self.handle_channel_opened(channel),
            Event::ChannelClosing { channel, reason } => {
                let CloseReason { code, text, .. } = reason;
                self.end_channel(channel, code, text.to_string());
                self.channels.remove(channel);
                // Behind all that was pushed before the channel was over.
                self.session.finish_channel_close(channel);
            }
            Event::ChannelFailed { channel, error } => {
                self.end_channel(channel, error.code.as_u16(), error.text);
            }
            Event::ChannelClosed { channel } => self.channels.remove(channel),
            Event::Opened { server_properties, negotiated } => {
                self.status.outbox.limit_frames(negotiated.frame_max);
                // In a buffer of its own, as all that stays: else the room for frames is never free again.
                let bytes = Bytes::copy_from_slice(server_properties.as_bytes());
                let server_properties = FieldTable::from_bytes(bytes).unwrap_or_default();
                if let Some(opened) = self.opened.take() {
                    // Whoever connects may have gone; their lease closes the connection.
                    drop(opened.send(Ok(Opened { server_properties, negotiated })));
                }
            }
            Event::Blocked { reason } => {
                tracing::warn!(%reason, "broker takes no publishes for a while");
                self.status.blockade.raise(reason);
            }
            Event::Unblocked => self.status.blockade.lift(),
            Event::SecretUpdated => self.handle_secret_updated(),
            Event::Closing { reason } => self.handle_closing(reason),
            Event::Failed(failure) => self.handle_failure(failure),
            Event::Challenged { .. } => {
                self.fail("connection.secure belongs to none of the login mechanisms".to_owned());
            }
            Event::Closed
            | Event::Login { .. }
            | Event::LoginContinued { .. }
            | Event::Open { .. }
            | Event::SecretUpdating { .. } => {}
        }
    }

    fn handle_channel_opened(&mut self, number: ChannelNumber) {
        let Some(record) = self.channels.record(number) else { return };
        let Some(opener) = record.opener.take() else { return };
        let core = Arc::clone(&record.core);
        if opener.send(Ok(core)).is_err() {
            let core = Arc::clone(&record.core);
            self.close_channel(&core, None);
        }
    }

    fn end_channel(&mut self, number: ChannelNumber, code: u16, text: String) {
        if let Some(record) = self.channels.record(number) {
            record.close(&ChannelError::Closed { code, text });
        }
    }

    fn handle_closing(&mut self, reason: CloseReason) {
        let (code, text) = (reason.code, reason.text.to_string());
        if let Some(opened) = self.opened.take() {
            // Whoever connects may have gone.
            drop(opened.send(Err(self.asked.refusal(code, text.clone()))));
        }
        self.finish(ConnectionEnd::ClosedByBroker { code, text });
        self.session.finish_close();
    }

    fn handle_failure(&mut self, failure: Failure) {
        let loss = match failure {
            Failure::HandshakeTimeout => {
                if let Some(opened) = self.opened.take() {
                    let within = self.asked.connect_timeout;
                    // Whoever connects may have gone.
                    drop(opened.send(Err(ConnectError::TimedOut { within })));
                }
                Loss::Silence
            }
            Failure::MechanismNotOffered { offered, wanted } => {
                if let Some(opened) = self.opened.take() {
                    // Whoever connects may have gone.
                    drop(opened.send(Err(ConnectError::MechanismNotOffered { offered, wanted })));
                }
                Loss::EndOfStream
            }
            // After our own close the reason is known; only the broker's answer is missing.
            Failure::HeartbeatMissed | Failure::CloseTimeout => Loss::Silence,
            Failure::Protocol(_)
            | Failure::ProtocolHeader { .. }
            | Failure::VersionRefused { .. }
            | _ => Loss::Protocol { text: failure.to_string() },
        };
        self.finish(loss.into());
    }

    fn handle_method(&mut self, number: ChannelNumber, method: Method) {
        let Some(record) = self.channels.record(number) else { return };
        let verdict = if let Method::BasicAck(ack) = &method {
            Verdict { tag: ack.delivery_tag, is_multiple: ack.multiple, is_ack: true }
        } else if let Method::BasicNack(nack) = &method {
            Verdict { tag: nack.delivery_tag, is_multiple: nack.multiple, is_ack: false }
        } else if let Method::BasicCancel(cancel) = &method {
            return record.end_consumer(&cancel.consumer_tag, ConsumerEnd::CancelledByBroker);
        } else if let Method::ChannelFlow(flow) = &method {
            return record.core.handle_flow(flow.active);
        } else {
            return self.handle_reply(number, method);
        };
        record.core.handle_confirm(verdict, &mut self.wakers);
        self.wakers.drain(..).for_each(Waker::wake);
    }

    /// The request that a method answers; a method that answers none breaks the protocol.
    fn request(&mut self, number: ChannelNumber, method: &Method) -> Option<Request> {
        let core = &self.channels.record(number)?.core;
        let request = core.answered_by(method);
        if request.is_none() && core.end().is_none() {
            self.fail(format!("{} answers nothing that was asked", method.name()));
        }
        request
    }

    fn handle_reply(&mut self, number: ChannelNumber, mut method: Method) {
        let Some(mut request) = self.request(number, &method) else { return };
        if let Method::BasicConsumeOk(started) = &mut method {
            started.consumer_tag = detached(&started.consumer_tag);
        }
        let aftermath = mem::replace(&mut request.aftermath, Aftermath::Nothing);
        if let Some(record) = self.channels.record(number) {
            match (aftermath, &method) {
                (Aftermath::Start(consumer), Method::BasicConsumeOk(started)) => {
                    let tag = started.consumer_tag.clone();
                    if !consumer.start(tag.clone()) {
                        record.cancel_consumer(&tag);
                    }
                    record.start_consumer(tag, consumer);
                }
                (Aftermath::Stop(tag), _) => {
                    record.end_consumer(&tag, ConsumerEnd::CancelledHere);
                }
                (Aftermath::Start(_) | Aftermath::Nothing | Aftermath::GotNoAck, _) => {}
            }
        }
        // Whoever asked may have gone.
        drop(request.answer(Ok(Reply::Method(method))));
    }

    fn handle_content(&mut self, number: ChannelNumber, method: Method, message: Message) {
        if let Method::BasicDeliver(deliver) = method {
            self.handle_delivery(number, deliver, message);
        } else if let Method::BasicReturn(returned) = method {
            self.handle_returned(number, returned, message);
        } else if let Method::BasicGetOk(got) = method {
            self.handle_got(number, got, message);
        }
    }

    fn handle_delivery(
        &mut self,
        number: ChannelNumber,
        deliver: basic::Deliver,
        message: Message,
    ) {
        let Some(record) = self.channels.record(number) else { return };
        let origin = record.core.origin;
        let Some(consumer) = record.consumer(&deliver.consumer_tag) else {
            let tag = deliver.consumer_tag;
            return self.fail(format!("delivery for an unknown consumer {tag:?}"));
        };
        let delivery = Delivery {
            consumer_tag: deliver.consumer_tag,
            tag: deliver.delivery_tag,
            redelivered: deliver.redelivered,
            exchange: deliver.exchange,
            routing_key: deliver.routing_key,
            properties: message.properties,
            body: message.body,
            origin: (!consumer.is_no_ack()).then_some(origin),
        };
        let (is_no_ack, pushed) = (consumer.is_no_ack(), consumer.push(delivery));
        if !is_no_ack {
            record.core.residue.note_delivered();
        }
        if let Err(delivery) = pushed {
            record.give_back(&delivery);
        }
    }

    fn handle_returned(
        &mut self,
        number: ChannelNumber,
        returned: basic::Return,
        message: Message,
    ) {
        let Some(record) = self.channels.record(number) else { return };
        record.core.handle_returned(Returned {
            code: returned.reply_code,
            text: returned.reply_text.to_string(),
            exchange: returned.exchange,
            routing_key: returned.routing_key,
            properties: message.properties,
            body: message.body,
        });
    }

    fn handle_got(&mut self, number: ChannelNumber, got: basic::GetOk, message: Message) {
        let remaining = got.message_count;
        let method = Method::BasicGetOk(got.clone());
        let Some(request) = self.request(number, &method) else { return };
        let Some(record) = self.channels.record(number) else { return };
        let is_no_ack = matches!(request.aftermath, Aftermath::GotNoAck);
        if !is_no_ack {
            record.core.residue.note_delivered();
        }
        let delivery = Delivery {
            consumer_tag: ShortStr::EMPTY,
            tag: got.delivery_tag,
            redelivered: got.redelivered,
            exchange: got.exchange,
            routing_key: got.routing_key,
            properties: message.properties,
            body: message.body,
            origin: (!is_no_ack).then_some(record.core.origin),
        };
        let unclaimed = request.answer(Ok(Reply::Got(Box::new(Got { delivery, remaining }))));
        if let Some(Ok(Reply::Got(got))) = unclaimed {
            record.give_back(&got.delivery);
        }
    }
}

/// The text in a buffer of its own.
fn detached(text: &ShortStr) -> ShortStr {
    ShortStr::new(Bytes::copy_from_slice(text.as_bytes())).unwrap_or_default()
}
