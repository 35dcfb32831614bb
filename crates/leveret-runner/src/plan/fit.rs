//! Whether what is said of handlers goes together, as the framework sees it.

use std::borrow::Cow;

use leveret::{App, StartError};
use toml::Spanned;
use toml::de::DeTable;

use super::{Consumer, Plan, Reading};
use crate::values::get;

impl Reading<'_> {
    /// Notes where the file speaks of each handler.
    pub(super) fn know_places(&mut self, common: &DeTable<'_>) {
        let handlers = get(common, "handlers").and_then(|value| value.get_ref().as_table());
        let all = handlers.into_iter().flatten();
        let place = |name: &Spanned<Cow<'_, str>>| (name.get_ref().to_string(), name.span());
        self.places = all.map(|(name, _)| place(name)).collect();
    }

    /// Tells what does not go together, once everything else is right.
    pub(super) fn fit(&mut self, plan: &Plan) {
        if !self.problems.is_empty() {
            return;
        }
        let mut app = App::new(plan.name.as_str()).configure(plan.config.clone());
        if let Some(path) = &plan.inbox_file {
            app = app.inbox_file(path);
        }
        let handlers = plan.consumers.iter().cloned().map(Consumer::into_handler);
        for (name, error) in handlers.fold(app, App::handler).misfits() {
            let place = self.places.get(&name).cloned().unwrap_or(0..0);
            let hint = hint(&error);
            self.wrong(place, error, hint);
        }
    }
}

/// What the framework says in its own words, in those of a run file.
fn hint(error: &StartError) -> Option<String> {
    if let StartError::NoInboxFile { .. } = error {
        return Some("write `inbox-file = \"..\"` at the top of the file".to_owned());
    }
    let words = error.to_string();
    let is_of_order = words.contains(".ordered_by(") || words.contains("OrderKey::");
    is_of_order.then(|| {
        "here that is `order = { routing-key = true }` or `order = { header = \"..\" }`".to_owned()
    })
}
