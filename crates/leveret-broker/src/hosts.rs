//! The virtual hosts that run: the way into each, and its task.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use leveret_engine::{Churn, Counts, Engine, Page, Sought};
use leveret_journal::StreamId;
use leveret_protocol::ShortStr;
use tokio::task::JoinHandle;

use crate::{
    clock::Clock,
    host::{HostTask, Ingress},
    limits::Limits,
    log::{LogQueue, LogStream},
    pages::{PageQueue, PageStream},
    panic_record::PanicRecord,
    recovery::fresh_engine,
};

/// All virtual hosts of a broker.
#[derive(Debug)]
pub(crate) struct Hosts {
    clock: Clock,
    limits: Limits,
    panics: Option<PanicRecord>,
    // Read by every connection that opens one, changed by the keeper of the registry alone.
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    running: BTreeMap<ShortStr, RunningHost>,
    /// Where records and pages go, if anywhere.
    disk: Option<DiskQueues>,
    /// What was counted in virtual hosts that are gone.
    retired: (Counts, Churn),
}

/// The ways to the disk.
#[derive(Debug, Clone)]
pub(crate) struct DiskQueues {
    pub(crate) log: LogQueue,
    pub(crate) pages: PageQueue,
}

#[derive(Debug)]
struct RunningHost {
    ingress: Ingress,
    stream: StreamId,
    task: JoinHandle<()>,
}

/// A virtual host that takes nobody in any more; its task ends when everybody has left.
#[derive(Debug)]
pub(crate) struct Leaving {
    stream: StreamId,
    task: JoinHandle<()>,
    disk: Option<DiskQueues>,
}

impl Hosts {
    pub(crate) fn new(
        clock: Clock,
        limits: Limits,
        panics: Option<PanicRecord>,
        disk: Option<DiskQueues>,
    ) -> Self {
        let retired = (Counts::default(), Churn::default());
        let inner = Inner { running: BTreeMap::new(), disk, retired };
        Self { clock, limits, panics, inner: Mutex::new(inner) }
    }

    /// The way into a virtual host.
    pub(crate) fn ingress(&self, name: &ShortStr) -> Option<Ingress> {
        self.lock().running.get(name).map(|host| host.ingress.clone())
    }

    /// The ways to the disk, if there is one and the broker does not end.
    pub(crate) fn disk(&self) -> Option<DiskQueues> {
        self.lock().disk.clone()
    }

    /// Runs an engine that was brought back.
    pub(crate) fn run(
        &self,
        name: ShortStr,
        engine: Engine,
        stream: StreamId,
        disk: Option<(LogStream, PageStream)>,
    ) {
        let (ingress, messages) = Ingress::new(&self.limits);
        let task = tokio::spawn(
            HostTask::new(engine, self.clock, messages, disk).run(self.panics.clone()),
        );
        self.lock().running.insert(name, RunningHost { ingress, stream, task });
    }

    /// Runs a new virtual host.
    pub(crate) fn add(&self, name: &ShortStr, stream: StreamId) {
        let disk = self.lock().disk.clone();
        let limits = match disk {
            Some(_) => self.limits.of_engine(),
            None => self.limits.of_engine_in_memory(),
        };
        let disk =
            disk.map(|disk| (disk.log.add_stream(stream), PageStream::new(stream, disk.pages)));
        self.run(name.clone(), fresh_engine(name, limits), stream, disk);
    }

    /// What was counted in virtual hosts that are gone.
    pub(crate) fn retired(&self) -> (Counts, Churn) {
        self.lock().retired
    }

    /// Keeps what was counted in a virtual host that goes: what all of them count never goes down.
    pub(crate) async fn remember(&self, name: &ShortStr) {
        let Some(ingress) = self.ingress(name) else { return };
        let (totals, vitals) = (ingress.seek(Sought::Totals, 1).await, ingress.vitals().await);
        let mut inner = self.lock();
        let (counts, churn) = inner.retired;
        let counts = match totals {
            Some(Page::Totals(totals)) => counts.plus(totals.channels),
            Some(_) | None => counts,
        };
        inner.retired = (counts, vitals.map_or(churn, |vitals| churn.plus(vitals.churn)));
    }

    /// Lets nobody into a virtual host any more.
    pub(crate) fn remove(&self, name: &ShortStr) -> Option<Leaving> {
        let mut inner = self.lock();
        let disk = inner.disk.clone();
        let RunningHost { stream, task, .. } = inner.running.remove(name)?;
        Some(Leaving { stream, task, disk })
    }

    /// The broker ends: lets go of all, and gives back the tasks to be waited for.
    pub(crate) fn close(&self) -> Vec<JoinHandle<()>> {
        let mut inner = self.lock();
        inner.disk = None;
        std::mem::take(&mut inner.running).into_values().map(|host| host.task).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic leaves no half entry.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leaving {
    /// Waits until the task has ended; then the log owes the virtual host nothing, and its pages go.
    pub(crate) async fn finish(self) {
        // A panic there has ended the process.
        self.task.await.ok();
        if let Some(DiskQueues { log, pages }) = self.disk {
            log.remove_stream(self.stream);
            pages.remove_stream(self.stream);
        }
    }
}
