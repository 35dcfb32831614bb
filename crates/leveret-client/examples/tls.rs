//! Connects over TLS and says what it got, or what is wrong with the certificate.
//!
//! `AMQP_URL=amqps://broker.example cargo run -p leveret-client --example tls`. The broker's
//! certificate must come from an authority that this machine trusts; another is named by
//! `?cacertfile=ca.pem`, a client's certificate by `&certfile=me.pem&keyfile=me.key`, and with
//! `&auth_mechanism=external` that certificate also says who logs in.
#![expect(clippy::print_stdout, reason = "the reader is to see what happens")]

use std::error::Error;

use leveret_client::{
    CertificateProblem, ConnectError, ConnectOptions, Connection, TlsError, TlsOptions,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut options = ConnectOptions::from_env()?.unwrap_or_default();
    if options.tls.is_none() {
        // The same in code.
        println!("the URI does not begin with amqps://, so the usual port is tried");
        options.tls = Some(TlsOptions::default());
        options.port = ConnectOptions::TLS_PORT;
    }
    match Connection::connect(&options).await {
        Ok(connection) => {
            let product = connection.server_properties().get("product");
            println!("{} is {product:?}", options.authority());
            connection.close().await;
        }
        Err(ConnectError::Tls {
            source: TlsError::Certificate(CertificateProblem::UnknownAuthority),
            ..
        }) => println!("its authority is unknown here: add ?cacertfile=…"),
        Err(error) => println!("{error}"),
    }
    Ok(())
}
