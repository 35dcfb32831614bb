//! The task that owns the administrative state: changes it, writes it, tells.

use std::{sync::Arc, time::Duration};

use leveret_engine::Input;
use leveret_protocol::ShortStr;
use tokio::sync::{mpsc, watch};

use super::{
    COMMANDS_MAX, Command, Put, Registry,
    change::Change,
    error::AdminError,
    ledger::Ledger,
    rules::Rules,
    state::{Concern, Done, State},
    virtual_host::VirtualHost,
};
use crate::{
    hosts::Hosts, lifecycle::Lifecycle, news::News, passwords::Logins, presence::Presence,
};

/// How long the deletion of a virtual host waits for its connections to end; they end anyway.
const FAREWELL: Duration = Duration::from_secs(5);

/// The owner of the state.
#[derive(Debug)]
pub(crate) struct Keeper {
    state: watch::Sender<Arc<State>>,
    commands: mpsc::Receiver<Command>,
    ledger: Option<Ledger>,
    hosts: Arc<Hosts>,
    presence: Arc<Presence>,
}

impl Keeper {
    /// A registry with that state, and its keeper, to be run.
    pub(crate) fn new(
        state: State,
        ledger: Ledger,
        hosts: Arc<Hosts>,
        presence: Arc<Presence>,
    ) -> (Registry, Self) {
        let (commands, receiver) = mpsc::channel(COMMANDS_MAX);
        let (state, newest) = watch::channel(Arc::new(state));
        let registry = Registry { state: newest, commands, logins: Logins::new() };
        let keeper = Self { state, commands: receiver, ledger: Some(ledger), hosts, presence };
        // Before anybody is let in.
        let known = Arc::clone(&keeper.state.borrow());
        for (name, host) in &known.virtual_hosts {
            keeper.brief(name, host);
            keeper.describe(name, host);
        }
        (registry, keeper)
    }

    /// Keeps the state until the broker stops.
    pub(crate) async fn run(mut self, lifecycle: Lifecycle) {
        let mut watch = lifecycle.watch();
        loop {
            let command = tokio::select! {
                command = self.commands.recv() => command,
                _ = watch.ended() => None,
            };
            let Some(Command { changes, reply }) = command else { return };
            let done = self.change(changes).await;
            // Whoever asked may have gone.
            reply.send(done).ok();
        }
    }

    async fn change(&mut self, changes: Vec<Change>) -> Result<Put, AdminError> {
        let mut next = State::clone(&self.state.borrow());
        let mut dones = Vec::new();
        for change in changes {
            dones.push(next.apply(change)?);
        }
        let next = Arc::new(next);
        self.keep(&next, &dones).await?;
        self.state.send_replace(next);
        let is_new = dones.first().is_some_and(|done| done.is_new);
        for concern in dones.into_iter().filter_map(|done| done.concern) {
            self.tell(concern).await;
        }
        Ok(if is_new { Put::Made } else { Put::Changed })
    }

    /// Makes the next state durable, and the virtual hosts that are new.
    ///
    /// A new host is on the roster before the state knows it, and one that goes is off it first:
    /// a crash between the two leaves nothing half.
    async fn keep(&mut self, next: &Arc<State>, dones: &[Done]) -> Result<(), AdminError> {
        // It is there but while a thread has it, and this task waits for that.
        let Some(mut ledger) = self.ledger.take() else { return Err(AdminError::Stopping) };
        let (state, concerns) =
            (Arc::clone(next), dones.iter().filter_map(|done| done.concern.clone()));
        let concerns: Vec<Concern> = concerns.collect();
        let work = move || {
            let mut streams = Vec::new();
            let mut write = || {
                for concern in &concerns {
                    match concern {
                        Concern::HostAdded { virtual_host } => {
                            streams.push((virtual_host.clone(), ledger.admit(virtual_host)?));
                        }
                        Concern::HostGone { virtual_host } => ledger.retire(virtual_host)?,
                        Concern::Permissions { .. }
                        | Concern::UserGone { .. }
                        | Concern::QueueLimit { .. }
                        | Concern::Policies { .. }
                        | Concern::Metadata { .. } => {}
                    }
                }
                ledger.write(&state)
            };
            let written = write();
            (ledger, written, streams)
        };
        let done = tokio::task::spawn_blocking(work).await;
        let (ledger, written, streams) = done.map_err(|_| AdminError::Stopping)?;
        self.ledger = Some(ledger);
        written.map_err(AdminError::NotKept)?;
        for (name, stream) in streams {
            self.hosts.add(&ShortStr::truncated(&name), stream);
            // Before the state knows it, so that nobody is in it yet.
            if let Some(host) = next.virtual_hosts.get(&name) {
                self.brief(&name, host);
                self.describe(&name, host);
            }
        }
        Ok(())
    }

    /// Lets everybody know whom a change concerns.
    async fn tell(&self, concern: Concern) {
        let state = Arc::clone(&self.state.borrow());
        let host = |name: &str| state.virtual_hosts.get(name);
        match concern {
            Concern::Permissions { user } => {
                self.presence.tell(&News::Permissions, |present| present.user == user);
            }
            Concern::UserGone { user } => {
                let reason = format!("user '{user}' is deleted").into();
                self.presence.tell(&News::Close(reason), |present| present.user == user);
            }
            Concern::Metadata { virtual_host: name } => {
                if let Some(host) = host(&name) {
                    self.describe(&name, host);
                }
            }
            // It knows already.
            Concern::HostAdded { .. } => {}
            Concern::QueueLimit { virtual_host: name }
            | Concern::Policies { virtual_host: name } => {
                if let Some(host) = host(&name) {
                    self.brief(&name, host);
                }
            }
            Concern::HostGone { virtual_host } => self.dismiss(&virtual_host).await,
        }
    }

    /// Tells an engine what administrators have decided for it.
    fn brief(&self, virtual_host: &str, host: &VirtualHost) {
        let Some(ingress) = self.hosts.ingress(&ShortStr::truncated(virtual_host)) else { return };
        ingress.brief(Input::LimitQueues { queues_max: host.limits.max_queues });
        ingress.brief(Input::SetPolicies { policies: Rules::set(host) });
    }

    /// Tells an engine what has been said about its virtual host: whether what passes is copied for
    /// onlookers, and what queues are there if nobody says it.
    fn describe(&self, virtual_host: &str, host: &VirtualHost) {
        let Some(ingress) = self.hosts.ingress(&ShortStr::truncated(virtual_host)) else { return };
        ingress.brief(Input::Trace { is_on: host.metadata.tracing });
        let default = host.metadata.default_queue_type();
        ingress.brief(Input::SetDefaultQueueType { default });
    }

    /// Closes the connections of a virtual host that is gone, and gives up its log.
    async fn dismiss(&self, virtual_host: &str) {
        let name = ShortStr::truncated(virtual_host);
        self.hosts.remember(&name).await;
        let Some(leaving) = self.hosts.remove(&name) else { return };
        let reason = format!("vhost '{virtual_host}' is deleted").into();
        self.presence.tell(&News::Close(reason), |present| present.virtual_host == name);
        let mut finishing = tokio::spawn(leaving.finish());
        // What does not end in time ends later; its name can be used again meanwhile.
        tokio::time::timeout(FAREWELL, &mut finishing).await.ok();
    }
}
