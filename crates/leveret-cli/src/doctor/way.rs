//! The way to the broker: name, port, TLS, login, virtual host.

use std::net::ToSocketAddrs;

use leveret_client::{ConnectError, ConnectOptions, Connection, FieldTable, FieldValue};

use super::{
    certificate,
    check::Check,
    reach::{PATIENCE, reach},
};

/// Follows the way as far as it leads.
pub(super) async fn follow(
    options: &ConnectOptions,
    checks: &mut Vec<Check>,
) -> Option<Connection> {
    let authority = options.authority();
    let addresses = match (options.host.as_str(), options.port).to_socket_addrs() {
        Ok(addresses) => addresses.collect::<Vec<_>>(),
        Err(error) => {
            let fix = format!("check the host in the address; is `{}` its name?", options.host);
            checks.push(Check::fail("name", format!("`{}`: {error}", options.host), fix));
            return None;
        }
    };
    let shown: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
    checks.push(Check::ok("name", format!("{} is {}", options.host, shown.join(", "))));
    if let Err(error) = reach(options) {
        let fix = format!(
            "start the broker (`leveret broker --listen {authority}`), or open the firewall"
        );
        checks.push(Check::fail("port", format!("{authority}: {error}"), fix));
        return None;
    }
    checks.push(Check::ok("port", format!("{authority} answers")));
    checks.extend(certificate::of_broker(options));
    let options = ConnectOptions { connect_timeout: PATIENCE, ..options.clone() };
    match Connection::connect(&options).await {
        Ok(connection) => {
            entered(&options, &connection, checks);
            Some(connection)
        }
        Err(error) => {
            checks.push(refused(&options, &error));
            None
        }
    }
}

fn entered(options: &ConnectOptions, connection: &Connection, checks: &mut Vec<Check>) {
    checks.push(match options.tls {
        Some(_) => Check::ok("tls", "the certificate is trusted and valid now"),
        None if is_near(&options.host) => Check::ok("tls", "none, on this machine"),
        None => Check::warn(
            "tls",
            "nothing is encrypted, the password neither",
            "use `amqps://` and a certificate: docs/service.md",
        ),
    });
    let host = options.virtual_host.to_string_lossy();
    checks.push(login(options));
    checks.push(Check::ok("vhost", format!("`{host}` lets user `{}` in", options.user)));
    let properties = connection.server_properties();
    checks.push(Check::ok("version", versions(properties)));
}

fn login(options: &ConnectOptions) -> Check {
    let is_usual = options.user == "guest" && options.password.reveal() == "guest";
    if is_usual && !is_near(&options.host) {
        let fix = "make a user of your own, and delete `guest`: leveret ctl add-user";
        return Check::warn("login", "user `guest` with the password everybody knows", fix);
    }
    Check::ok("login", format!("user `{}` is known", options.user))
}

fn is_near(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Of a Leveret broker its own version, and the one it gives to clients that compare `RabbitMQ`'s.
fn versions(properties: &FieldTable) -> String {
    let (product, version) = (text(properties, "product"), text(properties, "version"));
    let broker = match properties.get("leveret_version") {
        Some(_) => {
            let own = text(properties, "leveret_version");
            format!("{product} {own}, which behaves like RabbitMQ {version}")
        }
        None => format!("{product} {version}"),
    };
    format!("the broker is {broker}; this command is of leveret {}", env!("CARGO_PKG_VERSION"))
}

fn text(properties: &FieldTable, name: &str) -> String {
    match properties.get(name) {
        Some(FieldValue::LongString(text)) => String::from_utf8_lossy(&text).into_owned(),
        Some(_) | None => "?".to_owned(),
    }
}

/// Which step a refusal belongs to, and what mends it.
fn refused(options: &ConnectOptions, error: &ConnectError) -> Check {
    let found = said(error);
    let host = options.virtual_host.to_string_lossy();
    let user = &options.user;
    if let ConnectError::LoginRefused { .. } = error {
        let fix = format!(
            "check user and password; leveret ctl add-user {user}, or change-password {user}; \
             `guest` may come from the broker's own machine only"
        );
        return Check::fail("login", found, fix);
    }
    if let ConnectError::VirtualHostRefused { .. } = error {
        let fix = format!(
            "leveret ctl list-vhosts; leveret ctl -p {host} set-permissions {user} '.*' '.*' '.*'"
        );
        return Check::fail("vhost", found, fix);
    }
    if let ConnectError::Tls { .. } = error {
        let fix = "check the certificate's name, its time, and who signed it (`cacertfile`)";
        return Check::fail("tls", found, fix);
    }
    if let ConnectError::MechanismNotOffered { .. } = error {
        return Check::fail("login", found, "log in by one of those that the broker offers");
    }
    let fix = "is it an AMQP 0-9-1 port? With TLS it is `amqps://`, usually at 5671";
    Check::fail("amqp", found, fix)
}

fn said(error: &ConnectError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(&format!(": {inner_text}"));
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_of_ours_tells_its_version_and_whose_it_behaves_like() {
        let text = |text: &'static str| FieldValue::LongString(text.into());
        let table = |product, version| {
            FieldTable::builder().insert("product", text(product)).insert("version", text(version))
        };
        let command = format!("this command is of leveret {}", env!("CARGO_PKG_VERSION"));
        let ours = table("Leveret", "3.13.7").insert("leveret_version", text("0.2.0")).build();
        let told = "the broker is Leveret 0.2.0, which behaves like RabbitMQ 3.13.7; ";
        assert_eq!(versions(&ours), format!("{told}{command}"));
        let theirs = table("RabbitMQ", "3.10.8").build();
        assert_eq!(versions(&theirs), format!("the broker is RabbitMQ 3.10.8; {command}"));
    }
}
