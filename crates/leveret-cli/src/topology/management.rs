//! A virtual host as the management API lists it.

use leveret_client::ConnectOptions;
use leveret_topology::Snapshot;
use serde_json::{Map, Value};

use super::failure::TopologyFailure;
use crate::{
    ctl::call::{Call, Server},
    web::{ADMIN_PORT, admin_login},
};

/// The lists of a topology.
const LISTS: [&str; 4] = ["exchanges", "queues", "bindings", "policies"];

/// The API of one virtual host.
pub(crate) struct Management {
    server: Server,
    virtual_host: String,
}

impl Management {
    /// At this address; whoever logs in to the broker logs in here, unless something else is said.
    pub(crate) fn at(url: &str, options: &ConnectOptions) -> Result<Self, TopologyFailure> {
        let plain = url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/');
        if plain.contains("://") || plain.contains('/') {
            let text = "wanted http://HOST:PORT; TLS and paths are not spoken here";
            return Err(TopologyFailure::Http(text.to_owned()));
        }
        let (login, address) = match plain.rsplit_once('@') {
            Some((login, address)) => (Some(login), address),
            None => (None, plain),
        };
        let has_port =
            address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let address = if has_port { address.to_owned() } else { format!("{address}:{ADMIN_PORT}") };
        let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, "")))
        {
            Some((user, password)) => (user.to_owned(), password.to_owned()),
            None => admin_login(options),
        };
        let virtual_host = options.virtual_host.to_string_lossy().into_owned();
        Ok(Self { server: Server { address, user, password }, virtual_host })
    }

    /// All there is.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, TopologyFailure> {
        let mut lists = Map::new();
        for list in LISTS {
            let call = Call::new("GET", &[list, &self.virtual_host], None);
            lists.insert(list.to_owned(), self.server.ask(&call)?);
        }
        Snapshot::from_json(&Value::Object(lists), &self.virtual_host)
            .map_err(TopologyFailure::Lists)
    }

    pub(crate) fn put_policy(
        &self,
        policy: &leveret_topology::Policy,
    ) -> Result<(), TopologyFailure> {
        let body = policy.to_json(&self.virtual_host);
        let path = ["policies", &self.virtual_host, &policy.name];
        self.server.ask(&Call::new("PUT", &path, Some(body)))?;
        Ok(())
    }

    pub(crate) fn delete_policy(&self, name: &str) -> Result<(), TopologyFailure> {
        let path = ["policies", &self.virtual_host, name];
        self.server.ask(&Call::new("DELETE", &path, None))?;
        Ok(())
    }
}
