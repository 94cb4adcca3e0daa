//! What a function is set to, and when that changed: from CloudTrail and from what the AWS CLI
//! prints.

use std::sync::Arc;

use super::Timestamp;

/// Something that a function is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Environments that may run at once; `None` where no concurrency is reserved.
    Reserved(Option<u32>),
    /// Its code was changed.
    Code,
}

/// A setting as a record tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingRecord {
    /// The function's name.
    pub function: String,
    /// The setting.
    pub setting: Setting,
    /// When it changed; `None` where it is only told how it was when somebody looked.
    pub at: Option<Timestamp>,
    /// What tells it, in words.
    pub told: Arc<str>,
}

/// A setting of a known function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingFact {
    /// The setting.
    pub setting: Setting,
    /// When it changed; `MIN` where it holds for all of the time that is looked at.
    pub at: Timestamp,
    /// When that was known.
    pub known: Timestamp,
    /// What tells it, in words.
    pub told: Arc<str>,
}
