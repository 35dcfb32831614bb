//! One connection as the relay sees it: what is on its way on each channel.

use std::collections::BTreeMap;

use leveret_protocol::{Method, basic};

use super::frames::{Frame, Kind};
use super::parcel::{Assembly, Parcel};
use super::record::{Fate, Log, is_copy};
use super::steps::{Point, Verdict};

/// Which way a frame goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    ToBroker,
    ToApp,
}

#[derive(Debug, Default)]
pub(super) struct Line {
    channels: BTreeMap<u16, Channel>,
}

#[derive(Debug, Default)]
struct Channel {
    /// The handler whose queue it consumes from.
    handler: Option<String>,
    kind: ChannelKind,
    /// Delivered and not settled, by delivery tag.
    in_hand: BTreeMap<u64, Parcel>,
    /// How those will be settled that a transaction holds.
    verdicts: Vec<(u64, Parcel, Fate)>,
    /// Published and not answered, by their number on the channel.
    outputs: BTreeMap<u64, Parcel>,
    /// Answered, but the message they came of is not settled yet.
    unit: Vec<Parcel>,
    published: u64,
    is_committing: bool,
    incoming: Option<Assembly<Arrival>>,
    outgoing: Option<Assembly<Option<usize>>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum ChannelKind {
    #[default]
    Plain,
    Confirming,
    Transaction,
}

/// What the broker's content is.
#[derive(Debug, Clone, Copy)]
enum Arrival {
    Delivery { tag: u64, step: Option<usize> },
    Returned,
    Got,
}

impl Line {
    /// Messages that were delivered and are not settled.
    pub(super) fn in_hand(&self) -> usize {
        self.channels.values().map(|channel| channel.in_hand.len() + channel.verdicts.len()).sum()
    }

    /// Whether the broker owes a confirm, or the answer to a commit.
    pub(super) fn awaits_answer(&self) -> bool {
        self.channels.values().any(|channel| {
            channel.is_committing
                || channel.kind == ChannelKind::Confirming && !channel.outputs.is_empty()
        })
    }

    /// Takes note of a frame, and says whether it may pass.
    pub(super) fn pass(&mut self, side: Side, frame: &Frame, log: &mut Log) -> Verdict {
        let channel = self.channels.entry(frame.channel).or_default();
        match (frame.kind, side) {
            (Kind::Other, _) => Verdict::Pass,
            (Kind::Method, _) => {
                // What cannot be read is for the peers to refuse.
                let Ok(method) = Method::decode(&frame.payload()) else { return Verdict::Pass };
                let verdict = channel.method(side, method, log);
                if channel.is_closed() {
                    self.channels.remove(&frame.channel);
                }
                verdict
            }
            (Kind::Header | Kind::Body, Side::ToBroker) => channel.output(frame, log),
            (Kind::Header | Kind::Body, Side::ToApp) => channel.arrival(frame, log),
        }
    }
}

fn add<Of>(assembly: &mut Option<Assembly<Of>>, frame: &Frame) -> Option<(Of, Parcel)> {
    let content = assembly.as_mut()?;
    if frame.kind == Kind::Header {
        content.header(frame.payload());
    } else {
        content.body(&frame.payload());
    }
    if content.is_whole() { assembly.take().map(Assembly::finish) } else { None }
}

impl Channel {
    fn method(&mut self, side: Side, method: Method, log: &mut Log) -> Verdict {
        let step = self.point(side, &method).map(|point| log.steps.take(point));
        let before = step.map_or(Verdict::Pass, |step| log.steps.before(step));
        // What the broker has done is done, though the application will not hear of it.
        if before != Verdict::Pass && side == Side::ToBroker {
            return before;
        }
        let has_content = method.has_content();
        match side {
            Side::ToBroker => self.ask(method, step, log),
            Side::ToApp => self.answer(method, step, log),
        }
        match step {
            Some(step) if before == Verdict::Pass && !has_content => log.steps.after(step),
            Some(_) | None => before,
        }
    }

