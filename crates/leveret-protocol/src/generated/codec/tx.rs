//! The methods of class tx as bytes.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

use bytes::BytesMut;

use crate::decode_error::DecodeError;
use crate::generated::tx::{Commit, CommitOk, Rollback, RollbackOk, Select, SelectOk};
use crate::method::{Arguments, Descriptor, Sender};
use crate::reader::Reader;

impl Arguments for Select {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 90,
        method_id: 10,
        name: "tx.select",
        sender: Sender::Client,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}

impl Arguments for SelectOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 90,
        method_id: 11,
        name: "tx.select-ok",
        sender: Sender::Server,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}

impl Arguments for Commit {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 90,
        method_id: 20,
        name: "tx.commit",
        sender: Sender::Client,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}

impl Arguments for CommitOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 90,
        method_id: 21,
        name: "tx.commit-ok",
        sender: Sender::Server,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}

impl Arguments for Rollback {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 90,
        method_id: 30,
        name: "tx.rollback",
        sender: Sender::Client,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}

impl Arguments for RollbackOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 90,
        method_id: 31,
        name: "tx.rollback-ok",
        sender: Sender::Server,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}
