//! One enum of every method.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

use bytes::{BufMut as _, Bytes, BytesMut};

use crate::decode_error::DecodeError;
use crate::generated::{access, basic, channel, confirm, connection, exchange, queue, tx};
use crate::method::{Arguments, Descriptor, Sender};
use crate::reader::Reader;

/// A method with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// `connection.start`
    ConnectionStart(connection::Start),
    /// `connection.start-ok`
    ConnectionStartOk(connection::StartOk),
    /// `connection.secure`
    ConnectionSecure(connection::Secure),
    /// `connection.secure-ok`
    ConnectionSecureOk(connection::SecureOk),
    /// `connection.tune`
    ConnectionTune(connection::Tune),
    /// `connection.tune-ok`
    ConnectionTuneOk(connection::TuneOk),
    /// `connection.open`
    ConnectionOpen(connection::Open),
    /// `connection.open-ok`
    ConnectionOpenOk(connection::OpenOk),
    /// `connection.close`
    ConnectionClose(connection::Close),
    /// `connection.close-ok`
    ConnectionCloseOk(connection::CloseOk),
    /// `connection.blocked`
    ConnectionBlocked(connection::Blocked),
    /// `connection.unblocked`
    ConnectionUnblocked(connection::Unblocked),
    /// `connection.update-secret`
    ConnectionUpdateSecret(connection::UpdateSecret),
    /// `connection.update-secret-ok`
    ConnectionUpdateSecretOk(connection::UpdateSecretOk),
    /// `channel.open`
    ChannelOpen(channel::Open),
    /// `channel.open-ok`
    ChannelOpenOk(channel::OpenOk),
    /// `channel.flow`
    ChannelFlow(channel::Flow),
    /// `channel.flow-ok`
    ChannelFlowOk(channel::FlowOk),
    /// `channel.close`
    ChannelClose(channel::Close),
    /// `channel.close-ok`
    ChannelCloseOk(channel::CloseOk),
    /// `access.request`
    AccessRequest(access::Request),
    /// `access.request-ok`
    AccessRequestOk(access::RequestOk),
    /// `exchange.declare`
    ExchangeDeclare(exchange::Declare),
    /// `exchange.declare-ok`
    ExchangeDeclareOk(exchange::DeclareOk),
    /// `exchange.delete`
    ExchangeDelete(exchange::Delete),
    /// `exchange.delete-ok`
    ExchangeDeleteOk(exchange::DeleteOk),
    /// `exchange.bind`
    ExchangeBind(exchange::Bind),
    /// `exchange.bind-ok`
    ExchangeBindOk(exchange::BindOk),
    /// `exchange.unbind`
    ExchangeUnbind(exchange::Unbind),
    /// `exchange.unbind-ok`
    ExchangeUnbindOk(exchange::UnbindOk),
    /// `queue.declare`
    QueueDeclare(queue::Declare),
    /// `queue.declare-ok`
    QueueDeclareOk(queue::DeclareOk),
    /// `queue.bind`
    QueueBind(queue::Bind),
    /// `queue.bind-ok`
    QueueBindOk(queue::BindOk),
    /// `queue.purge`
    QueuePurge(queue::Purge),
    /// `queue.purge-ok`
    QueuePurgeOk(queue::PurgeOk),
    /// `queue.delete`
    QueueDelete(queue::Delete),
    /// `queue.delete-ok`
    QueueDeleteOk(queue::DeleteOk),
    /// `queue.unbind`
    QueueUnbind(queue::Unbind),
    /// `queue.unbind-ok`
    QueueUnbindOk(queue::UnbindOk),
    /// `basic.qos`
    BasicQos(basic::Qos),
    /// `basic.qos-ok`
    BasicQosOk(basic::QosOk),
    /// `basic.consume`
    BasicConsume(basic::Consume),
    /// `basic.consume-ok`
    BasicConsumeOk(basic::ConsumeOk),
    /// `basic.cancel`
    BasicCancel(basic::Cancel),
    /// `basic.cancel-ok`
    BasicCancelOk(basic::CancelOk),
    /// `basic.publish`
    BasicPublish(basic::Publish),
    /// `basic.return`
    BasicReturn(basic::Return),
    /// `basic.deliver`
    BasicDeliver(basic::Deliver),
    /// `basic.get`
    BasicGet(basic::Get),
    /// `basic.get-ok`
    BasicGetOk(basic::GetOk),
    /// `basic.get-empty`
    BasicGetEmpty(basic::GetEmpty),
    /// `basic.ack`
    BasicAck(basic::Ack),
    /// `basic.reject`
    BasicReject(basic::Reject),
    /// `basic.recover-async`
    BasicRecoverAsync(basic::RecoverAsync),
    /// `basic.recover`
    BasicRecover(basic::Recover),
    /// `basic.recover-ok`
    BasicRecoverOk(basic::RecoverOk),
    /// `basic.nack`
    BasicNack(basic::Nack),
    /// `confirm.select`
    ConfirmSelect(confirm::Select),
    /// `confirm.select-ok`
    ConfirmSelectOk(confirm::SelectOk),
    /// `tx.select`
    TxSelect(tx::Select),
    /// `tx.select-ok`
    TxSelectOk(tx::SelectOk),
    /// `tx.commit`
    TxCommit(tx::Commit),
    /// `tx.commit-ok`
    TxCommitOk(tx::CommitOk),
    /// `tx.rollback`
    TxRollback(tx::Rollback),
    /// `tx.rollback-ok`
    TxRollbackOk(tx::RollbackOk),
}