    fn point(&self, side: Side, method: &Method) -> Option<Point> {
        let is_handlers = self.handler.is_some();
        match (side, method.name()) {
            (Side::ToBroker, "basic.publish") => Some(Point::Output),
            (Side::ToBroker, "tx.commit") => Some(Point::Settlement),
            (Side::ToBroker, "basic.ack" | "basic.nack" | "basic.reject")
                if is_handlers && self.kind != ChannelKind::Transaction =>
            {
                Some(Point::Settlement)
            }
            (Side::ToApp, "basic.deliver") if is_handlers => Some(Point::Delivery),
            (Side::ToApp, "basic.ack") => Some(Point::Confirm),
            (Side::ToApp, "tx.commit-ok") => Some(Point::Answer),
            (Side::ToApp, "tx.rollback-ok") if self.is_committing => Some(Point::Answer),
            (_, _) => None,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all the other methods settle nothing")]
    fn ask(&mut self, method: Method, step: Option<usize>, log: &mut Log) {
        match method {
            Method::BasicConsume(basic::Consume { queue, no_ack: false, .. }) => {
                self.handler = log.handler_of(&queue);
            }
            Method::ConfirmSelect(_) => self.kind = ChannelKind::Confirming,
            Method::TxSelect(_) => self.kind = ChannelKind::Transaction,
            Method::BasicPublish(publish) => {
                self.outgoing = Some(Assembly::new(step, publish.exchange, publish.routing_key));
            }
            Method::BasicAck(ack) => {
                self.settle(ack.delivery_tag, ack.multiple, Fate::Handled, log);
            }
            Method::BasicNack(nack) => {
                let fate = if nack.requeue { Fate::GivenBack } else { Fate::Rejected };
                self.settle(nack.delivery_tag, nack.multiple, fate, log);
            }
            Method::BasicReject(reject) => {
                let fate = if reject.requeue { Fate::GivenBack } else { Fate::Rejected };
                self.settle(reject.delivery_tag, false, fate, log);
            }
            Method::TxCommit(_) => self.is_committing = true,
            Method::TxRollback(_) => {
                self.outputs.clear();
                self.verdicts.clear();
            }
            Method::ChannelClose(_) | Method::ChannelCloseOk(_) => self.close(),
            _ => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all the other methods bring nothing")]
    fn answer(&mut self, method: Method, step: Option<usize>, log: &mut Log) {
        match method {
            Method::BasicDeliver(deliver) => {
                let of = Arrival::Delivery { tag: deliver.delivery_tag, step };
                // In hand from here on: an answer behind it on this line finds it counted.
                if self.handler.is_some() {
                    self.in_hand.insert(deliver.delivery_tag, Parcel::default());
                    log.happened();
                }
                self.incoming = Some(Assembly::new(of, deliver.exchange, deliver.routing_key));
            }
            Method::BasicReturn(returned) => {
                let (exchange, key) = (returned.exchange, returned.routing_key);
                self.incoming = Some(Assembly::new(Arrival::Returned, exchange, key));
            }
            Method::BasicGetOk(got) => {
                self.incoming = Some(Assembly::new(Arrival::Got, got.exchange, got.routing_key));
            }
            Method::BasicAck(ack) => self.confirm(ack.delivery_tag, ack.multiple, log),
            Method::BasicNack(nack) => drop(self.take_outputs(nack.delivery_tag, nack.multiple)),
            Method::TxCommitOk(_) => self.commit(log),
            Method::TxRollbackOk(_) if self.is_committing => self.undo(),
            Method::ChannelClose(_) | Method::ChannelCloseOk(_) => self.close(),
            _ => {}
        }
    }

    fn output(&mut self, frame: &Frame, log: &mut Log) -> Verdict {
        let Some((step, parcel)) = add(&mut self.outgoing, frame) else { return Verdict::Pass };
        self.published += 1;
        if self.kind == ChannelKind::Plain {
            log.published(self.handler.clone(), parcel);
        } else {
            self.outputs.insert(self.published, parcel);
        }
        step.map_or(Verdict::Pass, |step| log.steps.after(step))
    }

    fn arrival(&mut self, frame: &Frame, log: &mut Log) -> Verdict {
        let Some((arrival, parcel)) = add(&mut self.incoming, frame) else { return Verdict::Pass };
        match arrival {
            Arrival::Delivery { tag, step } => {
                if let Some(place) = self.in_hand.get_mut(&tag) {
                    *place = parcel;
                }
                step.map_or(Verdict::Pass, |step| log.steps.after(step))
            }
            Arrival::Returned => {
                let is_it = |output: &Parcel| {
                    output.exchange == parcel.exchange
                        && output.routing_key == parcel.routing_key
                        && output.properties.message_id() == parcel.properties.message_id()
                };
                let number = self.outputs.iter().find(|(_, output)| is_it(output)).map(|(n, _)| *n);
                number.and_then(|number| self.outputs.remove(&number));
                Verdict::Pass
            }
            Arrival::Got => Verdict::Pass,
        }
    }

    fn take_outputs(&mut self, tag: u64, is_multiple: bool) -> Vec<Parcel> {
        if !is_multiple {
            return self.outputs.remove(&tag).into_iter().collect();
        }
        let later = self.outputs.split_off(&tag.saturating_add(1));
        std::mem::replace(&mut self.outputs, later).into_values().collect()
    }

    fn confirm(&mut self, tag: u64, is_multiple: bool, log: &mut Log) {
        for parcel in self.take_outputs(tag, is_multiple) {
            if self.handler.is_some() {
                self.unit.push(parcel.clone());
            }
            log.published(self.handler.clone(), parcel);
        }
    }

    fn settle(&mut self, tag: u64, is_multiple: bool, fate: Fate, log: &mut Log) {
        let Some(handler) = self.handler.clone() else { return };
        let settled: Vec<(u64, Parcel)> = if is_multiple {
            let later = self.in_hand.split_off(&tag.saturating_add(1));
            std::mem::replace(&mut self.in_hand, later).into_iter().collect()
        } else {
            self.in_hand.remove_entry(&tag).into_iter().collect()
        };
        if self.kind == ChannelKind::Transaction {
            self.verdicts.extend(settled.into_iter().map(|(tag, message)| (tag, message, fate)));
            return;
        }
        for (_, message) in settled {
            log.settled(&handler, message, fate, &self.unit);
        }
        // Others may be settled by themselves that were published for with these.
        self.unit.retain(is_copy);
    }

    fn commit(&mut self, log: &mut Log) {
        self.is_committing = false;
        let unit: Vec<Parcel> = std::mem::take(&mut self.outputs).into_values().collect();
        for parcel in &unit {
            log.published(self.handler.clone(), parcel.clone());
        }
        let handler = self.handler.clone().unwrap_or_default();
        for (_, message, fate) in std::mem::take(&mut self.verdicts) {
            log.settled(&handler, message, fate, &unit);
        }
    }

    /// The broker has done nothing of the transaction.
    fn undo(&mut self) {
        self.is_committing = false;
        self.outputs.clear();
        let verdicts = std::mem::take(&mut self.verdicts).into_iter();
        self.in_hand.extend(verdicts.map(|(tag, message, _)| (tag, message)));
    }

    fn close(&mut self) {
        *self = Self::default();
    }

    fn is_closed(&self) -> bool {
        self.handler.is_none()
            && self.kind == ChannelKind::Plain
            && self.outgoing.is_none()
            && self.incoming.is_none()
    }
}
