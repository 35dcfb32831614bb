//! A run file that was read again: what holds at once, and what waits.

use std::collections::{BTreeMap, BTreeSet};

use leveret::{CONFIG_OWNER, Control, ControlError, Pause};

use crate::load::steps;
use crate::plan::{Plan, Service};
use crate::show::Setting;

/// What became of a run file that was read again.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reloaded {
    /// What holds now that did not before, in words.
    pub applied: Vec<String>,
    /// What needs a restart, in words.
    pub waiting: Vec<String>,
}

/// What holds while a plan runs: what it was started with, and what was taken over since.
#[derive(Debug)]
pub(crate) struct Held {
    settings: Vec<Setting>,
    services: Vec<Service>,
    handlers: BTreeMap<String, Steered>,
}

/// What of a handler can be changed while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Steered {
    /// What its consumer is called in the file.
    written: String,
    /// Nothing where the framework says how many.
    concurrency: Option<usize>,
    is_paused: bool,
    /// Whether the file does not have it any more.
    is_gone: bool,
}

/// What a changed setting comes to.
enum Verdict {
    /// It holds.
    Holds,
    /// Its consumer is gone, which was told when it went; looked at again when it comes back.
    IsGone,
    /// It waits, in words.
    Waits(String),
}

impl Held {
    pub(crate) fn of(plan: &Plan) -> Self {
        let settings = plan.settings.clone();
        Self { settings, services: plan.services.clone(), handlers: steered(plan) }
    }

    /// Takes over what can be: `set_level` sets what is logged, and says whether it could.
    pub(crate) fn take_over(
        &mut self,
        plan: &Plan,
        control: &Control,
        set_level: &dyn Fn(&str) -> bool,
    ) -> Reloaded {
        let mut reloaded = Reloaded::default();
        let stuck = self.steer(plan, control, &mut reloaded.applied);
        let mut told = BTreeSet::new();
        for name in changes(&self.settings, &plan.settings) {
            let verdict = if name == "logging.level" {
                level(plan, set_level)
            } else {
                self.verdict(&name, plan, &stuck)
            };
            match verdict {
                Verdict::Holds => {
                    reloaded.applied.push(format!("`{name}` is changed"));
                    self.hold(&name, plan);
                }
                Verdict::Waits(words) if told.insert(words.clone()) => reloaded.waiting.push(words),
                Verdict::Waits(_) | Verdict::IsGone => {}
            }
        }
        reloaded
    }

    /// Brings handlers to what the plan says; gives back those that cannot be, with the reason.
    fn steer(
        &mut self,
        plan: &Plan,
        control: &Control,
        applied: &mut Vec<String>,
    ) -> BTreeMap<String, String> {
        let wanted = steered(plan);
        let mut stuck = BTreeMap::new();
        for (name, held) in &mut self.handlers {
            let steered = match wanted.get(name) {
                None if held.is_gone => Ok(None),
                None => held.leave(name, control),
                Some(wanted) => held.follow(name, wanted, control),
            };
            match steered {
                Ok(words) => applied.extend(words),
                Err(reason) => {
                    stuck.insert(name.clone(), reason);
                }
            }
        }
        stuck
    }

    fn verdict(&self, name: &str, plan: &Plan, stuck: &BTreeMap<String, String>) -> Verdict {
        let path = steps(name).unwrap_or_default();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let of = |is_meant: &dyn Fn(&str, &Steered) -> bool| {
            let meant = stuck.iter().filter(|(handler, _)| {
                self.handlers.get(*handler).is_some_and(|held| is_meant(handler, held))
            });
            let reasons: Vec<&str> = meant.map(|(_, reason)| reason.as_str()).collect();
            if reasons.is_empty() {
                return Verdict::Holds;
            }
            Verdict::Waits(format!("`{name}` needs a restart: {}", reasons.join("; ")))
        };
        match path.as_slice() {
            ["consumers", written, rest @ ..] => {
                let known = || self.handlers.values().filter(|held| held.written == **written);
                match rest {
                    _ if known().next().is_some() && known().all(|held| held.is_gone) => {
                        Verdict::IsGone
                    }
                    _ if known().next().is_none() => {
                        Verdict::Waits(format!("`consumers.{written}` is new, and needs a restart"))
                    }
                    ["concurrency" | "paused"] => of(&|_, held| held.written == **written),
                    _ => waits(name),
                }
            }
            ["handlers", handler, ..]
                if self.handlers.get(*handler).is_some_and(|held| held.is_gone) =>
            {
                Verdict::IsGone
            }
            ["handlers", handler, "concurrency" | "paused"] => of(&|name, _| name == *handler),
            _ if name.starts_with("services") && self.has_all(&plan.services) => of(&|_, _| true),
            _ => waits(name),
        }
    }

