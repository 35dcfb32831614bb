//! What the exchanges and queues are called.

/// The names of one run; runs that share a broker elsewhere have names of their own.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    suffix: String,
}

impl Names {
    /// The plain names, for a broker that nobody shares.
    pub(crate) fn plain() -> Self {
        Self { suffix: String::new() }
    }

    /// Names that only runs with the same tag share.
    pub(crate) fn tagged(tag: &str) -> Self {
        Self { suffix: format!("-{tag}") }
    }

    /// The application, after which its inbox's queue is named.
    pub(crate) fn application(&self) -> String {
        self.of("bounces")
    }

    /// The topic exchange that takes mails and results.
    pub(crate) fn exchange(&self) -> String {
        self.of("mail")
    }

    /// The queue of mails to be classified.
    pub(crate) fn incoming(&self) -> String {
        self.of("mail.incoming")
    }

    /// The queue of results to be written.
    pub(crate) fn results(&self) -> String {
        self.of("mail.results")
    }

    /// The queue of results that may hold an address to suppress.
    pub(crate) fn suppression(&self) -> String {
        self.of("mail.suppression")
    }

    /// The queue of addresses to suppress.
    pub(crate) fn suppressed(&self) -> String {
        self.of("mail.suppressed")
    }

    fn of(&self, name: &str) -> String {
        format!("{name}{}", self.suffix)
    }
}

/// The routing key of mails on their way in.
pub(crate) const INCOMING: &str = "incoming";

/// The routing key of addresses to suppress.
pub(crate) const SUPPRESS: &str = "suppress";

/// The binding keys that match all results, and nothing else.
pub(crate) const RESULTS: [&str; 4] = ["bounce.*", "complaint.*", "auto-reply", "unknown"];

/// The binding keys of results that may hold an address to suppress.
pub(crate) const SUPPRESSING: [&str; 2] = ["bounce.hard", "complaint.*"];
