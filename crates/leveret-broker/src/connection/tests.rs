//! A panic in one connection's task, which nothing from outside can cause.

use std::time::Duration;

use bytes::{Buf, BytesMut};
use leveret_protocol::{
    ChannelNumber, FrameBuffer, Method, PROTOCOL_HEADER, ShortStr, connection::StartOk,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::{Broker, Limits};

/// Sends a login of that mechanism, and reads to the end.
async fn log_in(mut stream: DuplexStream, mechanism: &'static str) -> BytesMut {
    let mut frames = FrameBuffer::new();
    frames.push_raw(&PROTOCOL_HEADER);
    let mechanism = ShortStr::from_static(mechanism);
    let start_ok = Method::ConnectionStartOk(StartOk { mechanism, ..StartOk::default() });
    frames.push_method(ChannelNumber::CONNECTION, &start_ok, u32::MAX).unwrap();
    stream.write_all(&frames.copy_to_bytes(frames.len())).await.unwrap();
    let mut answer = BytesMut::new();
    while stream.read_buf(&mut answer).await.unwrap() > 0 {}
    answer
}

#[tokio::test]
async fn a_panic_closes_its_connection_with_541_and_no_other() {
    let limits = Limits { refusal_delay: Duration::ZERO, ..Limits::default() };
    let broker = Broker::builder().in_memory().limits(limits).start().await.unwrap();
    let answer = log_in(broker.connect(), "PANIC").await;
    let mut close = b"\x01\0\0\0\0\0\x19\0\x0a\0\x32".to_vec();
    close.extend_from_slice(&541_u16.to_be_bytes());
    close.extend_from_slice(b"\x0eINTERNAL_ERROR\0\0\0\0\xce");
    assert!(answer.ends_with(&close), "{answer:?}");
    assert_eq!(broker.connection_panics(), 1);
    let answer = log_in(broker.connect(), "PLAIN").await;
    assert!(!answer.ends_with(&close), "the next one is refused in peace");
    assert_eq!(broker.connection_panics(), 1);
    broker.shutdown().await;
}
