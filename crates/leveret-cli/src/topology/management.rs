//! A virtual host as the management API lists it.

use leveret_client::ConnectOptions;
use leveret_topology::Snapshot;
use serde_json::{Map, Value};

use super::failure::TopologyFailure;
use crate::{
    ctl::call::{Call, Server},
    web::{ADMIN_PORTS, Site, TrustArgs, admin_login},
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
    pub(crate) fn at(
        url: &str,
        trust: &TrustArgs,
        options: &ConnectOptions,
    ) -> Result<Self, TopologyFailure> {
        let site = Site::parse(url, ADMIN_PORTS, trust.file(Some(options)))?;
        let (user, password) = site.login().unwrap_or_else(|| admin_login(options));
        let virtual_host = options.virtual_host.to_string_lossy().into_owned();
        Ok(Self { server: Server { site, user, password }, virtual_host })
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
