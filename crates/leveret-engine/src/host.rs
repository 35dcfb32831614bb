//! All that a virtual host is made of; what happens to it is in `turn`.

use alloc::collections::{BTreeMap, VecDeque};

use leveret_protocol::{Properties, ShortStr, Timestamp};

use crate::{
    arguments::{QueueSettings, QueueType, with_policy},
    chance::Chance,
    channel::{Channel, ChannelKey, Consumer},
    churn::Churn,
    confirms::Confirms,
    connection::Connection,
    counts::Counts,
    effects::{Effect, Effects},
    error::{Resource, ResourceKind},
    exchange::{BindingTable, Entrance, Exchanges, Keys, Named, Routed},
    getters::Getters,
    identity::{ConnectionId, ConsumerId, Lsn, QueueId, Serials},
    options::EngineOptions,
    outbox::Outbox,
    pages::Pages,
    policies::{PolicySet, PolicyTarget},
    queue::{QueueSpec, Queues},
    replies::Replies,
    schedule::Schedule,
    space::Space,
    spans::Spans,
    store::Store,
    tallies::Tallies,
    timers::{Timer, Timers},
    work::Work,
};

#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) options: EngineOptions,
    pub(crate) serials: Serials,
    pub(crate) chance: Chance,
    pub(crate) exchanges: Exchanges,
    pub(crate) bindings: BindingTable,
    /// Queues that are gone, and some of their bindings not yet.
    pub(crate) queues_going: usize,
    pub(crate) queues: Queues,
    pub(crate) connections: BTreeMap<ConnectionId, Connection>,
    pub(crate) consumers: BTreeMap<ConsumerId, Consumer>,
    pub(crate) store: Store,
    pub(crate) tallies: Tallies,
    pub(crate) outbox: Outbox,
    pub(crate) confirms: Confirms,
    pub(crate) work: Work,
    /// Tasks under way that forget what is on record as gone.
    pub(crate) forgetting: usize,
    pub(crate) timers: Timers,
    pub(crate) policies: PolicySet,
    /// How many queues there may be.
    pub(crate) queues_max: Option<u64>,
    /// The last record that was given out.
    pub(crate) last_record: Lsn,
    /// The last record that is on disk.
    pub(crate) durable: Lsn,
    pub(crate) pages: Pages,
    /// What may become of pages once a record is durable, in the order of these.
    pub(crate) page_effects: VecDeque<(Lsn, Effect)>,
    pub(crate) getters: Getters,
    /// Records that hold only together.
    pub(crate) spans: Spans,
    /// Space for routing results, used again by every publish.
    pub(crate) routed: Routed,
    pub(crate) space: Space,
    pub(crate) replies: Replies,
    /// Whether all that is published and delivered is copied to the trace exchange.
    pub(crate) is_traced: bool,
    pub(crate) schedule: Schedule,
    pub(crate) churn: Churn,
    /// Of the channels that are closed.
    pub(crate) closed: Counts,
}

impl Host {
    /// A virtual host with nothing but the exchanges each has.
    pub(crate) fn new(options: EngineOptions) -> Self {
        Self {
            chance: Chance::new(options.seed),
            options,
            serials: Serials::after(Exchanges::NUMBERS_KEPT),
            exchanges: Exchanges::builtin(),
            bindings: BindingTable::default(),
            queues_going: 0,
            queues: Queues::default(),
            connections: BTreeMap::new(),
            consumers: BTreeMap::new(),
            store: Store::default(),
            tallies: Tallies::default(),
            outbox: Outbox::default(),
            confirms: Confirms::default(),
            work: Work::default(),
            forgetting: 0,
            timers: Timers::default(),
            policies: PolicySet::default(),
            queues_max: None,
            last_record: Lsn::default(),
            durable: Lsn::default(),
            pages: Pages::new(),
            page_effects: VecDeque::new(),
            getters: Getters::default(),
            spans: Spans::default(),
            routed: Routed::default(),
            space: Space::default(),
            replies: Replies::default(),
            is_traced: false,
            schedule: Schedule::default(),
            churn: Churn::default(),
            closed: Counts::default(),
        }
    }

    pub(crate) fn channel(&self, at: ChannelKey) -> Option<&Channel> {
        self.connections.get(&at.connection)?.channels.get(&at.channel)
    }

