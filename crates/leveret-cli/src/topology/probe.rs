//! What a broker has of a file's objects, by single questions over AMQP.
//!
//! An object that is there is declared once more as the file has it: that changes nothing, and a broker
//! refuses with 406 and the first difference where the file says otherwise.

use leveret_client::{ChannelError, Connection};
use leveret_topology::{Finding, Mode, Probe, QueueState, Topology};

use super::{declaration, failure::TopologyFailure};

/// Asks for each exchange and queue of the file that is its business.
pub(crate) async fn probe(
    connection: &Connection,
    topology: &Topology,
) -> Result<Probe, TopologyFailure> {
    let mut probe = Probe::default();
    for exchange in topology.exchanges.iter().filter(|one| one.mode != Mode::Ignore) {
        let declare = declaration::of_exchange(exchange)?;
        let mut passive = declare.clone();
        passive.passive = true;
        let found = connection.channel().await?.exchange_declare(&passive).await;
        let state = QueueState::default();
        let finding = match found {
            Ok(()) if exchange.auto_delete => unsure(state),
            Ok(()) => {
                let again = connection.channel().await?.exchange_declare(&declare).await;
                compared(again, state)?
            }
            Err(error) => missing(error)?,
        };
        probe.findings.insert(leveret_topology::End::Exchange(exchange.name.clone()), finding);
    }
    for queue in topology.queues.iter().filter(|one| one.mode != Mode::Ignore) {
        let declare = declaration::of_queue(queue)?;
        let mut passive = declare.clone();
        passive.passive = true;
        let found = connection.channel().await?.queue_declare(&passive).await;
        let finding = match found {
            Ok(found) => {
                let (messages, consumers) = (found.messages.into(), found.consumers.into());
                let state = QueueState { messages, consumers };
                if queue.auto_delete {
                    unsure(state)
                } else {
                    let again = connection.channel().await?.queue_declare(&declare).await;
                    compared(again.map(drop), state)?
                }
            }
            Err(error) => missing(error)?,
        };
        probe.findings.insert(leveret_topology::End::Queue(queue.name.clone()), finding);
    }
    Ok(probe)
}

/// It may be gone before the second question, which then would make it.
fn unsure(state: QueueState) -> Finding {
    Finding::Unsure("it is auto-delete, and asking may make it".to_owned(), state)
}

fn compared(
    declared: Result<(), ChannelError>,
    state: QueueState,
) -> Result<Finding, TopologyFailure> {
    match declared {
        Ok(()) => Ok(Finding::Same(state)),
        Err(ChannelError::Closed { code: 406, text }) => Ok(Finding::Differs(text, state)),
        Err(ChannelError::Closed { code: 403, text }) => Ok(Finding::Unsure(text, state)),
        Err(error) => Err(error.into()),
    }
}

fn missing(error: ChannelError) -> Result<Finding, TopologyFailure> {
    let ChannelError::Closed { code, text } = error else { return Err(error.into()) };
    match code {
        404 => Ok(Finding::Missing),
        403 | 405 => Ok(Finding::Unsure(text, QueueState::default())),
        _ => Err(ChannelError::Closed { code, text }.into()),
    }
}
