//! Values by number: nearly all come with the next one, and go in that order.
//!
//! A deque with gaps: adding behind the last and taking the first cost the same for a thousand
//! values as for one. Keeps true: the first place is no gap, and at most about half of them are.

use alloc::collections::{VecDeque, vec_deque};

/// Values in the order of their numbers.
#[derive(Debug)]
pub(crate) struct Series<T> {
    /// A value that was taken out of the middle leaves a gap.
    places: VecDeque<Place<T>>,
    len: usize,
}

type Place<T> = (u64, Option<T>);

/// So many gaps are no reason to close them.
const GAPS_FREE: usize = 32;

/// Room for more is given back once there are no values.
const ROOM_KEPT: usize = 4096;

impl<T> Default for Series<T> {
    fn default() -> Self {
        Self { places: VecDeque::new(), len: 0 }
    }
}

impl<T> Series<T> {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The greatest number; one that is gone may count.
    pub(crate) fn last_number(&self) -> Option<u64> {
        self.places.back().map(|(number, _)| *number)
    }

    /// Puts the value in its place, which is cheap behind all others.
    pub(crate) fn insert(&mut self, number: u64, value: T) {
        if self.last_number().is_none_or(|last| last < number) {
            self.places.push_back((number, Some(value)));
            self.len += 1;
            return;
        }
        match self.places.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(at) => {
                if let Some((_, place)) = self.places.get_mut(at)
                    && place.replace(value).is_none()
                {
                    self.len += 1;
                }
            }
            Err(at) => {
                self.places.insert(at, (number, Some(value)));
                self.len += 1;
            }
        }
    }

    /// Puts in many, of numbers that none has yet.
    pub(crate) fn extend(&mut self, values: impl IntoIterator<Item = (u64, T)>) {
        let before = self.places.len();
        self.places.extend(values.into_iter().map(|(number, value)| (number, Some(value))));
        self.len += self.places.len() - before;
        let seam = before.saturating_sub(1);
        if !self.places.range(seam..).is_sorted_by(|(one, _), (other, _)| one < other) {
            self.close_gaps();
            self.places.make_contiguous().sort_unstable_by_key(|(number, _)| *number);
        }
    }

    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        self.places.get(self.find(number)?)?.1.as_ref()
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let at = self.find(number)?;
        self.places.get_mut(at)?.1.as_mut()
    }

    pub(crate) fn remove(&mut self, number: u64) -> Option<T> {
        let at = self.find(number)?;
        let value = self.places.get_mut(at)?.1.take()?;
        self.len -= 1;
        self.tidy();
        Some(value)
    }

    pub(crate) fn first(&self) -> Option<(u64, &T)> {
        let (number, value) = self.places.front()?;
        Some((*number, value.as_ref()?))
    }

    /// Takes out all up to and with that number.
    pub(crate) fn take_up_to(&mut self, number: u64) -> Self {
        let end = self.places.partition_point(|(other, _)| *other <= number);
        let places: VecDeque<Place<T>> = self.places.drain(..end).collect();
        let len = places.iter().filter(|(_, value)| value.is_some()).count();
        self.len -= len;
        self.tidy();
        Self { places, len }
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.places.iter().filter_map(|(_, value)| value.as_ref())
    }

    /// The values in their order.
    pub(crate) fn into_values(self) -> IntoValues<T> {
        IntoValues { places: self.places.into_iter() }
    }

    fn find(&self, number: u64) -> Option<usize> {
        if self.places.front().is_some_and(|(first, _)| *first == number) {
            return Some(0);
        }
        self.places.binary_search_by_key(&number, |(number, _)| *number).ok()
    }

    /// Closes gaps where they are free to close, or too many.
    fn tidy(&mut self) {
        while self.places.pop_front_if(|(_, value)| value.is_none()).is_some() {}
        if self.places.is_empty() && self.places.capacity() > ROOM_KEPT {
            self.places = VecDeque::new();
        }
        if self.places.len() > self.len.saturating_mul(2).saturating_add(GAPS_FREE) {
            self.close_gaps();
            self.places.shrink_to(self.len.saturating_mul(2).max(ROOM_KEPT));
        }
    }

    fn close_gaps(&mut self) {
        self.places.retain(|(_, value)| value.is_some());
    }
}

impl<T> IntoIterator for Series<T> {
    type Item = (u64, T);
    type IntoIter = IntoNumbered<T>;

    fn into_iter(self) -> Self::IntoIter {
        IntoNumbered { places: self.places.into_iter() }
    }
}

/// All values with their numbers.
#[derive(Debug)]
pub(crate) struct IntoNumbered<T> {
    places: vec_deque::IntoIter<Place<T>>,
}

impl<T> Iterator for IntoNumbered<T> {
    type Item = (u64, T);

    fn next(&mut self) -> Option<(u64, T)> {
        self.places.find_map(|(number, value)| Some((number, value?)))
    }
}

/// All values.
#[derive(Debug)]
pub(crate) struct IntoValues<T> {
    places: vec_deque::IntoIter<Place<T>>,
}

impl<T> Iterator for IntoValues<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.places.find_map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use alloc::{collections::BTreeMap, vec::Vec};

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Add,
        Remove(u64),
        TakeUpTo(u64),
        Restore(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => Just(Step::Add),
            2 => (0..200_u64).prop_map(Step::Remove),
            1 => (0..200_u64).prop_map(Step::TakeUpTo),
            1 => (0..200_u64).prop_map(Step::Restore),
        ];
        prop::collection::vec(step, 0..400)
    }

    proptest! {
        #[test]
        fn it_holds_what_a_map_holds(steps in steps()) {
            let (mut series, mut map, mut last) = (Series::default(), BTreeMap::new(), 0_u64);
            for step in steps {
                match step {
                    Step::Add => {
                        last += 1;
                        series.insert(last, last);
                        map.insert(last, last);
                    }
                    Step::Remove(number) => {
                        prop_assert_eq!(series.remove(number), map.remove(&number));
                    }
                    Step::TakeUpTo(number) => {
                        let later = map.split_off(&(number + 1));
                        let taken: Vec<_> = series.take_up_to(number).into_iter().collect();
                        prop_assert_eq!(taken, map.into_iter().collect::<Vec<_>>());
                        map = later;
                    }
                    Step::Restore(number) => {
                        let missing = (number..last.min(number + 5)).filter(|n| !map.contains_key(n));
                        let missing: Vec<_> = missing.map(|number| (number, number)).collect();
                        series.extend(missing.clone());
                        map.extend(missing);
                    }
                }
                prop_assert_eq!(series.len, map.len());
                prop_assert_eq!(series.first(), map.first_key_value().map(|(n, v)| (*n, v)));
                prop_assert!(series.places.len() <= 2 * series.len + GAPS_FREE);
            }
            prop_assert!(series.values().eq(map.values()));
            prop_assert!(map.iter().all(|(number, value)| series.get(*number) == Some(value)));
        }
    }
}
