//! The steps of a plan, done one after another.
//!
//! Keeps true: a queue with messages is not deleted unless that is asked for.

use std::io::{self, Write as _};

use leveret_client::{
    Channel, ChannelError, Connection, ExchangeDelete, QueueDeclare, QueueDelete,
};
use leveret_topology::{Binding, Deed, End, Object, Plan, Queue, Step};

use super::{args::DeletingArgs, declaration, failure::TopologyFailure, management::Management};
use crate::printable;

/// What steps are done with.
pub(crate) struct Applying<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) management: Option<&'a Management>,
    pub(crate) deleting: DeletingArgs,
    /// Whether each step is told when it is done.
    pub(crate) is_told: bool,
}

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) steps: usize,
    /// Policies that need the management API.
    pub(crate) left: usize,
}

impl Applying<'_> {
    /// Does all steps, or ends at the first that fails.
    pub(crate) async fn apply(&self, plan: &Plan) -> Result<Done, TopologyFailure> {
        for step in plan.deleting() {
            self.check_messages(step).await?;
        }
        let mut done = Done::default();
        for step in &plan.steps {
            if let Object::Policy(_) = &step.object {
                let Some(management) = self.management else {
                    done.left += 1;
                    continue;
                };
                apply_policy(management, step)?;
            } else {
                self.apply_step(step, done.steps).await?;
            }
            done.steps += 1;
            if self.is_told {
                let object = printable::line(&step.object.to_string());
                // The shell may have closed the pipe.
                writeln!(io::stdout(), "{:>3} {object}: done", step.sign()).ok();
            }
        }
        Ok(done)
    }

    /// Counts once more, since the plan was made a while ago; a list counts delivered messages, too.
    async fn check_messages(&self, step: &Step) -> Result<(), TopologyFailure> {
        let Object::Queue(queue) = &step.object else { return Ok(()) };
        if self.deleting.with_messages {
            return Ok(());
        }
        let name = declaration::short(&queue.name);
        let passive = QueueDeclare { name, passive: true, ..QueueDeclare::default() };
        let channel = self.connection.channel().await?;
        let ready = match channel.queue_declare(&passive).await {
            Ok(found) => u64::from(found.messages),
            Err(ChannelError::Closed { code: 404, .. }) => 0,
            Err(error) => return Err(error.into()),
        };
        channel.close().await;
        let messages = ready.max(step.messages.unwrap_or(0));
        if messages == 0 {
            return Ok(());
        }
        Err(TopologyFailure::HoldsMessages { queue: step.object.to_string(), messages })
    }

    async fn apply_step(&self, step: &Step, done: usize) -> Result<(), TopologyFailure> {
        let channel = self.connection.channel().await?;
        let result = match &step.deed {
            Deed::Add | Deed::AddAgain | Deed::AddUnseen => declare(&channel, &step.object).await,
            // Only policies change in their place.
            Deed::Change(_) => Ok(()),
            Deed::Remove => self.delete(&channel, &step.object).await,
            Deed::Recreate(_) => match self.delete(&channel, &step.object).await {
                Ok(()) => declare(&channel, &step.object).await,
                Err(error) => Err(error),
            },
        };
        let failed = |source| TopologyFailure::Step {
            object: step.object.to_string(),
            source: Box::new(source),
            done,
        };
        result.map_err(|error| match error {
            Obstacle::Channel(source) => failed(source),
            Obstacle::Other(failure) => *failure,
        })?;
        channel.close().await;
        Ok(())
    }

    async fn delete(&self, channel: &Channel, object: &Object) -> Result<(), Obstacle> {
        match object {
            Object::Exchange(exchange) => {
                let name = declaration::short(&exchange.name);
                Ok(channel.exchange_delete(&ExchangeDelete { name, if_unused: false }).await?)
            }
            Object::Queue(queue) => {
                let name = declaration::short(&queue.name);
                let if_empty = !self.deleting.with_messages && takes_conditions(queue);
                let delete = QueueDelete { name, if_unused: false, if_empty };
                Ok(channel.queue_delete(&delete).await.map(drop)?)
            }
            Object::Binding(binding) => unbind(channel, binding).await,
            Object::Policy(_) => Ok(()),
        }
    }
}

/// Quorum queues of some brokers refuse conditions by closing the connection.
fn takes_conditions(queue: &Queue) -> bool {
    queue.kind.as_deref().is_none_or(|kind| kind == "classic")
}

/// Why a step was not done.
enum Obstacle {
    Channel(ChannelError),
    Other(Box<TopologyFailure>),
}

impl From<ChannelError> for Obstacle {
    fn from(error: ChannelError) -> Self {
        Self::Channel(error)
    }
}

impl From<TopologyFailure> for Obstacle {
    fn from(failure: TopologyFailure) -> Self {
        Self::Other(Box::new(failure))
    }
}

async fn declare(channel: &Channel, object: &Object) -> Result<(), Obstacle> {
    match object {
        Object::Exchange(exchange) => {
            Ok(channel.exchange_declare(&declaration::of_exchange(exchange)?).await?)
        }
        Object::Queue(queue) => {
            Ok(channel.queue_declare(&declaration::of_queue(queue)?).await.map(drop)?)
        }
        Object::Binding(binding) => match &binding.destination {
            End::Queue(queue) => {
                let binding = declaration::of_queue_binding(binding, queue)?;
                Ok(channel.queue_bind(&binding).await?)
            }
            End::Exchange(exchange) => {
                let binding = declaration::of_exchange_binding(binding, exchange)?;
                Ok(channel.exchange_bind(&binding).await?)
            }
        },
        Object::Policy(_) => Ok(()),
    }
}

async fn unbind(channel: &Channel, binding: &Binding) -> Result<(), Obstacle> {
    match &binding.destination {
        End::Queue(queue) => {
            let binding = declaration::of_queue_binding(binding, queue)?;
            Ok(channel.queue_unbind(&binding).await?)
        }
        End::Exchange(exchange) => {
            let binding = declaration::of_exchange_binding(binding, exchange)?;
            Ok(channel.exchange_unbind(&binding).await?)
        }
    }
}

fn apply_policy(management: &Management, step: &Step) -> Result<(), TopologyFailure> {
    let Object::Policy(policy) = &step.object else { return Ok(()) };
    match step.deed {
        Deed::Remove => management.delete_policy(&policy.name),
        Deed::Add | Deed::AddAgain | Deed::AddUnseen | Deed::Change(_) | Deed::Recreate(_) => {
            management.put_policy(policy)
        }
    }
}
