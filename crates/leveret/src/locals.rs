//! What one handler's messages have besides what all of an application's have.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use crate::captures::Template;

/// Names for words of the routing key, and values of the groups the handler is in.
#[derive(Debug, Default)]
pub(crate) struct Locals {
    /// Each with its exchange.
    templates: Vec<(String, Template)>,
    scopes: Vec<Arc<Scope>>,
}

/// Values by their type, for the handlers of one group.
#[derive(Default)]
pub(crate) struct Scope(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl Locals {
    /// `scopes` begin with the innermost.
    pub(crate) fn new(templates: Vec<(String, Template)>, scopes: Vec<Arc<Scope>>) -> Self {
        Self { templates, scopes }
    }

    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        self.templates.iter().map(|(_, template)| template)
    }

    /// Those of the bindings to an exchange.
    pub(crate) fn templates_of(&self, exchange: &str) -> impl Iterator<Item = &Template> {
        let bound = self.templates.iter().filter(move |(bound, _)| bound == exchange);
        bound.map(|(_, template)| template)
    }

    pub(crate) fn state<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.scopes.iter().find_map(|scope| scope.0.get(&TypeId::of::<T>())?.downcast_ref())
    }
}

impl Scope {
    pub(crate) fn put<T: Send + Sync + 'static>(&mut self, value: T) {
        self.0.insert(TypeId::of::<T>(), Box::new(value));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Debug for Scope {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({})", self.0.len())
    }
}
