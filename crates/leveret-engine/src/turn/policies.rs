//! Queues and exchanges follow the policies, old ones step by step.

use leveret_protocol::ShortStr;

use super::Turn;
use crate::{
    arguments,
    identity::{ExchangeId, QueueId},
    policies::{PolicySet, PolicyTarget},
    work::{Followed, Task},
};

impl Turn<'_> {
    pub(super) fn set_policies(&mut self, policies: PolicySet) {
        self.host.policies = policies;
        let upto = QueueId(0);
        self.host.work.add(Task::Follow(Followed::Queues { upto }));
    }

    pub(super) fn go_on_following(&mut self, mut followed: Followed) {
        while self.steps_left > 0 {
            self.steps_left -= 1;
            followed = match followed {
                Followed::Queues { upto } => match self.host.queues.next_after(upto) {
                    Some(id) => {
                        self.follow_policies(id);
                        Followed::Queues { upto: id }
                    }
                    None => Followed::Exchanges { upto: ExchangeId(0) },
                },
                Followed::Exchanges { upto } => match self.host.exchanges.next_after(upto) {
                    Some(id) => {
                        self.follow_policies_of_exchange(id);
                        Followed::Exchanges { upto: id }
                    }
                    None => return,
                },
            };
        }
        self.host.work.add(Task::Follow(followed));
    }

    /// Gives a queue the settings of its arguments and its policy, if they are others than now.
    pub(super) fn follow_policies(&mut self, id: QueueId) {
        let Some(queue) = self.host.queues.get(id) else { return };
        let settings = self.host.policed(&queue.spec, queue.settings.queue_type);
        let Some(queue) = self.host.queues.get_mut(id) else { return };
        if queue.settings != settings {
            queue.settings = settings;
            self.settings_changed(id);
            self.stirred.push_back(id);
        }
    }

    pub(super) fn follow_policies_of_exchange(&mut self, id: ExchangeId) {
        const KEY: &str = "alternate-exchange";
        let Some(exchange) = self.host.exchanges.get(id) else { return };
        let own = arguments::name(&exchange.spec.arguments, KEY);
        let by_policy = || -> Option<ShortStr> {
            let name = &exchange.spec.name;
            let definition = self.host.policies.definition_for(PolicyTarget::Exchange, name)?;
            arguments::name(&definition, KEY)
        };
        let alternate = own.or_else(by_policy);
        if let Some(exchange) = self.host.exchanges.get_mut(id) {
            exchange.alternate = alternate;
        }
    }
}
