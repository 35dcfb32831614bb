//! Many messages as one argument.

use std::ops::Deref;

use super::FromMessage;
use crate::failure::Failure;
use crate::request::Request;
use crate::shared::Needs;

/// The messages of a batch, each drawn as a `T`: see [`Handler::batch`](crate::Handler::batch).
///
/// `T` is an extractor, or a tuple of some: `Batch<Json<Order>>`, `Batch<(RoutingKey, Json<Order>)>`.
/// A message from which it cannot be drawn is not in the batch that the function gets: it is
/// settled by itself, undecodable ones as dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch<T>(Vec<T>);

impl<T> Batch<T> {
    /// All of them, in the order in which they came.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T> Deref for Batch<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> IntoIterator for Batch<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<T> From<Vec<T>> for Batch<T> {
    /// As if they had been delivered: for tests of handlers, without a broker.
    fn from(items: Vec<T>) -> Self {
        Self(items)
    }
}

impl<T: FromMessage + Send> FromMessage for Batch<T> {
    type Rejection = Failure;

    async fn from_message(request: &Request) -> Result<Self, Failure> {
        let mut items = Vec::with_capacity(request.parts().len());
        for part in request.parts() {
            match T::from_message(part).await {
                Ok(item) => items.push(item),
                Err(rejection) => part.refuse(Failure::of(&rejection)),
            }
        }
        if items.is_empty() {
            return Err(Failure::permanent("no message of the batch can be read"));
        }
        Ok(Self(items))
    }

    fn needs(needs: &mut Needs<'_>) {
        needs.in_batch(T::needs);
    }
}

macro_rules! tuples {
    ($($($name:ident)+;)*) => {
        $(impl<$($name: FromMessage + Send),+> FromMessage for ($($name,)+) {
            type Rejection = Failure;

            async fn from_message(request: &Request) -> Result<Self, Failure> {
                Ok(($($name::from_message(request)
                    .await
                    .map_err(|rejection| Failure::of(&rejection))?,)+))
            }

            fn needs(needs: &mut Needs<'_>) {
                $($name::needs(needs);)+
            }
        })*
    };
}

tuples! {
    A B;
    A B C;
    A B C D;
}
