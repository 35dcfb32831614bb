//! How a running application is steered.

use std::net::SocketAddr;

#[cfg(feature = "http")]
use super::App;
use super::RunningApp;
use crate::control::Control;
#[cfg(feature = "http")]
use crate::control::ControlServer;

#[cfg(feature = "http")]
impl App {
    /// Serves control of its handlers over HTTP, from start to end, and the
    /// [monitoring pages](crate::Monitor::router) beside it. `leveret handlers` speaks to it.
    ///
    /// | request | does |
    /// |---|---|
    /// | `GET /control/handlers` | `{"handlers": [..]}`, each a [`HandlerStatus`](crate::HandlerStatus) |
    /// | `GET /control/handlers/{name}` | one of them |
    /// | `POST /control/handlers/{name}/pause` | `{"owner", "reason", "expires_secs"}`, each may be left out |
    /// | `POST /control/handlers/{name}/resume` | `{"owner"}` |
    /// | `POST /control/handlers/{name}/concurrency` | `{"concurrency", "owner"}` |
    /// | `POST /control/handlers/{name}/drain` | as pause, and `"wait_secs"` (30, up to 600): 200 when nothing is in hand, 202 if that takes longer |
    ///
    /// Requests that do something need `content-type: application/json` and are refused from pages
    /// of other sites.
    #[must_use]
    pub fn control(mut self, server: ControlServer) -> Self {
        self.control_server = Some(server);
        self
    }
}

impl RunningApp {
    /// Steers its handlers, from elsewhere too.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Where control is served, if it is.
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control_address
    }
}
