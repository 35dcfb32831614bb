//! What a seed stands for: the size of its world, its topology and its faults.

use std::collections::BTreeSet;

use crate::{chance::Chance, fault::FaultKind, topology::Topology};

/// One run, as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Where all chance comes from.
    pub seed: u64,
    /// Things that clients do, all together; the seed decides if none is given.
    pub steps: Option<u64>,
    /// Kinds of faults that are left out.
    pub without: BTreeSet<FaultKind>,
    /// What is broken on purpose, to see it caught.
    pub sabotage: Sabotage,
    /// Whether to keep the trace's lines.
    pub keeps_trace: bool,
}

/// A negative control: a world that must not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sabotage {
    /// Nothing is broken.
    #[default]
    None,
    /// The disk says that it has synced, and has not.
    LyingSyncs,
    /// The engine is told that its records are durable before they are, and nobody watches the order:
    /// only what a crash loses can show it.
    EarlyDurable,
    /// The engine is told so as well, and the order is watched.
    Haste,
    /// Dead letters go nowhere.
    LostDeaths,
    /// What is settled in later turns never reaches the disk.
    LostSlices,
    /// Dead letters that come again are not marked.
    LostMarks,
    /// What is settled never reaches the disk.
    LostAcks,
    /// Messages that wait for their time are forgotten.
    LostAppointments,
    /// A connection whose permissions are taken away keeps them.
    LastingRights,
    /// Direct replies go to another channel of the connection.
    StrayReplies,
}

impl Plan {
    /// The plan of a seed, nothing left out.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            steps: None,
            without: BTreeSet::new(),
            sabotage: Sabotage::None,
            keeps_trace: false,
        }
    }
}

/// Every size and rate of one world, drawn from its seed.
#[derive(Debug, Clone)]
pub(crate) struct Conditions {
    pub(crate) steps: u64,
    pub(crate) hosts: usize,
    pub(crate) clients: usize,
    pub(crate) topology: Topology,
    /// Bytes of a body, most of the time.
    pub(crate) body_bytes_max: u64,
    /// Between two deeds of one client, in microseconds.
    pub(crate) think_micros: u64,
    /// What bytes take from one end to the other.
    pub(crate) latency_micros: u64,
    /// Bytes under way in one direction of a connection.
    pub(crate) window_bytes: usize,
    /// One write of the log, and one sync.
    pub(crate) disk_micros: u64,
    pub(crate) turn_micros: u64,
    pub(crate) segment_bytes: u64,
    pub(crate) reclaim_bytes: u64,
    pub(crate) ingress_bytes: usize,
    pub(crate) egress_bytes: u64,
    pub(crate) turn_steps: usize,
    pub(crate) record_bytes: usize,
    /// Messages and bytes of a page, if there are pages.
    pub(crate) page: Option<(usize, usize)>,
    pub(crate) heartbeat_secs: u16,
    /// Whether clients call each other, and are answered by direct reply-to.
    pub(crate) has_calls: bool,
    /// Between two faults; none at all for some seeds.
    pub(crate) fault_micros: Option<u64>,
    pub(crate) faults_max: u64,
    pub(crate) faults: Vec<FaultKind>,
}

impl Conditions {
    pub(crate) fn draw(plan: &Plan, chance: &mut Chance) -> Self {
        let small = |chance: &mut Chance, sizes: &[u64]| chance.pick(sizes).copied().unwrap_or(1);
        let size = |chance: &mut Chance, sizes: &[u64]| {
            usize::try_from(small(chance, sizes)).unwrap_or(usize::MAX)
        };
        let drawn_steps = chance.between(80, 500);
        let latency_micros = small(chance, &[20, 200, 2_000, 30_000]);
        let disk_micros = small(chance, &[10, 200, 2_000, 20_000]);
        let think_micros = small(chance, &[200, 1_000, 5_000, 20_000]).max(latency_micros);
        let clients = chance.between(1, 6);
        // Long enough that several faults fall into the time of the steps, and work between them.
        let duration = drawn_steps * think_micros / clients;
        let work_micros = 20 * (latency_micros + disk_micros) + 10_000;
        let faults_wanted = chance.between(1, 8);
        let is_faulty = chance.percent(90);
        let forgets_deaths = plan.sabotage == Sabotage::LostDeaths;
        let mut faults: Vec<FaultKind> =
            FaultKind::ALL.into_iter().filter(|_| chance.percent(60)).collect();
        faults.retain(|kind| !plan.without.contains(kind));
        Self {
            steps: plan.steps.unwrap_or(drawn_steps),
            hosts: if chance.percent(25) { 2 } else { 1 },
            clients: usize::try_from(clients).unwrap_or(1),
            topology: Topology { forgets_deaths, ..Topology::draw(chance) },
            body_bytes_max: small(chance, &[16, 200, 2_000, 10_000]),
            think_micros,
            latency_micros,
            window_bytes: size(chance, &[600, 4_096, 65_536]),
            disk_micros,
            turn_micros: small(chance, &[5, 50, 500]),
            segment_bytes: small(chance, &[8 << 10, 16 << 10, 64 << 10]),
            reclaim_bytes: small(chance, &[16 << 10, 40 << 10, 200 << 10]),
            ingress_bytes: size(chance, &[2_000, 20_000, 1 << 20]),
            egress_bytes: small(chance, &[500, 5_000, 1 << 20]),
            turn_steps: size(chance, &[1, 7, 100, 2_048]),
            record_bytes: size(chance, &[64, 1_000, 1 << 20]),
            page: chance
                .percent(60)
                .then(|| (size(chance, &[1, 2, 5, 20]), size(chance, &[100, 2_000, 1 << 20]))),
            heartbeat_secs: u16::try_from(small(chance, &[1, 5, 30])).unwrap_or(1),
            // No draw: the other worlds stay what they are.
            has_calls: plan.seed % 4 == 3,
            fault_micros: (is_faulty && !faults.is_empty())
                .then_some((duration / faults_wanted).max(work_micros)),
            faults_max: faults_wanted * 3,
            faults,
        }
    }
}
