//! What the broker must know, and must hold, for handlers with partitions.

use leveret_client::{ChannelError, Connection, QueueDeclare};
use leveret_protocol::{ReplyCode, ShortStr};

use super::error::StartError;
use crate::handler::Handler;
use crate::link::DeclareError;

/// Refuses a handler whose queue is divided otherwise on the broker: the order of a key would be
/// lost, or messages would wait in a queue that nobody consumes.
pub(super) async fn check_numbers(
    connection: &Connection,
    handler: &Handler,
) -> Result<(), StartError> {
    let Some(wanted) = handler.partitions else { return Ok(()) };
    // They are declared from the last to the first, so where the first is, all of them are.
    let found = if exists(connection, &handler.partition(wanted)).await? {
        "more"
    } else if exists(connection, &handler.partition(0)).await?
        && !exists(connection, &handler.partition(wanted.saturating_sub(1))).await?
    {
        "fewer"
    } else {
        return Ok(());
    };
    let (handler, queue) = (handler.name.clone(), handler.queue().to_owned());
    Err(StartError::Repartitioned { handler, queue, wanted, found })
}

async fn exists(connection: &Connection, queue: &str) -> Result<bool, StartError> {
    let name = ShortStr::truncated(queue);
    let passive = QueueDeclare { name, passive: true, ..QueueDeclare::default() };
    let looked: Result<(), ChannelError> = async {
        let channel = connection.channel().await?;
        channel.queue_declare(&passive).await?;
        channel.close().await;
        Ok(())
    }
    .await;
    match looked {
        Ok(()) => Ok(true),
        Err(ChannelError::Closed { code, .. }) if code == ReplyCode::NotFound.as_u16() => Ok(false),
        Err(source) => Err(StartError::Declare { what: format!("queue `{queue}`"), source }),
    }
}

/// What to tell of a declaration that was refused.
pub(super) fn told(refused: DeclareError, handlers: &[Handler]) -> StartError {
    let DeclareError { what, source } = refused;
    let divided = handlers.iter().filter(|handler| handler.partitions.is_some());
    let mut exchanges = divided.map(|one| format!("exchange `{}`", one.partition_exchange()));
    let is_hash = exchanges.any(|exchange| exchange == what);
    if is_hash && is_unknown_type(&source) {
        return StartError::NoHashExchange { what, source };
    }
    StartError::Declare { what, source }
}

/// `RabbitMQ` closes the connection with 503 up to 3.13, and the channel with 406 since.
fn is_unknown_type(error: &ChannelError) -> bool {
    let unknown = [ReplyCode::CommandInvalid, ReplyCode::PreconditionFailed];
    let text = error.to_string();
    let is_so = unknown.iter().any(|code| error.code() == Some(code.as_u16()));
    is_so && text.contains("exchange type")
}

#[cfg(test)]
mod tests {
    use leveret_client::ConnectionEnd;

    use super::*;
    use crate::{OrderKey, StartError};

    fn of(source: ChannelError) -> StartError {
        let handler = Handler::new("steps", || async {}).ordered_by(OrderKey::routing_key());
        let what = "exchange `steps.partitions`".to_owned();
        told(DeclareError { what, source }, &[handler.partitions(4)])
    }

    #[test]
    fn a_broker_without_the_plug_in_is_told_apart_from_one_that_has_another_exchange() {
        // As RabbitMQ 3.10 and 4.0 say it.
        let text = "COMMAND_INVALID - unknown exchange type 'x-consistent-hash'".to_owned();
        let old = ConnectionEnd::ClosedByBroker { code: 503, text };
        let text = "PRECONDITION_FAILED - unknown exchange type 'x-consistent-hash'".to_owned();
        let new = ChannelError::Closed { code: 406, text };
        for source in [ChannelError::ConnectionEnded(old), new] {
            let error = of(source);
            assert!(matches!(error, StartError::NoHashExchange { .. }), "{error}");
            assert!(error.to_string().contains("rabbitmq_consistent_hash_exchange"), "{error}");
        }
        let text = "PRECONDITION_FAILED - inequivalent arg 'hash-header'".to_owned();
        let error = of(ChannelError::Closed { code: 406, text });
        assert!(matches!(error, StartError::Declare { .. }), "{error}");
    }
}
