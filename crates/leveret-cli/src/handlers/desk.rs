//! An application under control, asked over HTTP.

use std::time::Duration;

use serde_json::Value;

use super::args::AppAddress;
use crate::{
    Refusal,
    exit::Exit,
    web::{APP_PORTS, Ask, PATIENCE, SendError, Site, encoded, of_flag},
};

/// Where an application is, and how to be let in.
pub(crate) struct Desk {
    site: Site,
    token: Option<String>,
}

/// Whether an act was finished.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Wholly,
    /// It goes on.
    NotYet,
}

impl Desk {
    pub(crate) fn of(address: &AppAddress) -> Result<Self, Refusal> {
        let token = address.token_file.as_deref().map(|path| -> Result<String, Refusal> {
            let text = std::fs::read_to_string(path).map_err(|error| Refusal {
                text: format!("cannot read the token in `{}`: {error}", path.display()),
                exit: Exit::NoInput,
            })?;
            Ok(text.trim().chars().filter(char::is_ascii_graphic).collect())
        });
        let site = of_flag("--app", (&address.app, APP_PORTS), None)?;
        Ok(Self { site, token: token.transpose()? })
    }

    /// All handlers.
    pub(crate) fn handlers(&self) -> Result<Vec<Value>, Refusal> {
        let (_, answer) = self.ask("GET", "/control/handlers", None, PATIENCE)?;
        match answer.get("handlers").and_then(Value::as_array) {
            Some(handlers) => Ok(handlers.clone()),
            None => Err(self.stranger()),
        }
    }

    /// Does something with one; gives back how it is then.
    pub(super) fn act(
        &self,
        (name, verb): (&str, &str),
        body: &Value,
        patience: Duration,
    ) -> Result<(Done, Value), Refusal> {
        let path = format!("/control/handlers/{}/{verb}", encoded(name));
        self.ask("POST", &path, Some(&body.to_string()), patience)
    }

    fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&str>,
        patience: Duration,
    ) -> Result<(Done, Value), Refusal> {
        let token = self.token.as_ref().map(|token| ("authorization", format!("Bearer {token}")));
        let headers = token.into_iter().collect();
        let patience = Some(patience);
        let ask = Ask { site: &self.site, method, path, headers, body, patience };
        let heard = ask.send().map_err(|error| match error {
            SendError::NotHttp => self.stranger(),
            SendError::Tls(error) => Refusal {
                text: format!("no TLS with the application at {}: {error}", self.site),
                exit: Exit::Unavailable,
            },
            SendError::Unreachable(error) => Refusal {
                text: format!("cannot reach the application at {}: {error}", self.site),
                exit: Exit::Unavailable,
            },
        })?;
        let answer = heard.json().ok_or_else(|| self.stranger())?;
        let exit = match heard.status {
            200 => return Ok((Done::Wholly, answer)),
            202 => return Ok((Done::NotYet, answer)),
            400 | 422 => Exit::Data,
            401 | 403 => Exit::Permission,
            404 => Exit::NoInput,
            _ => Exit::Internal,
        };
        match answer.get("reason").and_then(Value::as_str) {
            Some(reason) => Err(Refusal { text: format!("refused: {reason}"), exit }),
            None => Err(self.stranger()),
        }
    }

    fn stranger(&self) -> Refusal {
        Refusal {
            text: format!("what answers at {} is no application under control", self.site),
            exit: Exit::Unavailable,
        }
    }
}
