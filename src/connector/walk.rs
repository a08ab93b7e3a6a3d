//! Connecting, and settings: how far somebody has come, and why a step did not succeed.

use serde_json::Value;

use super::form::Step;
use crate::model::reason::Reason;

/// How far connecting has come.
#[derive(Debug, Clone)]
pub enum Progress<Connected> {
    /// This is asked next. `state` comes back with the answer; it may hold secrets and is kept sealed.
    Ask {
        /// What is shown.
        step: Step,
        /// What is to be known again.
        state: Value,
    },
    /// It is connected.
    Done(Box<Connected>),
}

/// Why a step, or a setting, did not succeed; the person stays at it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason:?}")]
pub struct StepError {
    /// The field it is about; empty: the whole step.
    pub field: String,
    /// Why, in a code the folder's texts or the front ends have words for.
    pub reason: Reason,
}
