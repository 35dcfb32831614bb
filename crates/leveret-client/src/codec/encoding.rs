//! Compressed bodies.
//!
//! Unpacking stops at a limit, whatever a body promises.

#[cfg(any(feature = "gzip", feature = "zstd"))]
use std::io::{self, Read};

use bytes::Bytes;

use crate::codec::error::{DecodeError, EncodeError};

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// RFC 1952. Cargo feature `gzip`.
    Gzip,
    /// RFC 1950, which HTTP calls deflate. Cargo feature `gzip`.
    Deflate,
    /// RFC 8878. Cargo feature `zstd`.
    Zstd,
}

/// Whether a content encoding leaves the body as it is. Some publishers name a charset here.
pub(super) fn is_plain(name: &str) -> bool {
    let plain = ["", "identity", "utf-8", "utf8", "us-ascii", "7bit", "8bit", "binary"];
    plain.iter().any(|plain| name.eq_ignore_ascii_case(plain))
}

impl Encoding {
    /// Its content encoding.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The compressed body.
    #[cfg_attr(
        not(any(feature = "gzip", feature = "zstd")),
        expect(unused_variables, reason = "nothing is built in that could use them")
    )]
    pub(super) fn pack(self, body: &[u8]) -> Result<Bytes, EncodeError> {
        match self {
            #[cfg(feature = "gzip")]
            Self::Gzip => {
                let level = flate2::Compression::default();
                self.packed(flate2::bufread::GzEncoder::new(body, level))
            }
            #[cfg(feature = "gzip")]
            Self::Deflate => {
                let level = flate2::Compression::default();
                self.packed(flate2::bufread::ZlibEncoder::new(body, level))
            }
            #[cfg(feature = "zstd")]
            Self::Zstd => match zstd::bulk::compress(body, zstd::DEFAULT_COMPRESSION_LEVEL) {
                Ok(packed) => Ok(packed.into()),
                Err(error) => Err(self.not_packed(&error)),
            },
            #[cfg(not(feature = "gzip"))]
            Self::Gzip | Self::Deflate => {
                Err(EncodeError::NotBuilt { name: self.name(), feature: "gzip" })
            }
            #[cfg(not(feature = "zstd"))]
            Self::Zstd => Err(EncodeError::NotBuilt { name: self.name(), feature: "zstd" }),
        }
    }

    /// The body that was compressed, unless it is longer than `max` bytes.
    #[cfg_attr(
        not(any(feature = "gzip", feature = "zstd")),
        expect(unused_variables, reason = "nothing is built in that could use them")
    )]
    pub(super) fn unpack(self, packed: &[u8], max: usize) -> Result<Bytes, DecodeError> {
        match self {
            #[cfg(feature = "gzip")]
            Self::Gzip => self.unpacked(flate2::bufread::MultiGzDecoder::new(packed), max),
            #[cfg(feature = "gzip")]
            Self::Deflate => self.unpacked(flate2::bufread::ZlibDecoder::new(packed), max),
            #[cfg(feature = "zstd")]
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(packed)
                    .map_err(|error| self.not_unpacked(&error))?;
                let window_log = max.max(1).ilog2().clamp(23, 27);
                decoder.window_log_max(window_log).map_err(|error| self.not_unpacked(&error))?;
                self.unpacked(decoder, max)
            }
            #[cfg(not(feature = "gzip"))]
            Self::Gzip | Self::Deflate => {
                Err(DecodeError::NotBuilt { name: self.name(), feature: "gzip" })
            }
            #[cfg(not(feature = "zstd"))]
            Self::Zstd => Err(DecodeError::NotBuilt { name: self.name(), feature: "zstd" }),
        }
    }

    #[cfg(feature = "gzip")]
    fn packed(self, mut encoder: impl Read) -> Result<Bytes, EncodeError> {
        let mut packed = Vec::new();
        match encoder.read_to_end(&mut packed) {
            Ok(_) => Ok(packed.into()),
            Err(error) => Err(self.not_packed(&error)),
        }
    }

    #[cfg(any(feature = "gzip", feature = "zstd"))]
    fn unpacked(self, decoder: impl Read, max: usize) -> Result<Bytes, DecodeError> {
        let mut body = Vec::new();
        // One byte more shows that there is more.
        let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
        match decoder.take(limit).read_to_end(&mut body) {
            Ok(_) if body.len() > max => Err(DecodeError::TooLarge { encoding: self.name(), max }),
            Ok(_) => Ok(body.into()),
            Err(error) => Err(self.not_unpacked(&error)),
        }
    }

    #[cfg(any(feature = "gzip", feature = "zstd"))]
    fn not_packed(self, error: &io::Error) -> EncodeError {
        EncodeError::Compression { encoding: self.name(), text: error.to_string() }
    }

    #[cfg(any(feature = "gzip", feature = "zstd"))]
    fn not_unpacked(self, error: &io::Error) -> DecodeError {
        DecodeError::Compression { encoding: self.name(), text: error.to_string() }
    }
}
