//! AMQP broker semantics as a value: inputs in, effects out.
#![no_std]
extern crate alloc;
