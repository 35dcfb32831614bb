//! Frames: what is said as JSON, and bytes that go with it.
//!
//! A frame is two lengths of four bytes each, the highest byte first, then as many bytes of JSON
//! and as many of payload. No length is believed beyond its bound.

use std::io;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The longest JSON of a frame, in bytes.
const JSON_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A frame cannot be read, or not be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrameError {
    #[error("a frame of {found} bytes, at most {max} are possible")]
    TooLong { found: usize, max: usize },
    #[error("its output ended")]
    Ended,
    #[error("its pipe broke: {0}")]
    Pipe(#[from] io::Error),
    #[error("a frame that is not as the protocol says: {0}")]
    Json(#[from] serde_json::Error),
}

/// Writes a frame.
pub(super) async fn write(
    pipe: &mut (impl AsyncWrite + Unpin),
    said: &impl Serialize,
    payload: &[u8],
    bytes_max: usize,
) -> Result<(), FrameError> {
    let json = serde_json::to_vec(said)?;
    let lengths = (u32::try_from(json.len()), u32::try_from(payload.len()));
    let found = json.len().saturating_add(payload.len());
    let too_long = FrameError::TooLong { found, max: bytes_max.min(u32::MAX as usize) };
    let (Ok(json_bytes), Ok(payload_bytes)) = lengths else { return Err(too_long) };
    if found > bytes_max || json.len() > JSON_BYTES_MAX {
        return Err(too_long);
    }
    let mut head = Vec::with_capacity(8 + json.len());
    head.extend_from_slice(&json_bytes.to_be_bytes());
    head.extend_from_slice(&payload_bytes.to_be_bytes());
    head.extend_from_slice(&json);
    pipe.write_all(&head).await?;
    pipe.write_all(payload).await?;
    pipe.flush().await?;
    Ok(())
}

/// Reads a frame.
pub(super) async fn read<T: DeserializeOwned>(
    pipe: &mut (impl AsyncRead + Unpin),
    bytes_max: usize,
) -> Result<(T, Bytes), FrameError> {
    let json_bytes = length(pipe).await?;
    let payload_bytes = length(pipe).await?;
    let found = json_bytes.saturating_add(payload_bytes);
    if found > bytes_max || json_bytes > JSON_BYTES_MAX {
        return Err(FrameError::TooLong { found, max: bytes_max });
    }
    let json = exactly(pipe, json_bytes).await?;
    let payload = exactly(pipe, payload_bytes).await?;
    Ok((serde_json::from_slice(&json)?, payload.into()))
}

async fn length(pipe: &mut (impl AsyncRead + Unpin)) -> Result<usize, FrameError> {
    let length = pipe.read_u32().await.map_err(ended)?;
    Ok(usize::try_from(length).unwrap_or(usize::MAX))
}

/// Memory is taken as bytes come, not as they are announced.
async fn exactly(pipe: &mut (impl AsyncRead + Unpin), count: usize) -> Result<Vec<u8>, FrameError> {
    let mut bytes = Vec::new();
    let wanted = u64::try_from(count).unwrap_or(u64::MAX);
    pipe.take(wanted).read_to_end(&mut bytes).await?;
    if bytes.len() == count { Ok(bytes) } else { Err(FrameError::Ended) }
}

fn ended(error: io::Error) -> FrameError {
    let is_end = error.kind() == io::ErrorKind::UnexpectedEof;
    if is_end { FrameError::Ended } else { FrameError::Pipe(error) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[tokio::test]
    async fn a_frame_is_read_as_it_was_written() {
        let mut pipe = Vec::new();
        write(&mut pipe, &json!({"a": 1}), b"\0\xff", 100).await.unwrap();
        assert_eq!(pipe, b"\0\0\0\x07\0\0\0\x02{\"a\":1}\0\xff");
        let (said, payload) = read::<Value>(&mut pipe.as_slice(), 9).await.unwrap();
        assert_eq!((said, payload.as_ref()), (json!({"a": 1}), &b"\0\xff"[..]));
    }

    #[tokio::test]
    async fn no_length_is_believed_beyond_its_bound() {
        let read = async |bytes: &[u8]| {
            let mut pipe = bytes;
            read::<Value>(&mut pipe, 9).await.unwrap_err().to_string()
        };
        assert_eq!(read(b"").await, "its output ended");
        assert_eq!(read(b"\0\0\0\x07\0\0").await, "its output ended");
        assert_eq!(read(b"\0\0\0\x07\0\0\0\x02{\"a\":").await, "its output ended");
        let too_long = "a frame of 10 bytes, at most 9 are possible";
        assert_eq!(read(b"\0\0\0\x07\0\0\0\x03{\"a\":1}").await, too_long);
        assert!(read(b"Hello world, I am no frame").await.starts_with("a frame of"));
        assert!(read(b"\0\0\0\x02\0\0\0\0{]").await.contains("not as the protocol says"));
        assert!(write(&mut Vec::new(), &json!(1), &[0; 10], 9).await.is_err());
    }
}
