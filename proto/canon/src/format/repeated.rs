//! Names that a file gives several times, where the program that reads it is
//! not known: each value is kept, the second under `name[1]`.
//!
//! It decides nothing about which one counts: some programs take the first,
//! some the last, some all.

use std::collections::HashMap;

use super::gather::Gather;
use crate::{Place, Value};

/// How often each name came.
#[derive(Debug, Default)]
pub(super) struct Repeated {
    counts: HashMap<Box<[u8]>, usize>,
}

impl Repeated {
    /// Takes a setting under its name, or under its name and number.
    pub(super) fn set(&mut self, gather: &mut Gather, key: &[u8], value: Value, place: Place) {
        // A name is counted from its second time on: most come once.
        if gather.value(key).is_none() {
            return gather.set(key, value, place);
        }
        let count = match self.counts.get_mut(key) {
            Some(count) => {
                *count += 1;
                *count
            }
            None => *self.counts.entry(key.into()).or_insert(1),
        };
        gather.set_quietly(&[key, format!("[{count}]").as_bytes()].concat(), value, place);
    }
}