    pub(crate) fn channel_mut(&mut self, at: ChannelKey) -> Option<&mut Channel> {
        self.connections.get_mut(&at.connection)?.channels.get_mut(&at.channel)
    }

    /// The queue is used at that time: unless it is used again, it goes some time later, if it is
    /// such a queue.
    pub(crate) fn touch_queue(&mut self, id: QueueId, at: Timestamp) {
        let Some(queue) = self.queues.get_mut(id) else { return };
        let Some(after) = queue.settings.expires else { return };
        queue.idle.since = at;
        let due = at.saturating_add(after);
        match queue.idle.armed {
            Some(armed) if armed <= due => return,
            Some(armed) => self.timers.cancel(armed, Timer::Idle(id)),
            None => {}
        }
        queue.idle.armed = Some(due);
        self.timers.set(due, Timer::Idle(id));
    }

    /// Makes sure that the queue is looked at when its next message is too old.
    ///
    /// With one time to live for all, the next ones expire later and later: then the timer is set
    /// again when it is due, and not with each message.
    pub(crate) fn watch_front(&mut self, id: QueueId) {
        let Some(queue) = self.queues.get_mut(id) else { return };
        let Some(due) = queue.ready.front().and_then(|entry| entry.expiry.time()) else { return };
        match queue.front_armed {
            Some(armed) if armed <= due => return,
            Some(armed) => self.timers.cancel(armed, Timer::Front(id)),
            None => {}
        }
        queue.front_armed = Some(due);
        self.timers.set(due, Timer::Front(id));
    }

    /// Tells of the pages that are not needed, or not whole, by what is durable now.
    pub(crate) fn release_pages(&mut self, effects: &mut Effects) {
        let durable = self.durable;
        let is_due = |(lsn, _): &mut (Lsn, Effect)| *lsn <= durable;
        while let Some((_, effect)) = self.page_effects.pop_front_if(is_due) {
            effects.push(effect);
        }
    }

    /// The settings of a queue's arguments and its policy.
    pub(crate) fn policed(&self, spec: &QueueSpec, queue_type: QueueType) -> QueueSettings {
        let target = match queue_type {
            QueueType::Classic | QueueType::Stream => PolicyTarget::ClassicQueue,
            QueueType::Quorum => PolicyTarget::QuorumQueue,
        };
        let definition = self.policies.definition_for(target, &spec.name);
        let policed = definition.and_then(|definition| {
            let effective = with_policy(&spec.arguments, queue_type, &definition);
            QueueSettings::parse(&effective).ok()
        });
        // The arguments alone were legal when the queue was declared.
        policed.unwrap_or_else(|| QueueSettings::parse(&spec.arguments).unwrap_or_default())
    }

    /// A queue as error texts name it.
    pub(crate) fn queue_resource(&self, name: &ShortStr) -> Resource {
        self.resource(ResourceKind::Queue, name)
    }

    /// An exchange as error texts name it.
    pub(crate) fn exchange_resource(&self, name: &ShortStr) -> Resource {
        self.resource(ResourceKind::Exchange, name)
    }

    fn resource(&self, kind: ResourceKind, name: &ShortStr) -> Resource {
        Resource { kind, name: name.clone(), virtual_host: self.options.virtual_host.clone() }
    }

    /// Adds each place that a message reaches to `routed`.
    pub(crate) fn route(
        &mut self,
        entrance: Entrance,
        message: (Keys<'_>, &Properties),
        routed: &mut Routed,
    ) {
        let Self { queues, replies, connections, options, exchanges, chance, .. } = self;
        let can_take = |at: ChannelKey| {
            let overdraft = options.limits.reply_overdraft_bytes_max;
            connections.get(&at.connection).is_some_and(|to| to.credit.is_within(overdraft))
        };
        let find_named = |name: &ShortStr| {
            let queue = queues.id_of(name).map(Named::Queue);
            queue.or_else(|| replies.find(name).filter(|at| can_take(*at)).map(|_| Named::Reply))
        };
        exchanges.route(entrance, message, (chance, find_named), routed);
        if self.queues_going > 0 {
            routed.queues.retain(|queue| self.queues.contains(*queue));
        }
    }
}
