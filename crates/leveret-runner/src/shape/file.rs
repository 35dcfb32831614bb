//! Every key of a run file.

use super::{Key, Shape};

const TEXT: &Shape = &Shape::Text;
const BOOL: &Shape = &Shape::Bool;
const SPAN: &Shape = &Shape::Span;
const TEXTS: &Shape = &Shape::List(TEXT);
const SIZE: &Shape = &Shape::Integer(0, 1 << 40);

/// The whole file.
pub(crate) static FILE: Shape = Shape::Table(&[
    Key::new("app", TEXT, "The application's name in logs, dead letters and on the broker."),
    Key::new("include", TEXTS, "More files, beside this one; what this file says wins."),
    Key::new(
        "guarantee",
        &Shape::Words(&["no-loss", "best-effort"]),
        "Whether to refuse to start where a message may be lost.",
    )
    .default("best-effort"),
    Key::new("grace", SPAN, "How long messages in hand may take when the program stops.")
        .default("30s"),
    Key::new(
        "inbox-file",
        TEXT,
        "Where handled message-ids are kept; beside the embedded broker's data if missing.",
    ),
    Key::new("connection", &CONNECTION, "The broker."),
    Key::new("connections", &Shape::Names(&CONNECTION), "More brokers, by name."),
    Key::new("broker", &BROKER, "Lets others in to the embedded broker."),
    Key::new(
        "pool",
        &Shape::Names(&POOL),
        "Connections by their use: `publish`, `listen`, or a name.",
    ),
    Key::new("sites", &Shape::Names(&SITE), "Where services run: host, path prefix, principal."),
    Key::new("services", &Shape::List(&SERVICE), "Who runs: `connection site@service [workers]`."),
    Key::new("consumers", &Shape::Names(&CONSUMER), "Queues and what handles their messages."),
    Key::new("handlers", &Shape::Names(&Shape::Table(&HANDLER)), "How handlers are run, by name."),
    Key::new("settings", &Shape::Names(&Shape::Any), "For the targets that ask for it."),
    Key::new("logging", &LOGGING, "What is logged on standard error."),
    Key::new("metrics", &METRICS, "Where `/metrics`, `/healthz` and `/readyz` are served."),
    Key::new("control", &CONTROL, "Where `leveret handlers` and others steer the consumers."),
    Key::new("files", &FILES, "Files that become messages, and messages that become files."),
    Key::new("schedules", &Shape::List(&SCHEDULE), "Messages that are published by the clock."),
    Key::new("exchanges", &Shape::List(&EXCHANGE), "Exchanges to declare."),
    Key::new("queues", &Shape::List(&QUEUE), "Queues to declare."),
    Key::new("bindings", &Shape::List(&BINDING), "Bindings to declare."),
]);

static CONNECTION: Shape = Shape::Table(&[
    Key::new("address", TEXT, "A broker elsewhere: `amqp://user:password@host:5672/vhost`."),
    Key::new("data-dir", TEXT, "The broker inside the program, with its data in this directory."),
    Key::new("in-memory", BOOL, "The broker inside the program, forgetting everything at the end."),
]);

static BROKER: Shape = Shape::Table(&[
    Key::new(
        "listen",
        &Shape::List(&Shape::Address),
        "Addresses for AMQP, such as `127.0.0.1:5672`.",
    ),
    Key::new("admin-listen", &Shape::Address, "The address of the HTTP admin API."),
]);

static POOL: Shape = Shape::Table(&[
    Key::new("address", TEXT, "A broker elsewhere; that of `[connection]` if missing."),
    Key::new("size", &Shape::Integer(1, 64), "How many connections consumers are spread over.")
        .default("1"),
]);

static SITE: Shape = Shape::Table(&[
    Key::new("host", TEXT, "What paths of HTTP targets begin with: `http://127.0.0.1:8000`."),
    Key::new("path-prefix", TEXT, "What follows the host, before the path."),
    Key::new("principal", TEXT, "On whose behalf the site's services handle messages."),
]);

static SERVICE: Shape = Shape::Either(
    TEXT,
    &Shape::Table(&[
        Key::new(
            "connection",
            TEXT,
            "A name of `[connections]` or `[pool]`; `default` is `[connection]`.",
        )
        .default("default"),
        Key::new("site", TEXT, "A name of `[sites]`."),
        Key::new(
            "service",
            TEXT,
            "The service: a consumer's name, or what consumers call `service`.",
        )
        .required(),
        Key::new("workers", &Shape::Integer(1, 1024), "How many messages it handles at a time."),
    ]),
);

