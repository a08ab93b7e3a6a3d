//! The words of panics, kept from the panic until the entry that caused it is begun again or given up. They also tell the guilty entry
//! from those that were under way beside it.
//!
//! In memory only: where the whole process died, nobody knows them.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The most panics remembered; past it the memory starts empty again, which only costs words.
const KEPT: usize = 1_000;
/// The most characters of one panic.
const WORDS: usize = 300;

/// What was said by panics, by what they came from.
#[derive(Default)]
pub struct Panics {
    words: Mutex<HashMap<String, String>>,
}

impl Panics {
    /// Keeps the words of a panic that was caught on its way.
    pub fn note(&self, from: impl std::fmt::Display, panic: &(dyn Any + Send)) {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        if words.len() >= KEPT {
            words.clear();
        }
        words.insert(from.to_string(), said(panic));
    }

    /// Whether something panicked and was not handled since.
    #[must_use]
    pub fn knows(&self, from: impl std::fmt::Display) -> bool {
        self.words.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&from.to_string())
    }

    /// The words, which are then forgotten.
    #[must_use]
    pub fn take(&self, from: impl std::fmt::Display) -> Option<String> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner).remove(&from.to_string())
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    let words = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(words), _) => words,
        (None, Some(words)) => words.as_str(),
        (None, None) => "a panic without words",
    };
    words.chars().take(WORDS).collect()
}
