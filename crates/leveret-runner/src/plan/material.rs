//! Certificates and keys that addresses name.

use leveret_client::ConnectOptions;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Reading;
use crate::values::get;

impl Reading<'_> {
    /// Tells which of them cannot be used: a connection would fail by them.
    pub(super) fn check_material(&mut self, common: &DeTable<'_>) {
        let table = |name| get(common, name).and_then(|value| value.get_ref().as_table());
        let unnamed = table("connection").and_then(|one| get(one, "address"));
        let named = table("connections").into_iter().flatten();
        let named = named.filter_map(|(_, one)| get(one.get_ref().as_table()?, "address"));
        let addresses: Vec<&Spanned<DeValue<'_>>> = unnamed.into_iter().chain(named).collect();
        for address in addresses {
            // One that is no address is told elsewhere.
            let options = address.get_ref().as_str().map(ConnectOptions::from_uri);
            let Some(Ok(ConnectOptions { tls: Some(tls), .. })) = options else { continue };
            if let Err(error) = tls.check_files() {
                self.wrong(address.span(), with_cause(&error), None);
            }
        }
    }
}

/// The error and what is behind it, unless it says that itself.
fn with_cause(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    match error.source().map(ToString::to_string) {
        Some(cause) if !text.contains(&cause) => format!("{text}: {cause}"),
        Some(_) | None => text,
    }
}
