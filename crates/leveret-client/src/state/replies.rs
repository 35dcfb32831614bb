//! Which replies a channel waits for, first asked, first answered.

use std::collections::VecDeque;

use leveret_protocol::{Method, ShortStr, tx};
use tokio::sync::oneshot;

use crate::{error::ChannelError, message::Got, state::recipient::Recipient};

/// What a request is answered with.
#[derive(Debug)]
pub(crate) enum Reply {
    Method(Method),
    Got(Box<Got>),
}

/// Where a reply goes.
pub(crate) type Answer = Result<Reply, ChannelError>;

/// A request whose reply has not come.
#[derive(Debug)]
pub(crate) struct Request {
    class_id: u16,
    method_id: u16,
    /// `RabbitMQ` has the queue answer it, behind what the channel answers meanwhile.
    may_be_overtaken: bool,
    answer: oneshot::Sender<Answer>,
    pub(crate) aftermath: Aftermath,
}

/// What the reader does when the reply comes, before it reads on.
#[derive(Debug)]
pub(crate) enum Aftermath {
    Nothing,
    /// Deliveries may follow at once.
    Start(Recipient),
    /// No deliveries follow.
    Stop(ShortStr),
    /// Messages that are got need no acknowledgement.
    GotNoAck,
}

impl Request {
    pub(crate) fn new(method: &Method, aftermath: Aftermath) -> (Self, oneshot::Receiver<Answer>) {
        let (answer, receiver) = oneshot::channel();
        let (class_id, method_id) = (method.class_id(), method.method_id());
        let may_be_overtaken = matches!(method, Method::BasicConsume(_) | Method::BasicCancel(_));
        (Self { class_id, method_id, may_be_overtaken, answer, aftermath }, receiver)
    }

    /// Whether a method is of the kind that was asked for.
    fn is_answered_by(&self, reply: &Method) -> bool {
        let offset = if matches!(reply, Method::BasicGetEmpty(_)) {
            2
        } else if matches!(reply, Method::ExchangeUnbindOk(_)) {
            // AMQP 0-9-1 with RabbitMQ's extensions: 51 answers 40 here.
            11
        } else if matches!(reply, Method::TxRollbackOk(_)) && self.is_commit() {
            // docs/protocol.md, refused commits: 31 answers 20.
            11
        } else {
            1
        };
        reply.class_id() == self.class_id && reply.method_id() == self.method_id + offset
    }

    fn is_commit(&self) -> bool {
        let commit = Method::TxCommit(tx::Commit);
        (self.class_id, self.method_id) == (commit.class_id(), commit.method_id())
    }

    /// Gives the reply to who asked, or back if they have gone.
    pub(crate) fn answer(self, answer: Answer) -> Option<Answer> {
        self.answer.send(answer).err()
    }
}

/// Takes out the request that a reply answers: the first that was sent, but for those that may
/// be overtaken.
pub(crate) fn take_answered(requests: &mut Requests, reply: &Method) -> Option<Request> {
    let overtaken = requests
        .iter()
        .take_while(|next| next.may_be_overtaken && !next.is_answered_by(reply))
        .count();
    requests.get(overtaken).filter(|next| next.is_answered_by(reply))?;
    requests.remove(overtaken)
}

/// The requests of a channel in the order they were sent.
pub(crate) type Requests = VecDeque<Request>;
