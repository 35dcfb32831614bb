//! The few queues and exchanges of a world, few enough that clients collide.
//!
//! Strict queues are declared before anything else and nobody purges, deletes or empties them
//! without acknowledgement: of what is in them the checker is certain. Wild ones suffer everything.

use leveret_protocol::{FieldTable, Method, ShortStr, exchange, queue};

use crate::chance::Chance;

/// A queue by its place in the topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct QueueIndex(pub(crate) usize);

/// How a queue is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Treatment {
    Strict,
    Wild,
}

#[derive(Debug, Clone)]
pub(crate) struct QueuePlan {
    pub(crate) name: &'static str,
    pub(crate) treatment: Treatment,
    pub(crate) durable: bool,
    pub(crate) auto_delete: bool,
    pub(crate) exclusive: bool,
    /// Where it dead-letters to.
    pub(crate) dead_letters_to: Option<QueueIndex>,
    /// Where it says what it gives up, and whether that goes to the dead-letter queue.
    pub(crate) rules: Rules,
    /// Whether messages stand in it in the order in which they came.
    pub(crate) order: Order,
    pub(crate) arguments: Vec<(&'static str, Argument)>,
}

impl QueuePlan {
    /// Whether what becomes of its messages depends on the policies of the moment.
    pub(crate) fn is_by_policy(&self) -> bool {
        self.rules == Rules::Policies
    }

    /// Whether it gives up messages over its length.
    pub(crate) fn is_bounded(&self) -> bool {
        let has = |wanted: &str| self.arguments.iter().any(|(name, _)| *name == wanted);
        self.is_by_policy() || has("x-max-length") && !has("x-overflow")
    }
}

/// Where it says what a queue gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// In its declaration.
    Declared,
    /// In policies.
    Policies,
}

/// How messages stand in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// As they came.
    Kept,
    /// By priority, by their death, or with what came back before the rest.
    Mixed,
}

/// What a queue is declared with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Argument {
    Number(i32),
    Word(&'static str),
    Yes,
}

/// The queues of every virtual host, and the exchanges.
#[derive(Debug, Clone)]
pub(crate) struct Topology {
    pub(crate) queues: Vec<QueuePlan>,
    /// Whether queues are declared as if they had no dead letters.
    pub(crate) forgets_deaths: bool,
}

/// The queue where dead letters come.
pub(crate) const DEAD: &str = "dead";

/// Where a client waits for direct replies; their addresses begin with it.
pub(crate) const REPLY_TO: &str = "amq.rabbitmq.reply-to";

/// The strict queue that messages come to when their time has come.
pub(crate) const LATE: &str = "l0";

/// The exchange that holds messages back for it.
pub(crate) const DELAYING: &str = "delaying";

/// The headers that say how long: to any exchange, and to that one.
pub(crate) const SCHEDULED: &str = "x-leveret-delay";
pub(crate) const DELAYED: &str = "x-delay";

/// Durable, bound to all strict queues from the beginning, never deleted.
pub(crate) const FAN: &str = "fan";

/// Declared, bound, unbound and deleted at random; each has its type from the beginning.
pub(crate) const WILD_EXCHANGES: [(&str, &str); 3] =
    [("wd", "direct"), ("wt", "topic"), ("wh", "headers")];

/// Routing keys of the wild exchanges, and patterns that match some.
pub(crate) const KEYS: [&str; 5] = ["a", "a.b", "a.*", "#", "b.#"];

