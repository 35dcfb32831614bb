//! Pools by their names.

use std::collections::BTreeMap;

use crate::pool::{
    Pool,
    config::{PoolConfigError, PoolsConfig},
};

/// The pools of a program, each under its name.
///
/// ```
/// use leveret_client::{Pools, PoolsConfig};
///
/// let config: PoolsConfig = toml::from_str(
///     r#"
///     [pool.publish]
///     address = "amqp://guest:guest@localhost"
///     size = 2
///
///     [pool.listen]
///     address = "amqp://guest:guest@localhost"
///     prefetch = 20
///     checkout_timeout = "10s"
///     "#,
/// )?;
/// let pools = Pools::from_config(&config)?;
/// assert_eq!(pools.get("publish")?.options().size, 2);
/// assert_eq!(
///     pools.get("lissen").unwrap_err().to_string(),
///     "there is no pool `lissen`, only `listen`, `publish`"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Pools {
    pools: BTreeMap<String, Pool>,
}

/// No pool has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no pool `{name}`, {}", only(known))]
#[non_exhaustive]
pub struct UnknownPool {
    /// The name.
    pub name: String,
    /// Those there are.
    pub known: Vec<String>,
}

fn only(known: &[String]) -> String {
    if known.is_empty() {
        return "nor any other".to_owned();
    }
    format!("only `{}`", known.join("`, `"))
}

impl Pools {
    /// The pools of a configuration. Nothing is connected yet.
    pub fn from_config(config: &PoolsConfig) -> Result<Self, PoolConfigError> {
        let pools = config.pool.iter().map(|(name, config)| {
            let pool = Pool::new(name, config.resolve(name)?);
            Ok((name.clone(), pool))
        });
        Ok(Self { pools: pools.collect::<Result<_, _>>()? })
    }

    /// Adds a pool under its own name; one that had the name before is given back.
    pub fn insert(&mut self, pool: Pool) -> Option<Pool> {
        self.pools.insert(pool.name().to_owned(), pool)
    }

    /// The pool with this name.
    pub fn get(&self, name: &str) -> Result<&Pool, UnknownPool> {
        self.pools.get(name).ok_or_else(|| UnknownPool {
            name: name.to_owned(),
            known: self.pools.keys().cloned().collect(),
        })
    }

    /// All pools, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Pool> {
        self.pools.values()
    }

    /// Closes all pools.
    pub async fn close(&self) {
        for pool in self.iter() {
            pool.close().await;
        }
    }
}