static CONSUMER: Shape = Shape::Table(&[
    Key::new("queue", TEXT, "The queue; `${site}` and `${service}` stand for the service's.")
        .required(),
    Key::new("expect", BOOL, "Whether somebody else declares the queue.").default("false"),
    Key::new(
        "arguments",
        &Shape::Names(&Shape::Any),
        "The queue's arguments, such as `x-max-length`.",
    ),
    Key::new("bind", &Shape::List(&BIND), "Exchanges and keys that the queue is bound to."),
    Key::new("target", &TARGET, "What handles the messages.").required(),
    Key::new("service", TEXT, "The service that it belongs to; its own name if missing."),
    Key::new("connection", TEXT, "A name of `[connections]` or `[pool]`."),
    Key::new("inbox", BOOL, "Whether each message-id is handled once.").default("false"),
    CONCURRENCY,
    CONCURRENCY_MIN,
    CONCURRENCY_MAX,
    PAUSED,
    OUTPUTS,
    RETRY,
    TIME_LIMIT,
    PRINCIPAL,
    ON_ERROR,
    ERROR_ROUTES,
    KILL_SWITCH,
    ORDER,
    PARTITIONS,
]);

static BIND: Shape = Shape::Table(&[
    Key::new("exchange", TEXT, "The exchange; declared if it is not one of the broker's own.")
        .required(),
    Key::new("key", TEXT, "The routing key, or its pattern.").default("#"),
    Key::new("kind", &KIND, "The exchange's kind.").default("topic"),
]);

static KIND: Shape = Shape::Words(&["direct", "fanout", "topic", "headers"]);

static TARGET: Shape = Shape::Table(&[
    Key::new("http", &Shape::Any, "A web service: each message is a request."),
    Key::new("command", &Shape::Any, "A program that is started for each message."),
    Key::new("worker", &Shape::Any, "Programs that stay, and speak the worker protocol."),
]);

/// How a handler is run: what the framework's own configuration says of one.
pub(crate) static HANDLER: [Key; 13] = [
    CONCURRENCY,
    CONCURRENCY_MIN,
    CONCURRENCY_MAX,
    PAUSED,
    OUTPUTS,
    RETRY,
    TIME_LIMIT,
    PRINCIPAL,
    ON_ERROR,
    ERROR_ROUTES,
    KILL_SWITCH,
    ORDER,
    PARTITIONS,
];

/// What somebody may look for in a consumer and not find, and what there is instead.
pub(super) const REFUSED: [(&str, &str); 3] = [
    (
        "batch",
        "a target takes one message at a time; batches are for handlers in Rust (`Handler::batch`)",
    ),
    ("prefetch", "no more is delivered than is worked on: write `concurrency`"),
    ("statuses", "an HTTP target says it: `target = { http = { status = { 404 = \"ack\" } } }`"),
];

const WORKERS: &Shape = &Shape::Integer(1, 1024);

const CONCURRENCY: Key =
    Key::new("concurrency", WORKERS, "How many messages it handles at a time.").default("1");
const CONCURRENCY_MIN: Key = Key::new(
    "concurrency-min",
    WORKERS,
    "How few that may be made while it runs, by an operator or by reading the file again.",
);
const CONCURRENCY_MAX: Key = Key::new(
    "concurrency-max",
    WORKERS,
    "How many that may be made while it runs; no more than `concurrency` if missing.",
);
const PAUSED: Key =
    Key::new("paused", BOOL, "Whether it takes nothing until it is resumed.").default("false");
const OUTPUTS: Key = Key::new(
    "outputs",
    &Shape::Words(&["transaction", "confirmed"]),
    "How outputs and acknowledgement belong together; by the broker if missing.",
);
const ERROR_ROUTES: Key = Key::new("error-routes", &ROUTES, "Where its errors are reported.");
const KILL_SWITCH: Key =
    Key::new("kill-switch", &KILL_SWITCH_SHAPE, "When it stops by itself, and for how long.");
const ORDER: Key =
    Key::new("order", &ORDER_SHAPE, "Messages of one key are handled one after the other.");
const PARTITIONS: Key = Key::new(
    "partitions",
    &Shape::Integer(1, 256),
    "Into how many its queue is divided; for an order by routing key or header.",
);
const RETRY: Key = Key::new("retry", &RETRY_SHAPE, "How often a message is tried.");
const TIME_LIMIT: Key = Key::new("time-limit", SPAN, "How long one attempt may take.");
const PRINCIPAL: Key =
    Key::new("principal", TEXT, "On whose behalf messages without a `user-id` are handled.");
const ON_ERROR: Key = Key::new("on-error", &RULES, "What follows its failures, by class or name.");

static RETRY_SHAPE: Shape = Shape::Table(&[
    Key::new("attempts", &Shape::Integer(1, 100), "Attempts at once, one after the other.")
        .default("3"),
    Key::new(
        "delays",
        &Shape::Integer(0, 100),
        "How many more rounds there are, each after a pause.",
    ),
    Key::new("first-delay", SPAN, "The first pause.").default("1s"),
    Key::new("longest-delay", SPAN, "The longest pause."),
    Key::new("factor", &Shape::Integer(1, 100), "What each pause is multiplied by.").default("2"),
    Key::new("give-up-after", SPAN, "How old a message may be for another attempt."),
]);

static ROUTES: Shape = Shape::List(&ROUTE);

static ROUTE: Shape = Shape::Table(&[
    Key::new("queue", TEXT, "The queue that is told."),
    Key::new("exchange", TEXT, "The exchange that is told."),
    Key::new("key", TEXT, "The routing key, with an exchange."),
    Key::new("errors", TEXTS, "Classes or names of errors; all if missing."),
    Key::new("exhausted", BOOL, "Whether only the last attempt's is told.").default("false"),
]);

