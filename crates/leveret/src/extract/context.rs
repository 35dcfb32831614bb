//! What the application brings: state and settings.

use std::any::type_name;
use std::future::{Future, ready};
use std::ops::Deref;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::FromMessage;
use crate::failure::{Class, Classify};
use crate::request::Request;
use crate::shared::Needs;

/// A value given with [`Handlers::state`](crate::Handlers::state) or, where that gives none of its
/// type, with [`App::state`](crate::App::state), cloned for each message.
///
/// A handler that asks for a type nobody gave is refused when the application starts.
#[derive(Debug, Clone, Copy, Default)]
pub struct State<T>(pub T);

/// Settings given with [`App::settings`](crate::App::settings) or in the configuration's
/// table `[settings]`; read once, at start.
#[derive(Debug, Default)]
pub struct Settings<T>(pub Arc<T>);

/// The application has no value of the type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no value of type `{0}` was given to the app")]
pub struct MissingState(&'static str);

impl Classify for MissingState {
    fn class(&self) -> Class {
        Class::Permanent
    }

    fn name(&self) -> &'static str {
        "missing-state"
    }
}

impl<T: Clone + Send + Sync + 'static> FromMessage for State<T> {
    type Rejection = MissingState;

    fn from_message(request: &Request) -> impl Future<Output = Result<Self, MissingState>> + Send {
        let value = request.state::<T>().cloned();
        ready(value.map(State).ok_or_else(|| MissingState(type_name::<T>())))
    }

    fn needs(needs: &mut Needs<'_>) {
        needs.state::<T>();
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> FromMessage for Settings<T> {
    type Rejection = MissingState;

    fn from_message(request: &Request) -> impl Future<Output = Result<Self, MissingState>> + Send {
        let value = request.shared().settings::<T>();
        ready(value.map(Settings).ok_or_else(|| MissingState(type_name::<T>())))
    }

    fn needs(needs: &mut Needs<'_>) {
        needs.settings::<T>();
    }
}

impl<T> Clone for Settings<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Deref for Settings<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Deref for State<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