impl Topology {
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        let mut queues = vec![plain("s0", Treatment::Strict, true)];
        if chance.percent(50) {
            queues.push(plain("s1", Treatment::Strict, true));
        }
        if chance.percent(50) {
            let dead = QueueIndex(queues.len());
            let order = Order::Mixed;
            queues.push(QueuePlan { order, ..plain(DEAD, Treatment::Strict, true) });
            queues.push(QueuePlan {
                dead_letters_to: Some(dead),
                ..plain("d0", Treatment::Strict, true)
            });
        }
        if chance.percent(40) {
            let order = Order::Mixed;
            queues.push(QueuePlan { order, ..plain(LATE, Treatment::Strict, true) });
        }
        add_special(&mut queues, chance);
        if chance.percent(70) {
            queues.push(plain("w0", Treatment::Wild, true));
        }
        if chance.percent(50) {
            queues.push(plain("w1", Treatment::Wild, false));
        }
        if chance.percent(40) {
            let auto_delete = true;
            queues.push(QueuePlan { auto_delete, ..plain("wa", Treatment::Wild, true) });
        }
        if chance.percent(40) {
            let exclusive = true;
            queues.push(QueuePlan { exclusive, ..plain("wx", Treatment::Wild, false) });
        }
        Self { queues, forgets_deaths: false }
    }

    pub(crate) fn queue(&self, at: QueueIndex) -> Option<&QueuePlan> {
        self.queues.get(at.0)
    }

    pub(crate) fn named(&self, name: &[u8]) -> Option<QueueIndex> {
        self.queues.iter().position(|queue| queue.name.as_bytes() == name).map(QueueIndex)
    }

    pub(crate) fn indices(&self) -> impl Iterator<Item = QueueIndex> + use<> {
        (0..self.queues.len()).map(QueueIndex)
    }

    pub(crate) fn is_strict(&self, at: QueueIndex) -> bool {
        self.queue(at).is_some_and(|queue| queue.treatment == Treatment::Strict)
    }

    pub(crate) fn is_ordered(&self, at: QueueIndex) -> bool {
        self.queue(at).is_some_and(|queue| queue.order == Order::Kept)
    }

    /// Whether `fan` was bound to it from the beginning.
    pub(crate) fn is_fanned(&self, at: QueueIndex) -> bool {
        self.queue(at).is_some_and(|queue| {
            queue.treatment == Treatment::Strict && ![DEAD, LATE].contains(&queue.name)
        })
    }

    /// Where messages come when their time has come, if there is such a queue.
    pub(crate) fn late(&self) -> Option<QueueIndex> {
        self.named(LATE.as_bytes())
    }

    /// What has to be there before anything else happens.
    pub(crate) fn foundation(&self) -> Vec<Method> {
        let fan = exchange::Declare {
            exchange: ShortStr::from_static(FAN),
            kind: ShortStr::from_static("fanout"),
            durable: true,
            ..exchange::Declare::default()
        };
        let mut methods = vec![fan.into()];
        for at in self.indices().filter(|at| self.is_strict(*at)) {
            methods.extend(self.queue(at).map(|queue| self.declaration(queue).into()));
        }
        for queue in self.indices().filter(|at| self.is_fanned(*at)) {
            let Some(plan) = self.queue(queue) else { continue };
            let bind = queue::Bind {
                queue: ShortStr::from_static(plan.name),
                exchange: ShortStr::from_static(FAN),
                ..queue::Bind::default()
            };
            methods.push(bind.into());
        }
        if self.late().is_some() {
            methods.extend(delaying());
        }
        methods
    }

    /// How a queue is declared, always alike.
    pub(crate) fn declaration(&self, plan: &QueuePlan) -> queue::Declare {
        let mut arguments = FieldTable::builder();
        let dead = plan.dead_letters_to.filter(|_| !self.forgets_deaths && !plan.is_by_policy());
        if let Some(dead) = dead.and_then(|at| self.queue(at)) {
            arguments = arguments
                .insert("x-dead-letter-exchange", "")
                .insert("x-dead-letter-routing-key", dead.name);
        }
        for (name, argument) in &plan.arguments {
            arguments = match argument {
                Argument::Number(number) => arguments.insert(name, *number),
                Argument::Word(word) => arguments.insert(name, *word),
                Argument::Yes => arguments.insert(name, true),
            };
        }
        let arguments = arguments.build();
        queue::Declare {
            queue: ShortStr::from_static(plan.name),
            durable: plan.durable,
            auto_delete: plan.auto_delete,
            exclusive: plan.exclusive,
            arguments,
            ..queue::Declare::default()
        }
    }
}

/// The exchange that holds messages back, bound to where they go.
fn delaying() -> [Method; 2] {
    let exchange = ShortStr::from_static(DELAYING);
    let declare = exchange::Declare {
        exchange: exchange.clone(),
        kind: ShortStr::from_static("x-delayed-message"),
        durable: true,
        arguments: FieldTable::builder().insert("x-delayed-type", "direct").build(),
        ..exchange::Declare::default()
    };
    let (queue, routing_key) = (ShortStr::from_static(LATE), ShortStr::from_static(LATE));
    let bind = queue::Bind { queue, exchange, routing_key, ..queue::Bind::default() };
    [declare.into(), bind.into()]
}

const fn plain(name: &'static str, treatment: Treatment, durable: bool) -> QueuePlan {
    QueuePlan {
        name,
        treatment,
        durable,
        auto_delete: false,
        exclusive: false,
        dead_letters_to: None,
        rules: Rules::Declared,
        order: Order::Kept,
        arguments: Vec::new(),
    }
}

/// Queues with priorities, lives, lengths and limits.
fn add_special(queues: &mut Vec<QueuePlan>, chance: &mut Chance) {
    let dead = queues.iter().position(|queue| queue.name == DEAD).map(QueueIndex);
    let mut special = |percent, plan: QueuePlan| {
        if chance.percent(percent) {
            queues.push(plan);
        }
    };
    special(30, {
        let arguments = vec![("x-max-priority", Argument::Number(3))];
        QueuePlan { arguments, order: Order::Mixed, ..plain("p0", Treatment::Strict, true) }
    });
    special(30, {
        let arguments = vec![("x-single-active-consumer", Argument::Yes)];
        QueuePlan { arguments, ..plain("a0", Treatment::Strict, true) }
    });
    special(30, {
        let arguments = vec![("x-message-ttl", Argument::Number(300))];
        QueuePlan { arguments, dead_letters_to: dead, ..plain("t0", Treatment::Wild, true) }
    });
    special(40, {
        QueuePlan {
            rules: Rules::Policies,
            dead_letters_to: dead,
            ..plain("y0", Treatment::Wild, true)
        }
    });
    special(30, {
        let arguments = vec![("x-max-length", Argument::Number(4))];
        QueuePlan { arguments, dead_letters_to: dead, ..plain("m0", Treatment::Wild, true) }
    });
    special(20, {
        let overflow = ("x-overflow", Argument::Word("reject-publish"));
        let arguments = vec![("x-max-length", Argument::Number(4)), overflow];
        QueuePlan { arguments, ..plain("m1", Treatment::Wild, true) }
    });
    special(30, {
        let limit = ("x-delivery-limit", Argument::Number(2));
        let arguments = vec![("x-queue-type", Argument::Word("quorum")), limit];
        let quorum = plain("q0", Treatment::Wild, true);
        QueuePlan { arguments, dead_letters_to: dead, order: Order::Mixed, ..quorum }
    });
}