impl Method {
    /// The class's number.
    pub const fn class_id(&self) -> u16 {
        self.descriptor().class_id
    }

    /// The method's number within its class.
    pub const fn method_id(&self) -> u16 {
        self.descriptor().method_id
    }

    /// The name as the specification writes it: `queue.declare`.
    pub const fn name(&self) -> &'static str {
        self.descriptor().name
    }

    /// Whether a content header and a body follow.
    pub const fn has_content(&self) -> bool {
        self.descriptor().has_content
    }

    /// Which side may send it.
    pub const fn sender(&self) -> Sender {
        self.descriptor().sender
    }

    /// What stands where a method is read to before it is read.
    pub(crate) const PLACEHOLDER: Self = Self::TxSelect(tx::Select);

    /// Reads a method frame's payload.
    pub fn decode(payload: &Bytes) -> Result<Self, DecodeError> {
        let mut method = Self::PLACEHOLDER;
        Self::read(&mut Reader::new(payload), &mut method)?;
        Ok(method)
    }

    /// Reads a method frame's payload to where it is wanted; moving it there later would cost more.
    pub(crate) fn read(input: &mut Reader<'_>, out: &mut Self) -> Result<(), DecodeError> {
        let ids = (input.u16()?, input.u16()?);
        Self::read_arguments(ids, input, out)?;
        input.finish()
    }

    /// Whether the method of that class and number is followed by content.
    pub(crate) const fn announces_content(ids: (u16, u16)) -> bool {
        matches!(ids, (60, 40 | 50 | 60 | 71))
    }

    /// Appends a method frame's payload.
    pub fn encode(&self, out: &mut BytesMut) {
        out.put_u16(self.class_id());
        out.put_u16(self.method_id());
        self.encode_arguments(out);
    }

    const fn descriptor(&self) -> &'static Descriptor {
        match self {
            Self::ConnectionStart(_) => &connection::Start::DESCRIPTOR,
            Self::ConnectionStartOk(_) => &connection::StartOk::DESCRIPTOR,
            Self::ConnectionSecure(_) => &connection::Secure::DESCRIPTOR,
            Self::ConnectionSecureOk(_) => &connection::SecureOk::DESCRIPTOR,
            Self::ConnectionTune(_) => &connection::Tune::DESCRIPTOR,
            Self::ConnectionTuneOk(_) => &connection::TuneOk::DESCRIPTOR,
            Self::ConnectionOpen(_) => &connection::Open::DESCRIPTOR,
            Self::ConnectionOpenOk(_) => &connection::OpenOk::DESCRIPTOR,
            Self::ConnectionClose(_) => &connection::Close::DESCRIPTOR,
            Self::ConnectionCloseOk(_) => &connection::CloseOk::DESCRIPTOR,
            Self::ConnectionBlocked(_) => &connection::Blocked::DESCRIPTOR,
            Self::ConnectionUnblocked(_) => &connection::Unblocked::DESCRIPTOR,
            Self::ConnectionUpdateSecret(_) => &connection::UpdateSecret::DESCRIPTOR,
            Self::ConnectionUpdateSecretOk(_) => &connection::UpdateSecretOk::DESCRIPTOR,
            Self::ChannelOpen(_) => &channel::Open::DESCRIPTOR,
            Self::ChannelOpenOk(_) => &channel::OpenOk::DESCRIPTOR,
            Self::ChannelFlow(_) => &channel::Flow::DESCRIPTOR,
            Self::ChannelFlowOk(_) => &channel::FlowOk::DESCRIPTOR,
            Self::ChannelClose(_) => &channel::Close::DESCRIPTOR,
            Self::ChannelCloseOk(_) => &channel::CloseOk::DESCRIPTOR,
            Self::AccessRequest(_) => &access::Request::DESCRIPTOR,
            Self::AccessRequestOk(_) => &access::RequestOk::DESCRIPTOR,
            Self::ExchangeDeclare(_) => &exchange::Declare::DESCRIPTOR,
            Self::ExchangeDeclareOk(_) => &exchange::DeclareOk::DESCRIPTOR,
            Self::ExchangeDelete(_) => &exchange::Delete::DESCRIPTOR,
            Self::ExchangeDeleteOk(_) => &exchange::DeleteOk::DESCRIPTOR,
            Self::ExchangeBind(_) => &exchange::Bind::DESCRIPTOR,
            Self::ExchangeBindOk(_) => &exchange::BindOk::DESCRIPTOR,
            Self::ExchangeUnbind(_) => &exchange::Unbind::DESCRIPTOR,
            Self::ExchangeUnbindOk(_) => &exchange::UnbindOk::DESCRIPTOR,
            Self::QueueDeclare(_) => &queue::Declare::DESCRIPTOR,
            Self::QueueDeclareOk(_) => &queue::DeclareOk::DESCRIPTOR,
            Self::QueueBind(_) => &queue::Bind::DESCRIPTOR,
            Self::QueueBindOk(_) => &queue::BindOk::DESCRIPTOR,
            Self::QueuePurge(_) => &queue::Purge::DESCRIPTOR,
            Self::QueuePurgeOk(_) => &queue::PurgeOk::DESCRIPTOR,
            Self::QueueDelete(_) => &queue::Delete::DESCRIPTOR,
            Self::QueueDeleteOk(_) => &queue::DeleteOk::DESCRIPTOR,
            Self::QueueUnbind(_) => &queue::Unbind::DESCRIPTOR,
            Self::QueueUnbindOk(_) => &queue::UnbindOk::DESCRIPTOR,
            Self::BasicQos(_) => &basic::Qos::DESCRIPTOR,
            Self::BasicQosOk(_) => &basic::QosOk::DESCRIPTOR,
            Self::BasicConsume(_) => &basic::Consume::DESCRIPTOR,
            Self::BasicConsumeOk(_) => &basic::ConsumeOk::DESCRIPTOR,
            Self::BasicCancel(_) => &basic::Cancel::DESCRIPTOR,
            Self::BasicCancelOk(_) => &basic::CancelOk::DESCRIPTOR,
            Self::BasicPublish(_) => &basic::Publish::DESCRIPTOR,
            Self::BasicReturn(_) => &basic::Return::DESCRIPTOR,
            Self::BasicDeliver(_) => &basic::Deliver::DESCRIPTOR,
            Self::BasicGet(_) => &basic::Get::DESCRIPTOR,
            Self::BasicGetOk(_) => &basic::GetOk::DESCRIPTOR,
            Self::BasicGetEmpty(_) => &basic::GetEmpty::DESCRIPTOR,
            Self::BasicAck(_) => &basic::Ack::DESCRIPTOR,
            Self::BasicReject(_) => &basic::Reject::DESCRIPTOR,
            Self::BasicRecoverAsync(_) => &basic::RecoverAsync::DESCRIPTOR,
            Self::BasicRecover(_) => &basic::Recover::DESCRIPTOR,
            Self::BasicRecoverOk(_) => &basic::RecoverOk::DESCRIPTOR,
            Self::BasicNack(_) => &basic::Nack::DESCRIPTOR,
            Self::ConfirmSelect(_) => &confirm::Select::DESCRIPTOR,
            Self::ConfirmSelectOk(_) => &confirm::SelectOk::DESCRIPTOR,
            Self::TxSelect(_) => &tx::Select::DESCRIPTOR,
            Self::TxSelectOk(_) => &tx::SelectOk::DESCRIPTOR,
            Self::TxCommit(_) => &tx::Commit::DESCRIPTOR,
            Self::TxCommitOk(_) => &tx::CommitOk::DESCRIPTOR,
            Self::TxRollback(_) => &tx::Rollback::DESCRIPTOR,
            Self::TxRollbackOk(_) => &tx::RollbackOk::DESCRIPTOR,
        }
    }

    fn encode_arguments(&self, out: &mut BytesMut) {
        match self {
            Self::ConnectionStart(method) => method.encode(out),
            Self::ConnectionStartOk(method) => method.encode(out),
            Self::ConnectionSecure(method) => method.encode(out),
            Self::ConnectionSecureOk(method) => method.encode(out),
            Self::ConnectionTune(method) => method.encode(out),
            Self::ConnectionTuneOk(method) => method.encode(out),
            Self::ConnectionOpen(method) => method.encode(out),
            Self::ConnectionOpenOk(method) => method.encode(out),
            Self::ConnectionClose(method) => method.encode(out),
            Self::ConnectionCloseOk(method) => method.encode(out),
            Self::ConnectionBlocked(method) => method.encode(out),
            Self::ConnectionUnblocked(method) => method.encode(out),
            Self::ConnectionUpdateSecret(method) => method.encode(out),
            Self::ConnectionUpdateSecretOk(method) => method.encode(out),
            Self::ChannelOpen(method) => method.encode(out),
            Self::ChannelOpenOk(method) => method.encode(out),
            Self::ChannelFlow(method) => method.encode(out),
            Self::ChannelFlowOk(method) => method.encode(out),
            Self::ChannelClose(method) => method.encode(out),
            Self::ChannelCloseOk(method) => method.encode(out),
            Self::AccessRequest(method) => method.encode(out),
            Self::AccessRequestOk(method) => method.encode(out),
            Self::ExchangeDeclare(method) => method.encode(out),
            Self::ExchangeDeclareOk(method) => method.encode(out),
            Self::ExchangeDelete(method) => method.encode(out),
            Self::ExchangeDeleteOk(method) => method.encode(out),
            Self::ExchangeBind(method) => method.encode(out),
            Self::ExchangeBindOk(method) => method.encode(out),
            Self::ExchangeUnbind(method) => method.encode(out),
            Self::ExchangeUnbindOk(method) => method.encode(out),
            Self::QueueDeclare(method) => method.encode(out),
            Self::QueueDeclareOk(method) => method.encode(out),
            Self::QueueBind(method) => method.encode(out),
            Self::QueueBindOk(method) => method.encode(out),
            Self::QueuePurge(method) => method.encode(out),
            Self::QueuePurgeOk(method) => method.encode(out),
            Self::QueueDelete(method) => method.encode(out),
            Self::QueueDeleteOk(method) => method.encode(out),
            Self::QueueUnbind(method) => method.encode(out),
            Self::QueueUnbindOk(method) => method.encode(out),
            Self::BasicQos(method) => method.encode(out),
            Self::BasicQosOk(method) => method.encode(out),
            Self::BasicConsume(method) => method.encode(out),
            Self::BasicConsumeOk(method) => method.encode(out),
            Self::BasicCancel(method) => method.encode(out),
            Self::BasicCancelOk(method) => method.encode(out),
            Self::BasicPublish(method) => method.encode(out),
            Self::BasicReturn(method) => method.encode(out),
            Self::BasicDeliver(method) => method.encode(out),
            Self::BasicGet(method) => method.encode(out),
            Self::BasicGetOk(method) => method.encode(out),
            Self::BasicGetEmpty(method) => method.encode(out),
            Self::BasicAck(method) => method.encode(out),
            Self::BasicReject(method) => method.encode(out),
            Self::BasicRecoverAsync(method) => method.encode(out),
            Self::BasicRecover(method) => method.encode(out),
            Self::BasicRecoverOk(method) => method.encode(out),
            Self::BasicNack(method) => method.encode(out),
            Self::ConfirmSelect(method) => method.encode(out),
            Self::ConfirmSelectOk(method) => method.encode(out),
            Self::TxSelect(method) => method.encode(out),
            Self::TxSelectOk(method) => method.encode(out),
            Self::TxCommit(method) => method.encode(out),
            Self::TxCommitOk(method) => method.encode(out),
            Self::TxRollback(method) => method.encode(out),
            Self::TxRollbackOk(method) => method.encode(out),
        }
    }

    fn read_arguments(
        ids: (u16, u16),
        input: &mut Reader<'_>,
        out: &mut Self,
    ) -> Result<(), DecodeError> {
        match ids {
            (10, 10) => put::<connection::Start>(input, out),
            (10, 11) => put::<connection::StartOk>(input, out),
            (10, 20) => put::<connection::Secure>(input, out),
            (10, 21) => put::<connection::SecureOk>(input, out),
            (10, 30) => put::<connection::Tune>(input, out),
            (10, 31) => put::<connection::TuneOk>(input, out),
            (10, 40) => put::<connection::Open>(input, out),
            (10, 41) => put::<connection::OpenOk>(input, out),
            (10, 50) => put::<connection::Close>(input, out),
            (10, 51) => put::<connection::CloseOk>(input, out),
            (10, 60) => put::<connection::Blocked>(input, out),
            (10, 61) => put::<connection::Unblocked>(input, out),
            (10, 70) => put::<connection::UpdateSecret>(input, out),
            (10, 71) => put::<connection::UpdateSecretOk>(input, out),
            (20, 10) => put::<channel::Open>(input, out),
            (20, 11) => put::<channel::OpenOk>(input, out),
            (20, 20) => put::<channel::Flow>(input, out),
            (20, 21) => put::<channel::FlowOk>(input, out),
            (20, 40) => put::<channel::Close>(input, out),
            (20, 41) => put::<channel::CloseOk>(input, out),
            (30, 10) => put::<access::Request>(input, out),
            (30, 11) => put::<access::RequestOk>(input, out),
            (40, 10) => put::<exchange::Declare>(input, out),
            (40, 11) => put::<exchange::DeclareOk>(input, out),
            (40, 20) => put::<exchange::Delete>(input, out),
            (40, 21) => put::<exchange::DeleteOk>(input, out),
            (40, 30) => put::<exchange::Bind>(input, out),
            (40, 31) => put::<exchange::BindOk>(input, out),
            (40, 40) => put::<exchange::Unbind>(input, out),
            (40, 51) => put::<exchange::UnbindOk>(input, out),
            (50, 10) => put::<queue::Declare>(input, out),
            (50, 11) => put::<queue::DeclareOk>(input, out),
            (50, 20) => put::<queue::Bind>(input, out),
            (50, 21) => put::<queue::BindOk>(input, out),
            (50, 30) => put::<queue::Purge>(input, out),
            (50, 31) => put::<queue::PurgeOk>(input, out),
            (50, 40) => put::<queue::Delete>(input, out),
            (50, 41) => put::<queue::DeleteOk>(input, out),
            (50, 50) => put::<queue::Unbind>(input, out),
            (50, 51) => put::<queue::UnbindOk>(input, out),
            (60, 10) => put::<basic::Qos>(input, out),
            (60, 11) => put::<basic::QosOk>(input, out),
            (60, 20) => put::<basic::Consume>(input, out),
            (60, 21) => put::<basic::ConsumeOk>(input, out),
            (60, 30) => put::<basic::Cancel>(input, out),
            (60, 31) => put::<basic::CancelOk>(input, out),
            (60, 40) => put::<basic::Publish>(input, out),
            (60, 50) => put::<basic::Return>(input, out),
            (60, 60) => put::<basic::Deliver>(input, out),
            (60, 70) => put::<basic::Get>(input, out),
            (60, 71) => put::<basic::GetOk>(input, out),
            (60, 72) => put::<basic::GetEmpty>(input, out),
            (60, 80) => put::<basic::Ack>(input, out),
            (60, 90) => put::<basic::Reject>(input, out),
            (60, 100) => put::<basic::RecoverAsync>(input, out),
            (60, 110) => put::<basic::Recover>(input, out),
            (60, 111) => put::<basic::RecoverOk>(input, out),
            (60, 120) => put::<basic::Nack>(input, out),
            (85, 10) => put::<confirm::Select>(input, out),
            (85, 11) => put::<confirm::SelectOk>(input, out),
            (90, 10) => put::<tx::Select>(input, out),
            (90, 11) => put::<tx::SelectOk>(input, out),
            (90, 20) => put::<tx::Commit>(input, out),
            (90, 21) => put::<tx::CommitOk>(input, out),
            (90, 30) => put::<tx::Rollback>(input, out),
            (90, 31) => put::<tx::RollbackOk>(input, out),
            _ => Err(DecodeError::UnknownMethod { class_id: ids.0, method_id: ids.1 }),
        }
    }
}

/// Reads arguments to where they are wanted.
fn put<M: Arguments + Into<Method>>(
    input: &mut Reader<'_>,
    out: &mut Method,
) -> Result<(), DecodeError> {
    *out = M::decode(input)?.into();
    Ok(())
}
