//! Healing publishers for threads.

use crate::{
    blocking::{client::Client, driver::Driver, error::Error},
    client::{self, PublisherOptions},
    error::PublishError,
    message::Publish,
};

/// As [`Publisher`](crate::Publisher), for threads; a clone is the same publisher.
///
/// Each call waits for its own confirm: publish from many threads to have many under way.
#[derive(Debug, Clone)]
pub struct Publisher {
    publisher: client::Publisher,
    driver: Driver,
}

impl Client {
    /// A publisher with a channel of its own.
    pub fn publisher(&self, options: PublisherOptions) -> Publisher {
        Publisher::over(self.as_async().publisher(options), self.driver().clone())
    }
}

impl Publisher {
    /// Lets threads use a publisher of a client that was started on the driver's runtime.
    pub const fn over(publisher: client::Publisher, driver: Driver) -> Self {
        Self { publisher, driver }
    }

    /// The publisher for async callers.
    pub const fn as_async(&self) -> &client::Publisher {
        &self.publisher
    }

    /// Publishes a message and waits until the broker has confirmed it, up to the deadline.
    pub fn publish(&self, publish: Publish) -> Result<(), Error<PublishError>> {
        self.driver.wait(self.publisher.publish(publish))?.map_err(Error::Operation)
    }
}
