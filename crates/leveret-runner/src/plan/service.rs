//! The service line: `connection site@service [workers]`.

use leveret::ConfigText;
use toml::{Spanned, Value};

use super::{DEFAULT_CONNECTION, Reading};

/// Who runs: where, for whom, how many at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) connection: String,
    pub(crate) site: Option<String>,
    pub(crate) name: String,
    pub(crate) workers: Option<i64>,
}

impl Service {
    /// From a line; what is wrong with it otherwise.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let form = "a service is `connection site@service [workers]`";
        let words: Vec<&str> = line.split_whitespace().collect();
        let (connection, service, workers) = match words.as_slice() {
            [connection, service] => (connection, service, None),
            [connection, service, workers] => (connection, service, Some(workers)),
            _ => return Err(format!("{form}, found `{line}`")),
        };
        let (site, name) = match service.split_once('@') {
            Some((site, name)) => (Some(site), name),
            None => (None, *service),
        };
        if name.is_empty() || site.is_some_and(str::is_empty) || name.contains('@') {
            return Err(format!("{form}, found `{service}` for `site@service`"));
        }
        if connection.contains('@') {
            return Err(format!("{form}, found no connection before `{connection}`"));
        }
        let workers = match workers.map(|text| (text, text.parse())) {
            None => None,
            Some((_, Ok(workers))) if (1..=1024).contains(&workers) => Some(workers),
            Some((text, _)) => return Err(format!("workers are 1 to 1024, found `{text}`")),
        };
        let site = site.map(ToOwned::to_owned);
        Ok(Self { connection: (*connection).to_owned(), site, name: name.to_owned(), workers })
    }

    /// The same for however many messages at a time.
    pub(crate) fn without_workers(&self) -> Self {
        Self { workers: None, ..self.clone() }
    }

    /// As it is called in logs and metrics.
    pub(crate) fn title(&self) -> String {
        match &self.site {
            Some(site) => format!("{site}@{}", self.name),
            None => self.name.clone(),
        }
    }

    /// From a line or a table of the right shape.
    fn read(value: &Value) -> Result<Self, String> {
        let table = match value {
            Value::String(line) => return Self::parse(line),
            Value::Table(table) => table,
            Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_) => return Err("a service is a line or a table".to_owned()),
        };
        let text = |key| Some(table.get(key)?.as_str()?.to_owned());
        Ok(Self {
            connection: text("connection").unwrap_or_else(|| DEFAULT_CONNECTION.to_owned()),
            site: text("site"),
            name: text("service").unwrap_or_default(),
            workers: table.get("workers").and_then(Value::as_integer),
        })
    }
}

impl Reading<'_> {
    /// The services, each known once, on connections and sites that are described.
    pub(super) fn services(
        &mut self,
        written: &[Spanned<Value>],
        sites: &[&str],
    ) -> Vec<Spanned<Service>> {
        let mut services: Vec<Spanned<Service>> = Vec::new();
        for value in written {
            let service = match Service::read(value.get_ref()) {
                Ok(service) => service,
                Err(problem) => {
                    self.wrong(value.span(), problem, None);
                    continue;
                }
            };
            self.known_connection(&service.connection, value.span());
            if let Some(site) = &service.site
                && !sites.contains(&site.as_str())
            {
                let near = ConfigText::nearest(site, sites.iter().copied());
                let hint = near.map_or_else(
                    || format!("describe it: `[sites.{site}]`"),
                    |near| format!("did you mean `{near}`?"),
                );
                self.wrong(value.span(), format!("`{site}` is no site"), Some(hint));
            }
            if services.iter().any(|known| known.get_ref().title() == service.title()) {
                let text = format!("service `{}` is there twice", service.title());
                self.wrong(value.span(), text, None);
                continue;
            }
            services.push(Spanned::new(value.span(), service));
        }
        services
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_connection_site_service_and_workers() {
        let service = |site: Option<&str>, workers| Service {
            connection: "main".to_owned(),
            site: site.map(ToOwned::to_owned),
            name: "orders".to_owned(),
            workers,
        };
        let parsed = |line| Service::parse(line);
        assert_eq!(parsed("main shop@orders 4"), Ok(service(Some("shop"), Some(4))));
        assert_eq!(parsed(" main  shop@orders "), Ok(service(Some("shop"), None)));
        assert_eq!(parsed("main orders 1024"), Ok(service(None, Some(1024))));
        assert_eq!(service(Some("shop"), None).title(), "shop@orders");
    }

    #[test]
    fn any_other_line_is_refused_with_what_was_found() {
        for (line, problem) in [
            ("orders", "a service is `connection site@service [workers]`, found `orders`"),
            (
                "main @orders",
                "a service is `connection site@service [workers]`, found `@orders` for `site@service`",
            ),
            (
                "main shop@",
                "a service is `connection site@service [workers]`, found `shop@` for `site@service`",
            ),
            (
                "shop@orders 4",
                "a service is `connection site@service [workers]`, found no connection before `shop@orders`",
            ),
            ("main shop@orders 0", "workers are 1 to 1024, found `0`"),
            ("main shop@orders many", "workers are 1 to 1024, found `many`"),
            (
                "main shop@orders 4 5",
                "a service is `connection site@service [workers]`, found `main shop@orders 4 5`",
            ),
        ] {
            assert_eq!(Service::parse(line), Err(problem.to_owned()), "{line}");
        }
    }
}
