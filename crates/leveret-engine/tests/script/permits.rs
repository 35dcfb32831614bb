//! Permissions as a script writes them: `configure=a,b write=* read= topic=k`.

use leveret_engine::{Authority, Permissions};
use leveret_protocol::ShortStr;

use super::command::Words;

/// Names in place of patterns; `None` is every name.
#[derive(Debug)]
struct Names(Option<Vec<String>>);

impl Names {
    fn take(words: &mut Words, name: &str) -> Self {
        let list = words.value(name).filter(|value| value != "*");
        Self(list.map(|list| list.split(',').map(str::to_owned).collect()))
    }

    fn has(&self, wanted: &ShortStr) -> bool {
        let Some(names) = &self.0 else { return true };
        names.iter().any(|name| match name.strip_suffix('*') {
            Some(prefix) => wanted.starts_with(prefix.as_bytes()),
            None => *wanted == name.as_str(),
        })
    }
}

#[derive(Debug)]
struct Permits {
    configure: Names,
    write: Names,
    read: Names,
    topics: Names,
    may_impersonate: bool,
}

/// What the words allow; what they are silent about is allowed.
pub(crate) fn authority(words: &mut Words) -> Authority {
    Authority::new(Permits {
        configure: Names::take(words, "configure"),
        write: Names::take(words, "write"),
        read: Names::take(words, "read"),
        topics: Names::take(words, "topic"),
        may_impersonate: words.take("impersonator"),
    })
}

impl Permissions for Permits {
    fn may_configure(&self, name: &ShortStr) -> bool {
        self.configure.has(name)
    }

    fn may_write(&self, name: &ShortStr) -> bool {
        self.write.has(name)
    }

    fn may_read(&self, name: &ShortStr) -> bool {
        self.read.has(name)
    }

    fn may_write_topic(&self, _exchange: &ShortStr, routing_key: &ShortStr) -> bool {
        self.topics.has(routing_key)
    }

    fn may_read_topic(&self, _exchange: &ShortStr, routing_key: &ShortStr) -> bool {
        self.topics.has(routing_key)
    }

    fn may_impersonate(&self) -> bool {
        self.may_impersonate
    }
}
