//! What lies between TCP and AMQP: TLS, or nothing.
//!
//! Keeps true: unless the options say loudly otherwise, nothing is sent to a broker whose
//! certificate was not verified.

#[cfg(feature = "tls")]
mod material;
#[cfg(feature = "tls")]
mod problem;
#[cfg(feature = "tls")]
mod secured;
#[cfg(feature = "tls")]
mod verifier;

#[cfg(feature = "tls")]
pub(crate) use self::secured::secure;
#[cfg(not(feature = "tls"))]
pub(crate) use self::unsupported::secure;

#[cfg(not(feature = "tls"))]
mod unsupported {
    //! A client without TLS.

    use tokio::net::TcpStream;

    use crate::{error::TlsError, options::TlsOptions};

    impl TlsOptions {
        /// Always an error: this client has no TLS.
        pub fn check_files(&self) -> Result<(), TlsError> {
            Err(TlsError::Unsupported)
        }
    }

    pub(crate) async fn secure(
        _: TcpStream,
        _: &str,
        _: &TlsOptions,
    ) -> Result<TcpStream, TlsError> {
        std::future::ready(Err(TlsError::Unsupported)).await
    }
}
