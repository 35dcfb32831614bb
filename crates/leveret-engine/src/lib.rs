//! AMQP broker semantics as a value: inputs in, effects out.
//!
//! One [`Engine`] is one virtual host. All that can happen to it is an [`Input`]; all that it
//! asks for is an [`Effect`]. It reads no clock, opens no file and knows no socket, so the
//! same inputs after the same seed give the same effects.
//!
//! ```
//! use leveret_engine::{Authority, Capabilities, ConnectionId, Effect, Effects, Engine, EngineOptions, Input};
//! use leveret_protocol::{ChannelNumber, Method, ShortStr, Timestamp, queue};
//!
//! let mut engine = Engine::new(EngineOptions::default());
//! let mut effects = Effects::new();
//! let (connection, channel) = (ConnectionId(1), ChannelNumber::new(1));
//! let user = ShortStr::from_static("guest");
//! let declare = queue::Declare { queue: ShortStr::from_static("jobs"), ..Default::default() };
//! for input in [
//!     Input::Connect {
//!         connection,
//!         user,
//!         capabilities: Capabilities::default(),
//!         authority: Authority::full(),
//!     },
//!     Input::OpenChannel { connection, channel },
//!     Input::Method { connection, channel, method: Method::QueueDeclare(declare) },
//! ] {
//!     engine.handle(Timestamp::from_millis(0), input, &mut effects);
//! }
//! let answers: Vec<Effect> = effects.drain().collect();
//! let [Effect::Send { method, .. }] = answers.as_slice() else { panic!("{answers:?}") };
//! assert!(matches!(**method, Method::QueueDeclareOk(_)));
//! ```

#![no_std]
extern crate alloc;

mod arguments;
mod chance;
mod channel;
mod churn;
mod confirms;
mod connection;
mod content;
mod copies;
mod counts;
mod death;
mod draft;
mod effects;
mod engine;
mod error;
mod exchange;
mod getters;
mod host;
mod identity;
mod input;
mod message;
mod options;
mod outbox;
mod pages;
mod permissions;
mod policies;
mod queue;
mod record;
mod recovery;
mod replies;
mod schedule;
mod series;
mod siphash;
mod space;
mod spans;
mod store;
mod tallies;
mod timers;
mod turn;
mod views;
mod work;

pub use self::{
    churn::{Churn, DeadLetters, SIZE_BOUNDS},
    content::Content,
    counts::{Counts, ExchangeCounts},
    effects::{Effect, Effects},
    engine::Engine,
    identity::{ConnectionId, Lsn, PageId},
    input::{Capabilities, Input},
    options::{DefaultQueueType, EngineOptions, Limits},
    permissions::{Authority, Permissions},
    policies::{Policies, PolicySet, PolicyTarget},
    record::{PageRest, check_page},
    recovery::ReplayError,
    views::{
        BindingView, ChannelView, ConsumerView, ExchangeView, Listing, Page, QueueView, Sought,
        Totals,
    },
};
