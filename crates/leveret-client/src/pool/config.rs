//! Pools as a configuration file writes them.

use std::{collections::BTreeMap, time::Duration};

use leveret_settings::parse_duration;
use serde::Deserialize;

use crate::{options::ConnectOptions, pool::options::PoolOptions};

/// The tables `[pool.NAME]` of a configuration; others are left to who else reads the file.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct PoolsConfig {
    /// Each pool by its name.
    #[serde(default)]
    pub pool: BTreeMap<String, PoolConfig>,
}

/// One pool, as written; what is left out is as in [`PoolOptions::default`].
#[derive(Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PoolConfig {
    /// An AMQP URI.
    pub address: Option<String>,
    /// More of them, for when the one before does not answer.
    pub addresses: Vec<String>,
    /// How many connections there are at most.
    pub size: Option<u16>,
    /// How many channels can be checked out of each connection.
    pub channels_per_connection: Option<u16>,
    /// The prefetch of channels that are checked out; 0 is no limit.
    pub prefetch: Option<u16>,
    /// How long a check-out may take, with its unit: `500ms`, `5s`, `2min`.
    pub checkout_timeout: Option<String>,
}

/// A pool cannot be made as it is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` {problem}")]
#[non_exhaustive]
pub struct PoolConfigError {
    /// Which key, with the tables it stands in.
    pub key: String,
    /// What is wrong with it, and what was wanted.
    pub problem: String,
}

impl PoolConfig {
    /// The options of the pool `name`, whole and checked.
    pub fn resolve(&self, name: &str) -> Result<PoolOptions, PoolConfigError> {
        let wrong = |key: &str, problem: String| PoolConfigError {
            key: format!("pool.{name}.{key}"),
            problem,
        };
        let positive = |key: &str, number: Option<u16>, usual: u16| match number {
            Some(0) => Err(wrong(key, "is 0, wanted at least 1".to_owned())),
            Some(number) => Ok(number),
            None => Ok(usual),
        };
        let usual = PoolOptions::default();
        let mut addresses = Vec::new();
        let first = self.address.iter().map(|address| ("address", address));
        for (key, uri) in first.chain(self.addresses.iter().map(|uri| ("addresses", uri))) {
            let mut address = ConnectOptions::from_uri(uri)
                .map_err(|error| wrong(key, format!("is no address: {error}")))?;
            address.name.get_or_insert_with(|| name.to_owned());
            addresses.push(address);
        }
        if addresses.is_empty() {
            return Err(wrong("address", "is missing, wanted an AMQP URI".to_owned()));
        }
        let checkout_timeout = match &self.checkout_timeout {
            None => usual.checkout_timeout,
            Some(text) => match parse_duration(text) {
                Some(Duration::ZERO) => {
                    return Err(wrong("checkout_timeout", "is 0, wanted some time".to_owned()));
                }
                Some(time) => time,
                None => {
                    let problem =
                        format!("is `{text}`, wanted a whole number and a unit such as `5s`");
                    return Err(wrong("checkout_timeout", problem));
                }
            },
        };
        Ok(PoolOptions {
            addresses,
            size: positive("size", self.size, usual.size)?,
            channels_per_connection: positive(
                "channels_per_connection",
                self.channels_per_connection,
                usual.channels_per_connection,
            )?,
            prefetch: self.prefetch.unwrap_or(usual.prefetch),
            checkout_timeout,
            backoff: usual.backoff,
        })
    }
}

impl std::fmt::Debug for PoolConfig {
    /// Without the addresses, which may hold passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PoolConfig")
            .field("size", &self.size)
            .field("channels_per_connection", &self.channels_per_connection)
            .field("prefetch", &self.prefetch)
            .field("checkout_timeout", &self.checkout_timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str) -> Result<PoolOptions, PoolConfigError> {
        let config: PoolConfig = toml::from_str(text).map_err(|error| PoolConfigError {
            key: "the text".to_owned(),
            problem: error.to_string(),
        })?;
        config.resolve("listen")
    }

    #[test]
    fn what_is_written_counts_and_the_rest_is_as_usual() {
        let options = resolve(
            "address = 'amqp://jo:secret@one'
             addresses = ['amqp://two/v', 'amqp://three?heartbeat=5']
             size = 3
             checkout_timeout = '1500ms'",
        )
        .unwrap();
        let hosts: Vec<_> = options.addresses.iter().map(|at| at.host.as_str()).collect();
        assert_eq!(hosts, ["one", "two", "three"]);
        assert_eq!(options.addresses[0].name.as_deref(), Some("listen"));
        assert_eq!((options.size, options.prefetch), (3, PoolOptions::default().prefetch));
        assert_eq!(options.checkout_timeout, Duration::from_millis(1500));
    }

    #[test]
    fn an_error_names_the_key_and_shows_no_password() {
        let check = |text: &str, expected: &str| {
            assert_eq!(resolve(text).unwrap_err().to_string(), expected);
        };
        check("", "`pool.listen.address` is missing, wanted an AMQP URI");
        check("address = 'amqp://a'\nsize = 0", "`pool.listen.size` is 0, wanted at least 1");
        check(
            "address = 'amqp://a'\ncheckout_timeout = '5'",
            "`pool.listen.checkout_timeout` is `5`, wanted a whole number and a unit such as `5s`",
        );
        let error = resolve("address = 'ampq://jo:secret@a'").unwrap_err();
        assert!(error.to_string().starts_with("`pool.listen.address` is no address: "), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
        let error = toml::from_str::<PoolConfig>("sise = 3").unwrap_err();
        assert!(error.to_string().contains("unknown field `sise`"), "{error}");
    }

    #[test]
    fn a_configuration_shows_no_password() {
        let config: PoolConfig = toml::from_str("address = 'amqp://jo:secret@a'").unwrap();
        assert!(!format!("{config:?}").contains("secret"));
    }
}
