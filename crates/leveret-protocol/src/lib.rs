//! AMQP 0-9-1 on the wire and in conversation, without IO.
#![no_std]
extern crate alloc;
