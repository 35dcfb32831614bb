//! A test kit: an application on the real broker, observed and disturbed.
//!
//! [`TestApp`] runs an [`App`](crate::App) as it is. What a test publishes has settled when the
//! call returns: every handler that it led to is done. Then the test asks what has happened.
//!
//! ```
//! use leveret::test::TestApp;
//! use leveret::{App, Handler, Publish, Text};
//!
//! async fn greet(Text(name): Text) -> Publish {
//!     Publish::to_queue("greetings").text(format!("Hello, {name}"))
//! }
//!
//! async fn show(Text(_): Text) {}
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = App::new("greeter")
//!     .handler(Handler::new("names", greet))
//!     .handler(Handler::new("greetings", show));
//! let app = TestApp::start(app).await?;
//! app.publish(Publish::to_queue("names").text("Hazel")).await?;
//! app.assert_handled_once("greet");
//! assert_eq!(app.assert_published("", "greetings").text(), "Hello, Hazel");
//! app.shutdown().await?;
//! # Ok(())
//! # }
//! ```
//!
//! What it records is what has passed between the application and its broker, not what the
//! application believes: an output counts once the broker has confirmed or committed it.

mod application;
mod assertions;
mod exploration;
mod options;
mod report;
mod sightings;

pub use crate::relay::{Cut, Point};

pub use application::TestApp;
pub use exploration::explore;
pub use options::TestOptions;
pub use report::{Report, StepReport};
pub use sightings::{DeadLetter, Ending, Handled, Published};
