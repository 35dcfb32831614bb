//! All that can happen to an engine.

use alloc::vec::Vec;

use bytes::Bytes;
use leveret_protocol::{ChannelNumber, Method, Properties, ShortStr, basic};

use crate::{
    identity::{ConnectionId, Lsn, PageId},
    options::DefaultQueueType,
    permissions::Authority,
    policies::PolicySet,
};

/// What the engine is told. What names an unknown connection or channel is ignored: the engine
/// forgets a failed channel at once, while the peer still sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A client has opened this virtual host. Its credit is 0 until [`Input::Credit`].
    Connect {
        /// A number never used before.
        connection: ConnectionId,
        /// Who logged in.
        user: ShortStr,
        /// What the client can do.
        capabilities: Capabilities,
        /// What the user may do.
        authority: Authority,
    },
    /// What a connection's user may do has changed; holds from the next method on.
    SetPermissions {
        /// Which.
        connection: ConnectionId,
        /// What the user may do now.
        authority: Authority,
    },
    /// The policies have changed: all queues and exchanges follow them, as fast as turns allow.
    SetPolicies {
        /// Those that hold now.
        policies: PolicySet,
    },
    /// How many queues there may be; what is there already stays.
    LimitQueues {
        /// So many; `None` is no limit.
        queues_max: Option<u64>,
    },
    /// What a queue is from now on that is declared without `x-queue-type`.
    SetDefaultQueueType {
        /// The type.
        default: DefaultQueueType,
    },
    /// The connection is closing or gone; answered by `Effect::ConnectionClosed`.
    Disconnect {
        /// Which.
        connection: ConnectionId,
    },
    /// The client has opened a channel.
    OpenChannel {
        /// On which connection.
        connection: ConnectionId,
        /// Which.
        channel: ChannelNumber,
    },
    /// The client closes a channel; answered by `Effect::ChannelClosed`.
    CloseChannel {
        /// On which connection.
        connection: ConnectionId,
        /// Which.
        channel: ChannelNumber,
    },
    /// A method without content: of class exchange, queue, basic, tx or confirm.
    Method {
        /// On which connection.
        connection: ConnectionId,
        /// On which channel.
        channel: ChannelNumber,
        /// The method.
        method: Method,
    },
    /// Declarations and bindings that are on record all together or not at all. One that is refused
    /// fails the channel, which is open again for the next; at the end comes `tx.commit-ok`, once all
    /// is durable. Queues may have names that begin with `amq.`, as those of another broker have.
    Together {
        /// On which connection.
        connection: ConnectionId,
        /// On which channel.
        channel: ChannelNumber,
        /// The methods, in order; those that are to be answered each are.
        methods: Vec<Method>,
    },
    /// A `basic.publish` with its content, whole.
    Publish {
        /// On which connection.
        connection: ConnectionId,
        /// On which channel.
        channel: ChannelNumber,
        /// The method.
        publish: basic::Publish,
        /// The content's properties.
        properties: Properties,
        /// The content's body.
        body: Bytes,
    },
    /// What a connection is called where deliveries and publishes are traced; nothing until then.
    NameConnection {
        /// Which.
        connection: ConnectionId,
        /// Its name.
        name: ShortStr,
    },
    /// Copies of all that is published and delivered go to the exchange `amq.rabbitmq.trace`,
    /// or no longer; off in a new engine.
    Trace {
        /// Whether they go there.
        is_on: bool,
    },
    /// The connection's writer can take so many more bytes of deliveries.
    ///
    /// Each `basic.deliver` costs what `Effect::credit_bytes` says. The engine delivers while
    /// some credit is left, so the last delivery may overdraw it by its own size.
    Credit {
        /// Which.
        connection: ConnectionId,
        /// So many more.
        bytes: u64,
    },
    /// All records up to and with this one are on disk.
    Durable {
        /// The last of them.
        upto: Lsn,
    },
    /// The caller wants to drop all records up to and with this one: what lives in them is to
    /// be written again; answered by `Effect::Relocated`.
    Relocate {
        /// The last of them.
        upto: Lsn,
    },
    /// A page is where `Effect::StorePage` wanted it; on the disk, name and all, if it was to be.
    PageStored {
        /// Which.
        page: PageId,
    },
    /// What `Effect::LoadPage` asked for.
    PageLoaded {
        /// Which.
        page: PageId,
        /// Its bytes, as stored; as far as they could be read.
        content: Bytes,
    },
    /// Go on with what was left for later; due while `Engine::has_work` or once
    /// `Engine::next_deadline` has come.
    Wake,
}

/// What a client said it can do, of what the engine asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// `consumer_cancel_notify`: it understands a `basic.cancel` from the server.
    pub consumer_cancel_notify: bool,
    /// `leveret.refused_commits`: it understands a `tx.rollback-ok` as the answer to a
    /// `tx.commit` of which a mandatory message would go nowhere.
    pub refused_commits: bool,
}