    /// Whether all of these run, with however many workers.
    fn has_all(&self, services: &[Service]) -> bool {
        let is_known =
            |one: &Service| self.services.iter().any(|known| known.without_workers() == *one);
        services.iter().map(Service::without_workers).all(|one| is_known(&one))
    }

    /// The setting is as in the plan from now on.
    fn hold(&mut self, name: &str, plan: &Plan) {
        self.settings.retain(|setting| setting.name != name);
        self.settings.extend(plan.settings.iter().filter(|one| one.name == name).cloned());
    }
}

impl Steered {
    /// Finishes what is in hand and takes nothing more: the file has it no more.
    fn leave(&mut self, name: &str, control: &Control) -> Result<Option<String>, String> {
        let pause = Pause::by(CONFIG_OWNER).because("the run file has it no more");
        control.pause(name, pause).map_err(|error| error.to_string())?;
        self.is_gone = true;
        Ok(Some(format!(
            "`{name}` takes nothing more, as the file has it no more; its queue stays"
        )))
    }

    /// Does as the file says now; in words what the settings' names do not tell.
    fn follow(
        &mut self,
        name: &str,
        wanted: &Self,
        control: &Control,
    ) -> Result<Option<String>, String> {
        let mut words = None;
        let status = control.handler(name).map_err(|error| error.to_string())?;
        let is_ours = status.pause.as_ref().is_some_and(|pause| pause.owner == CONFIG_OWNER);
        let has_changed = self.is_gone || self.is_paused != wanted.is_paused;
        if has_changed && wanted.is_paused {
            let pause = Pause::by(CONFIG_OWNER).because("the configuration says so");
            control.pause(name, pause).map_err(|error| error.to_string())?;
        } else if has_changed && is_ours {
            control.resume(name, CONFIG_OWNER).map_err(|error| error.to_string())?;
        } else if let (true, Some(pause)) = (has_changed, &status.pause) {
            words = Some(format!("`{name}` stays paused: {} has paused it", pause.owner));
        }
        if self.is_gone {
            words = words.or_else(|| Some(format!("`{name}` is in the file again, and goes on")));
        }
        (self.is_gone, self.is_paused) = (false, wanted.is_paused);
        if self.concurrency == wanted.concurrency {
            return Ok(words);
        }
        let Some(workers) = wanted.concurrency else {
            return Err("nothing says how many there are to be".to_owned());
        };
        match control.set_concurrency(name, workers, CONFIG_OWNER) {
            Ok(_) => self.concurrency = wanted.concurrency,
            Err(ControlError::OutOfRange { .. }) => {
                return Err(format!(
                    "`{name}` was started with {} workers at most, and {workers} are wanted; \
                     `concurrency-min` and `concurrency-max` say what is possible while it runs",
                    status.workers_max
                ));
            }
            Err(error) => return Err(error.to_string()),
        }
        Ok(words)
    }
}

fn level(plan: &Plan, set_level: &dyn Fn(&str) -> bool) -> Verdict {
    if set_level(plan.log_level().unwrap_or("info")) {
        Verdict::Holds
    } else {
        let text = "`logging.level` is not taken: the environment's `LEVERET_LOG` wins";
        Verdict::Waits(text.to_owned())
    }
}

fn waits(name: &str) -> Verdict {
    Verdict::Waits(format!("`{name}` needs a restart"))
}

/// What the plan says of each handler.
fn steered(plan: &Plan) -> BTreeMap<String, Steered> {
    let of = |(name, config): (&String, &leveret::HandlerConfig)| {
        let consumer = plan.consumers.iter().find(|consumer| consumer.name == *name);
        let usual = consumer.map(|_| 1);
        let steered = Steered {
            written: consumer.map_or_else(String::new, |consumer| consumer.written.clone()),
            concurrency: config.concurrency.or(usual),
            is_paused: config.paused.unwrap_or_default(),
            is_gone: false,
        };
        (name.clone(), steered)
    };
    plan.config.handlers.iter().map(of).collect()
}

/// The names of what is not the same, there and gone included.
fn changes(before: &[Setting], now: &[Setting]) -> BTreeSet<String> {
    let has_no_like = |one: &&Setting, others: &[Setting]| {
        !others.iter().any(|other| other.name == one.name && other.is_like(one))
    };
    let gone = before.iter().filter(|one| has_no_like(one, now));
    let come = now.iter().filter(|one| has_no_like(one, before));
    gone.chain(come).map(|one| one.name.clone()).collect()
}
