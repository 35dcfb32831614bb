//! Which method is whose.

use alloc::boxed::Box;

use leveret_protocol::{Method, access};

use super::Turn;
use crate::{channel::ChannelKey, effects::Effect, error::MethodError, work::Farewell};

type Outcome = Result<(), MethodError>;

impl Turn<'_> {
    /// Does what a method asks, or closes the channel or the connection for it.
    pub(super) fn method(&mut self, at: ChannelKey, method: Method) {
        if self.host.channel_mut(at).is_none() {
            return;
        }
        let blame = (method.class_id(), method.method_id());
        if let Err(error) = self.obey(at, method) {
            self.refuse(at, &error, blame);
        }
    }

    /// Closes what the error closes.
    pub(super) fn refuse(&mut self, at: ChannelKey, error: &MethodError, blame: (u16, u16)) {
        let mut error = error.to_amqp();
        (error.class_id, error.method_id) = blame;
        let error = Box::new(error);
        let (connection, channel) = (at.connection, at.channel);
        if error.code.closes_connection() {
            self.forget_connection(connection, Farewell::Silent);
            self.effects.push(Effect::FailConnection { connection, error });
        } else {
            self.forget_channel(at);
            let effect = Effect::FailChannel { connection, channel, error };
            self.host.outbox.send(at, effect, self.effects);
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all that clients may send on an open channel is named; the rest is refused alike"
    )]
    fn obey(&mut self, at: ChannelKey, method: Method) -> Outcome {
        match method {
            Method::ExchangeDeclare(declare) => self.exchange_declare(at, declare),
            Method::ExchangeDelete(delete) => self.exchange_delete(at, delete),
            Method::ExchangeBind(bind) => self.exchange_bind(at, bind),
            Method::ExchangeUnbind(unbind) => self.exchange_unbind(at, unbind),
            Method::QueueDeclare(declare) => self.queue_declare(at, declare),
            Method::QueueDelete(delete) => self.queue_delete(at, delete),
            Method::QueuePurge(purge) => self.queue_purge(at, purge),
            Method::QueueBind(bind) => self.queue_bind(at, bind),
            Method::QueueUnbind(unbind) => self.queue_unbind(at, unbind),
            Method::BasicQos(qos) => self.qos(at, qos),
            Method::BasicConsume(consume) => self.consume(at, consume),
            Method::BasicCancel(cancel) => self.cancel(at, cancel),
            Method::BasicGet(get) => self.get(at, get),
            Method::BasicAck(ack) => self.ack(at, ack),
            Method::BasicNack(nack) => self.nack(at, nack),
            Method::BasicReject(reject) => self.reject(at, reject),
            Method::BasicRecover(recover) => self.recover(at, recover),
            Method::BasicRecoverAsync(recover) => self.recover_async(at, recover),
            Method::ConfirmSelect(select) => self.confirm_select(at, select),
            Method::TxSelect(_) => self.tx_select(at),
            Method::TxCommit(_) => self.tx_commit(at),
            Method::TxRollback(_) => self.tx_rollback(at),
            Method::ChannelFlow(flow) => self.flow(at, flow),
            Method::AccessRequest(_) => {
                // Clients older than 0-9-1 ask for a ticket and send it with every method.
                self.send(at, Method::AccessRequestOk(access::RequestOk { ticket: 1 }));
                Ok(())
            }
            _ => Err(MethodError::NoClientMethod),
        }
    }
}
