//! A stream to the broker, before anything is said.

use std::{
    io,
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

use leveret_client::ConnectOptions;

/// How long each step may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A stream to the first of its addresses that answers.
pub(super) fn reach(options: &ConnectOptions) -> io::Result<TcpStream> {
    let mut last = io::Error::other("no address");
    for address in (options.host.as_str(), options.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}
