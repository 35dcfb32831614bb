//! An AMQP 0-9-1 client.
//!
//! A [`Connection`] carries [`Channel`]s. On a channel in confirm mode each publish gives a
//! [`Confirm`], which becomes ready when the broker has taken the message over; a [`Consumer`]
//! is a stream of [`Delivery`]s, which are settled on their channel. [`Channel::into_tx`] makes
//! a channel on which publishes and settlements happen together or not at all.
//!
//! ```no_run
//! use leveret_client::{ConsumeOptions, Connection, Publish, QueueDeclare, ShortStr};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let connection = Connection::open("amqp://guest:guest@localhost/%2F").await?;
//! let channel = connection.channel().await?;
//! let name = ShortStr::from_static("jobs");
//! channel.queue_declare(&QueueDeclare { name: name.clone(), ..QueueDeclare::default() }).await?;
//!
//! channel.confirm_select().await?;
//! let publish = Publish { routing_key: name.clone(), body: "one".into(), ..Publish::default() };
//! channel.publish(publish).await?.await?;
//!
//! channel.qos(10).await?;
//! let mut consumer = channel.consume(name, ConsumeOptions::default()).await?;
//! if let Some(delivery) = consumer.recv().await {
//!     channel.ack(&delivery)?;
//! }
//! connection.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! An error of the broker closes one channel; the loss of the connection ends all of them, and
//! each operation says so. Nothing is sent again by itself: what a publish came to when the
//! connection was lost is [unknown](PublishError::is_outcome_unknown), and only the caller knows
//! whether twice is better than never.

pub mod blocking;
mod callback;
mod channel;
mod client;
mod codec;
mod connection;
mod error;
mod lifeline;
mod link;
mod liveness;
mod lock;
mod message;
mod options;
mod pool;
mod producer;
mod reconnect;
mod rpc;
mod spell;
mod state;
mod topology;
mod transport;

pub use leveret_protocol::{
    ChannelNumber, FieldArray, FieldTable, FieldValue, Negotiated, Properties, PropertiesBuilder,
    ShortStr,
};

pub use self::{
    callback::{Callback, CallbackCounters, CallbackOptions, Handled},
    channel::{
        AckMode, Channel, Committed, Confirm, ConsumeOptions, Consumer, NoWait, Refusal, TxChannel,
    },
    client::{
        Client, ClientEnd, ClientError, ClientEvent, ClientOptions, ClientStats, Dialer, Events,
        Heal, Publisher, PublisherOptions, Received, RecoveryStep, Role, Settled, Subscription,
        SubscriptionEnd, SubscriptionOptions, Topology,
    },
    codec::{Codecs, DecodeError, EncodeError, Encoding, Format},
    connection::{Connection, Generation},
    error::{
        Backlog, CertificateProblem, ChannelError, ConnectError, ConnectionEnd, ConsumerEnd, Loss,
        PublishError, SettleError, TlsError, UpdateSecretError,
    },
    liveness::Liveness,
    message::{Delivery, Got, Publish, Returned},
    options::{
        ConnectOptions, CredentialsError, EnvironmentError, Mechanism, Secret, TlsIdentity,
        TlsOptions, UriError, UriPart,
    },
    pool::{
        CheckoutError, Exclusive, Pool, PoolConfig, PoolConfigError, PoolCounters, PoolOptions,
        PoolPublishError, Pools, PoolsConfig, UnknownPool,
    },
    producer::{
        MessageDefaults, ProduceError, Producer, ProducerConfig, ProducerConfigError, Producers,
        ProducersConfig, TypedProducer, UnknownProducer,
    },
    reconnect::{Backoff, connect_with_retry},
    rpc::{DrainTimeout, RemoteError, Route, RpcClient, RpcError, RpcOptions, RpcStats},
    topology::{
        ExchangeBinding, ExchangeDeclare, ExchangeDelete, ExchangeKind, QueueBinding, QueueDeclare,
        QueueDeclared, QueueDelete,
    },
};