static KILL_SWITCH_SHAPE: Shape = Shape::Table(&[
    Key::new("window", SPAN, "The time over which attempts are counted.").default("1min"),
    Key::new("minimum", &Shape::Integer(1, 1_000_000), "With fewer attempts it never stops.")
        .default("10"),
    Key::new("percent", &Shape::Integer(1, 100), "It stops when so many of a hundred failed.")
        .default("50"),
    Key::new("pause", SPAN, "How long it stops before it tries one message.").default("30s"),
]);

static ORDER_SHAPE: Shape = Shape::Table(&[
    Key::new("routing-key", BOOL, "By the routing key."),
    Key::new("header", TEXT, "By a header that holds text."),
    Key::new("word", &Shape::Integer(0, 255), "By a word of the routing key, counted from zero."),
    Key::new(
        "park",
        SPAN,
        "A message that had all its attempts is tried again after so long, and its key waits.",
    ),
    Key::new("look-ahead", &Shape::Integer(1, 65_535), "How many messages it has in hand at most.")
        .default("64"),
]);

static RULES: Shape = Shape::Names(&RULE);

static RULE: Shape = Shape::Either(
    &Shape::Words(&["dead-letter", "drop"]),
    &Shape::Table(&[
        Key::new("retry", &RETRY_SHAPE, "Tried again by this policy."),
        Key::new("pause", SPAN, "The handler stops for this long."),
    ]),
);

static LOGGING: Shape = Shape::Table(&[
    Key::new(
        "level",
        &Shape::Words(&["off", "error", "warn", "info", "debug", "trace"]),
        "What is logged.",
    )
    .default("info"),
    Key::new("format", &Shape::Words(&["text", "json"]), "How a line looks.").default("text"),
    Key::new(
        "messages",
        &Shape::Words(&["off", "debug", "info"]),
        "At which level each message is told of.",
    ),
]);

static METRICS: Shape =
    Shape::Table(&[
        Key::new("listen", &Shape::Address, "An address such as `127.0.0.1:9090`.").required()
    ]);

static CONTROL: Shape = Shape::Table(&[
    Key::new("listen", &Shape::Address, "An address such as `127.0.0.1:15680`.").required(),
    Key::new("token-file", TEXT, "A file with a token to be shown; for other than loopback."),
]);

static FILES: Shape = Shape::Table(&[
    Key::new("read", &Shape::List(&READ), "Directories whose files become messages."),
    Key::new("write", &Shape::List(&WRITE), "Queues whose messages become files."),
]);

static READ: Shape = Shape::Table(&[
    Key::new("directory", TEXT, "Files in its `new/` are published, then moved to its `cur/`.")
        .required(),
    Key::new("exchange", TEXT, "Where they are published to.").required(),
    Key::new("key", TEXT, "Their routing key.").required(),
    Key::new("content-type", TEXT, "Their content type."),
    Key::new("size-max", SIZE, "The largest file that is taken, in bytes."),
]);

static WRITE: Shape = Shape::Table(&[
    Key::new("queue", TEXT, "The queue.").required(),
    Key::new("directory", TEXT, "Where the files are written.").required(),
    Key::new("pattern", TEXT, "Their names, such as `${date}/${msgid}.json`."),
    Key::new("exchange", TEXT, "The exchange that the queue is bound to."),
    Key::new("keys", TEXTS, "The keys that it is bound with."),
]);

static SCHEDULE: Shape = Shape::Table(&[
    Key::new("name", TEXT, "Its name: programs with the same name share one schedule.").required(),
    Key::new("cron", TEXT, "A cron expression: `0 3 * * *`, or with seconds first."),
    Key::new("timezone", TEXT, "The time zone of `cron`, such as `Europe/Berlin`.").default("UTC"),
    Key::new("every", SPAN, "A message each so often."),
    Key::new(
        "misfire",
        &Shape::Words(&["skip", "once", "all"]),
        "What becomes of the times at which nobody ran.",
    )
    .default("skip"),
    Key::new("exchange", TEXT, "Where to; the default exchange if missing."),
    Key::new("key", TEXT, "The routing key.").required(),
    Key::new("body", TEXT, "The message's body."),
    Key::new("content-type", TEXT, "Its content type."),
    Key::new(
        "headers",
        &Shape::Names(&Shape::Any),
        "Its headers: texts, whole numbers, true or false.",
    ),
]);

static EXCHANGE: Shape = Shape::Table(&[
    Key::new("name", TEXT, "Its name.").required(),
    Key::new("kind", &KIND, "Its kind.").default("topic"),
]);

static QUEUE: Shape = Shape::Table(&[
    Key::new("name", TEXT, "Its name.").required(),
    Key::new("arguments", &Shape::Names(&Shape::Any), "Its arguments, such as `x-max-length`."),
]);

static BINDING: Shape = Shape::Table(&[
    Key::new("queue", TEXT, "The queue.").required(),
    Key::new("exchange", TEXT, "The exchange.").required(),
    Key::new("key", TEXT, "The routing key, or its pattern.").default(""),
]);
