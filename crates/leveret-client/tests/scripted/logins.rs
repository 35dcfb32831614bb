//! How the client logs in, and what it says when it cannot.

use std::time::Duration;

use leveret_client::{ConnectError, ConnectOptions, Connection, Mechanism};
use leveret_protocol::Event;

use crate::peer::{limits, server_offering};

/// What the client answers to an offer, or why it does not.
async fn login(offered: &'static str, wanted: &[Mechanism]) -> Result<(String, Vec<u8>), String> {
    let (mut peer, near) = server_offering(offered, limits());
    let options = ConnectOptions {
        user: "jo".to_owned(),
        password: "hunter2".into(),
        mechanisms: wanted.to_vec(),
        ..ConnectOptions::default()
    };
    let connecting = tokio::spawn(async move { Connection::over(near, &options).await });
    let Event::Login { mechanism, response, .. } = peer.next().await else {
        let error = connecting.await.unwrap().unwrap_err();
        assert!(error.is_permanent());
        return Err(format!("{error}"));
    };
    connecting.abort();
    Ok((mechanism.to_string(), response.as_bytes().to_vec()))
}

#[tokio::test]
async fn the_first_mechanism_that_is_offered_is_taken() {
    let plain = Ok(("PLAIN".to_owned(), b"\0jo\0hunter2".to_vec()));
    let table = b"\x05LOGINS\0\0\0\x02jo\x08PASSWORDS\0\0\0\x07hunter2".to_vec();
    let amqplain = Ok(("AMQPLAIN".to_owned(), table));
    let external = Ok(("EXTERNAL".to_owned(), Vec::new()));
    let usual = ConnectOptions::default().mechanisms;
    assert_eq!(login("AMQPLAIN PLAIN", &usual).await, plain);
    assert_eq!(login("EXTERNAL AMQPLAIN", &usual).await, amqplain);
    assert_eq!(login("PLAIN AMQPLAIN", &[Mechanism::AmqPlain]).await, amqplain);
    let both = [Mechanism::External, Mechanism::Plain];
    assert_eq!(login("PLAIN EXTERNAL", &both).await, external);
    assert_eq!(login("PLAIN", &both).await, plain);
}

#[tokio::test]
async fn without_a_common_mechanism_the_error_names_both_sides() {
    let error = login("PLAIN AMQPLAIN", &[Mechanism::External]).await.unwrap_err();
    let text = "the broker offers the login mechanisms `PLAIN AMQPLAIN`, wanted one of `EXTERNAL`";
    assert_eq!(error, text);
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_named_before_anything_is_sent() {
    let zero = Duration::ZERO;
    let usual = ConnectOptions::default;
    let table = [
        ("mechanisms", ConnectOptions { mechanisms: Vec::new(), ..usual() }),
        ("user", ConnectOptions { user: "a\0b".to_owned(), ..usual() }),
        ("password", ConnectOptions { password: "a\0b".into(), ..usual() }),
        ("heartbeat", ConnectOptions { heartbeat: Duration::from_secs(65_536), ..usual() }),
        ("connect_timeout", ConnectOptions { connect_timeout: zero, ..usual() }),
        ("request_timeout", ConnectOptions { request_timeout: zero, ..usual() }),
        ("publish_timeout", ConnectOptions { publish_timeout: zero, ..usual() }),
        ("unconfirmed_max", ConnectOptions { unconfirmed_max: 0, ..usual() }),
    ];
    for (name, options) in table {
        let (_peer, near) = server_offering("PLAIN", limits());
        let error = Connection::over(near, &options).await.unwrap_err();
        assert!(
            matches!(&error, ConnectError::Option { option, .. } if *option == name),
            "{name}: {error:?}"
        );
        assert!(error.is_permanent());
    }
}
