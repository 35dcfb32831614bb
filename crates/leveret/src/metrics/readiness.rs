//! Whether an application does its work, as its brokers see it too.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use leveret_client::{Connection, QueueDeclare};
use leveret_protocol::ShortStr;
use tokio::time::timeout;

use super::{Monitor, Watched};
use crate::link::Link;
use crate::phase::Phase;
use crate::stats::{Flow, HandlerStats};

/// How long a broker may take to say who consumes.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether an application does its work; as text it is a line for each reason why it does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Readiness {
    /// What is not as it should be; empty if all is well.
    pub problems: Vec<String>,
}

impl Readiness {
    /// Whether nothing is wrong.
    pub fn is_ready(&self) -> bool {
        self.problems.is_empty()
    }
}

impl Display for Readiness {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.is_ready() {
            return f.write_str("ready");
        }
        f.write_str(&self.problems.join("\n"))
    }
}

impl Monitor {
    /// Whether every worker of every handler consumes on the connection there is now, and its
    /// broker sees at least that many consumers. Not once the application is asked to stop. A handler
    /// that an operator has paused does as it was told, and is left out.
    ///
    /// Asks the brokers, for two seconds at most.
    pub async fn readiness(&self) -> Readiness {
        if self.0.phase.now() != Phase::Running {
            return Readiness { problems: vec!["the application is stopping".to_owned()] };
        }
        let looks = self.0.handlers.iter().map(|one| self.look_at(one));
        let problems = futures_util::future::join_all(looks).await;
        Readiness { problems: problems.into_iter().flatten().collect() }
    }

    async fn look_at(&self, one: &Watched) -> Option<String> {
        let Watched { name, queues, connection, .. } = one;
        let workers = one.consumers_wanted();
        if workers == 0 {
            return None;
        }
        let Some(generation) = self.0.links.get(connection).and_then(Link::current) else {
            return Some(format!("handler `{name}`: connection `{connection}` is lost"));
        };
        let HandlerStats { flow, consumers: consuming, .. } = one.counters.read();
        if flow != Flow::Flowing {
            return Some(format!("handler `{name}` has stopped: what it depends on fails"));
        }
        let wanted = workers * queues.len() as u64;
        if consuming < wanted {
            return Some(format!("handler `{name}`: {consuming} of {wanted} workers consume"));
        }
        let looks = async {
            for queue in queues {
                let problem = match consumers(&generation.connection, queue).await {
                    Some(seen) if u64::from(seen) >= workers => continue,
                    Some(seen) => format!("its broker sees {seen} of {workers} consumers"),
                    None => format!("its broker does not show queue `{queue}`"),
                };
                return Some(format!("handler `{name}`: {problem}"));
            }
            None
        };
        let silent = || Some(format!("handler `{name}`: its broker does not answer"));
        timeout(PATIENCE, looks).await.unwrap_or_else(|_| silent())
    }
}

async fn consumers(connection: &Connection, queue: &str) -> Option<u32> {
    let name = ShortStr::try_from(queue).ok()?;
    let passive = QueueDeclare { name, passive: true, ..QueueDeclare::default() };
    let channel = connection.channel().await.ok()?;
    let declared = channel.queue_declare(&passive).await.ok()?;
    channel.close().await;
    Some(declared.consumers)
}
