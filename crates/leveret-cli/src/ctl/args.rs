//! The command line of `leveret ctl`: the verbs, close to those of `rabbitmqctl`.

use clap::{Args, Subcommand};

use crate::web::TrustArgs;

const AFTER_HELP: &str = "\
The password is that of the URL, or read from LEVERET_ADMIN_PASSWORD; without it, that of `guest` is
`guest`.
New passwords are read from standard input, never from the command line.

Exit codes: 0 done, 64 usage, 65 refused as wrong, 66 no such thing, 69 the broker cannot be reached,
  70 internal failure, 77 not permitted";

/// Where the broker is, and what to do with it.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CtlArgs {
    /// The broker's HTTP API, such as `127.0.0.1:15672` or `https://host:15671`
    #[arg(
        long,
        value_name = "URL",
        env = "LEVERET_ADMIN_ADDRESS",
        default_value = "127.0.0.1:15672",
        aliases = ["address", "api"],
        global = true
    )]
    pub(super) http: String,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    /// The user to log in as
    #[arg(
        long = "user",
        value_name = "USER",
        env = "LEVERET_ADMIN_USER",
        default_value = "guest",
        global = true
    )]
    pub(super) login: String,
    /// The virtual host that is meant
    #[arg(short = 'p', long, default_value = "/", global = true)]
    pub(super) vhost: String,
    /// Print JSON instead of a table
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    #[command(flatten)]
    Access(AccessVerb),
    #[command(flatten)]
    Object(ObjectVerb),
    #[command(flatten)]
    Definitions(DefinitionsVerb),
}

/// Everything at once.
#[derive(Debug, Subcommand)]
pub(super) enum DefinitionsVerb {
    /// Write users, permissions, policies, queues, exchanges and bindings to a file (- is standard output)
    ExportDefinitions {
        file: std::path::PathBuf,
        /// Only what is in the virtual host of -p
        #[arg(long)]
        only_vhost: bool,
    },
    /// Apply a file of definitions, as a whole or not at all (- is standard input)
    ImportDefinitions {
        file: std::path::PathBuf,
        /// All of it into the virtual host of -p
        #[arg(long)]
        only_vhost: bool,
    },
}

/// Users, virtual hosts, permissions, limits.
#[derive(Debug, Subcommand)]
pub(super) enum AccessVerb {
    /// Make a user; the password is read from standard input
    AddUser {
        name: String,
        /// Such as administrator, monitoring, policymaker, management
        #[arg(long, value_delimiter = ',')]
        tags: Vec<String>,
    },
    /// Give a user another password, read from standard input
    ChangePassword { name: String },
    /// Delete a user, and close their connections
    DeleteUser { name: String },
    /// Replace a user's tags
    SetUserTags { name: String, tags: Vec<String> },
    /// List users
    ListUsers,
    /// Make a virtual host
    AddVhost { name: String },
    /// Delete a virtual host and all that is in it
    DeleteVhost { name: String },
    /// List virtual hosts
    ListVhosts,
    /// Let a user into the virtual host, with a pattern for each kind of deed
    SetPermissions { user: String, configure: String, write: String, read: String },
    /// Take a user's permissions in the virtual host away
    ClearPermissions { user: String },
    /// List who may do what in the virtual host
    ListPermissions,
    /// Restrict the routing keys that a user may use with a topic exchange
    SetTopicPermissions { user: String, exchange: String, write: String, read: String },
    /// Take such restrictions away
    ClearTopicPermissions { user: String },
    /// List such restrictions
    ListTopicPermissions,
    /// Limit max-connections or max-queues of the virtual host; a negative number is no limit
    #[command(allow_negative_numbers = true)]
    SetVhostLimits { limit: String, value: i64 },
    /// List limits of virtual hosts
    ListVhostLimits,
    /// Limit max-connections or max-channels of a user; a negative number is no limit
    #[command(allow_negative_numbers = true)]
    SetUserLimits { user: String, limit: String, value: i64 },
    /// List limits of users
    ListUserLimits,
}

/// Policies, queues, exchanges, connections.
#[derive(Debug, Subcommand)]
pub(super) enum ObjectVerb {
    /// Show what the broker is and holds
    Status,
    /// Copy the data directory while the broker runs, into an empty or new directory of its machine
    Backup {
        #[arg(value_name = "DIR")]
        path: std::path::PathBuf,
        /// Bytes per second to copy, so that the broker has the disk, too
        #[arg(long, value_name = "BYTES", default_value_t = 64 << 20, value_parser = clap::value_parser!(u64).range(1..))]
        rate: u64,
    },
    /// Set a policy for all names that match; the definition is a JSON object
    SetPolicy {
        name: String,
        pattern: String,
        definition: String,
        #[arg(long, default_value_t = 0)]
        priority: i64,
        #[arg(long, default_value = "all")]
        apply_to: String,
        /// A policy of those who run the broker
        #[arg(long)]
        operator: bool,
    },
    /// Delete a policy
    ClearPolicy {
        name: String,
        #[arg(long)]
        operator: bool,
    },
    /// List policies
    ListPolicies {
        #[arg(long)]
        operator: bool,
    },
    /// List queues
    ListQueues,
    /// List exchanges
    ListExchanges,
    /// List bindings
    ListBindings,
    /// List consumers
    ListConsumers,
    /// List connections
    ListConnections,
    /// List channels
    ListChannels,
    /// Close a connection, named as in the list
    CloseConnection {
        name: String,
        #[arg(default_value = "closed by an administrator")]
        reason: String,
    },
    /// Drop all messages that wait in a queue
    PurgeQueue { name: String },
    /// Delete a queue
    DeleteQueue {
        name: String,
        #[arg(long)]
        if_empty: bool,
        #[arg(long)]
        if_unused: bool,
    },
}
