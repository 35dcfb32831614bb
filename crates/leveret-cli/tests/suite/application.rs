//! An application that runs beside the command, under control.

use leveret::{App, ControlServer, Handler, RunningApp};
use tokio::runtime::Runtime;

/// It runs as long as this lives.
pub(crate) struct Application {
    pub(crate) running: RunningApp,
    pub(crate) runtime: Runtime,
}

impl Application {
    /// Starts it on a broker, such as `127.0.0.1:5672`, with control on a free port.
    pub(crate) fn start(broker: &str, handlers: Vec<Handler>) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = ControlServer::at(([127, 0, 0, 1], 0).into());
        let app = App::new("shop").connect(format!("amqp://{broker}")).control(server);
        let app = handlers.into_iter().fold(app, App::handler);
        let running = runtime.block_on(app.start()).unwrap();
        Self { running, runtime }
    }

    /// Where it is steered.
    pub(crate) fn address(&self) -> String {
        self.running.control_address().unwrap().to_string()
    }
}
