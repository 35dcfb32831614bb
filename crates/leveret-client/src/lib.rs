//! An AMQP 0-9-1 client.
//!
//! It has two floors. A [`Client`] heals: its connections are opened again for as long as it
//! takes, what was declared is declared again, publishers and subscriptions go on. A
//! [`Connection`] and its [`Channel`]s are what they are: when one is over, its errors say why,
//! and nothing is done again by itself. Start with a client; go below it where you want to decide
//! yourself.
//!
//! # Connect
//!
//! ```
//! use leveret_client::Client;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let broker = leveret_broker::Broker::builder().in_memory().listen("127.0.0.1:0".parse()?);
//! # let broker = broker.start().await?;
//! # let uri = format!("amqp://guest:guest@{}", broker.local_addrs()[0]);
//! let client = Client::open(&uri).await?;
//! assert!(client.is_connected());
//! client.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! A broker that is not there yet is waited for; one that refuses the login is an error at once.
//! More than one address, and all that can be set, are in [`ClientOptions`].
//!
//! # Publish and confirm
//!
//! ```
//! use leveret_client::{
//!     Client, Properties, Publish, PublishError, PublisherOptions, QueueDeclare, ShortStr,
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let broker = leveret_broker::Broker::builder().in_memory().listen("127.0.0.1:0".parse()?);
//! # let broker = broker.start().await?;
//! # let client = Client::open(&format!("amqp://{}", broker.local_addrs()[0])).await?;
//! let jobs = ShortStr::from_static("jobs");
//! client.queue_declare(&QueueDeclare { name: jobs.clone(), ..QueueDeclare::default() }).await?;
//!
//! let publisher = client.publisher(PublisherOptions::default());
//! let publish = Publish {
//!     routing_key: jobs,
//!     properties: Properties::builder().persistent().build(),
//!     body: "one".into(),
//!     ..Publish::default()
//! };
//! // The broker has taken it over, and a queue has it.
//! publisher.publish(publish).await?;
//!
//! let lost = Publish { routing_key: ShortStr::from_static("nowhere"), ..Publish::default() };
//! let error = publisher.publish(lost).await.unwrap_err();
//! assert!(matches!(error, PublishError::Unroutable { code: 312, .. }));
//! # Ok(())
//! # }
//! ```
//!
//! A publish waits while there is no connection, up to a deadline. When the connection is lost
//! before the confirm came, nobody knows whether the broker has the message, and the error
//! [says so](PublishError::is_outcome_unknown); with [`PublisherOptions::republish`] it is sent
//! again instead: then it may be there twice, but it is there.
//!
//! # Consume
//!
//! ```
//! use leveret_client::{Client, QueueDeclare, SubscriptionOptions};
//! # use leveret_client::{Publish, PublisherOptions};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let broker = leveret_broker::Broker::builder().in_memory().listen("127.0.0.1:0".parse()?);
//! # let broker = broker.start().await?;
//! # let client = Client::open(&format!("amqp://{}", broker.local_addrs()[0])).await?;
//! // A queue of this client alone; the broker names it.
//! let queue = client.queue_declare(&QueueDeclare::private()).await?.name;
//! # let publish = Publish { routing_key: queue.clone(), body: "one".into(), ..Publish::default() };
//! # client.publisher(PublisherOptions::default()).publish(publish).await?;
//! let options = SubscriptionOptions { queue, prefetch: 10, ..SubscriptionOptions::default() };
//! let mut subscription = client.subscribe(options).await?;
//! while let Some(delivery) = subscription.recv().await {
//!     println!("{:?}", delivery.body);
//!     delivery.ack();
//! #   break;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Recover
//!
//! There is nothing to do, and all of it can be seen:
//!
//! ```
//! use leveret_client::{Client, ClientEvent, QueueDeclare, Settled, SubscriptionOptions};
//! # use leveret_client::{Publish, PublisherOptions};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let broker = leveret_broker::Broker::builder().in_memory().listen("127.0.0.1:0".parse()?);
//! # let broker = broker.start().await?;
//! # let client = Client::open(&format!("amqp://{}", broker.local_addrs()[0])).await?;
//! let queue = QueueDeclare { name: "jobs".try_into()?, ..QueueDeclare::default() };
//! let queue = client.queue_declare(&queue).await?.name;
//! let publisher = client.publisher(PublisherOptions::default());
//! let publish = Publish { routing_key: queue.clone(), body: "one".into(), ..Publish::default() };
//! publisher.publish(publish).await?;
//! let options = SubscriptionOptions { queue, ..SubscriptionOptions::default() };
//! let mut subscription = client.subscribe(options).await?;
//! let mut events = client.events();
//! let delivery = subscription.recv().await.expect("one is there");
//!
//! // The connection is lost while the message is being handled.
//! client.consuming_connection().await?.close().await;
//! while let Some(event) = events.recv().await {
//!     println!("{event:?}");
//!     if matches!(event, ClientEvent::ConsumerStarted { .. }) {
//!         break;
//!     }
//! }
//! // The broker delivers it again, so this acknowledges nothing, and breaks nothing.
//! assert_eq!(delivery.ack(), Settled::Stale);
//! let again = subscription.recv().await.expect("it comes again");
//! assert!(again.redelivered && again.generation() > delivery.generation());
//! assert_eq!(again.ack(), Settled::Sent);
//! # Ok(())
//! # }
//! ```
//!
//! What a handler does for a message that is delivered again it does twice: only it can know
//! whether that matters.
//!
//! # Below the client
//!
//! A [`Connection`] carries [`Channel`]s. On a channel in confirm mode each publish gives a
//! [`Confirm`], which becomes ready when the broker has taken the message over; a [`Consumer`]
//! is a stream of [`Delivery`]s, which are settled on their channel. [`Channel::into_tx`] makes
//! a channel on which publishes and settlements happen together or not at all.
//!
//! ```
//! use leveret_client::{ConsumeOptions, Connection, Publish, QueueDeclare, ShortStr};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let broker = leveret_broker::Broker::builder().in_memory().listen("127.0.0.1:0".parse()?);
//! # let broker = broker.start().await?;
//! # let uri = format!("amqp://guest:guest@{}/%2F", broker.local_addrs()[0]);
//! let connection = Connection::open(&uri).await?;
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
//! each operation says so.

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
#[cfg(feature = "management")]
mod management;
mod message;
mod options;
mod pool;
mod producer;
mod reconnect;
mod rpc;
mod state;
mod topology;
mod transport;

#[cfg(feature = "management")]
pub use self::management::{ManagementError, ManagementOptions};
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
