//! What functions and their account are set to, and when that changed: from what the AWS CLI prints
//! and from CloudTrail (`formats.md` 9).

use std::sync::Arc;

use super::{FunctionId, Micros, Timestamp};

/// Something that is set, or that was done. What can be told apart by more than its kind (a
/// trigger, a statement of a policy) is `None` where it is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The longest that an invocation may run.
    Timeout(Micros),
    /// Memory in MB.
    Memory(u32),
    /// `python3.12`, …
    Runtime(Arc<str>),
    /// `app.handler`
    Handler(Arc<str>),
    /// `arm64`, `x86_64`
    Architecture(Arc<str>),
    /// Size of /tmp in MB.
    Tmp(u32),
    /// The role by its name.
    Role(Arc<str>),
    /// How much the platform logs of itself (`SystemLogLevel`): at WARN successes are not in the log.
    SystemLogLevel(Arc<str>),
    /// Environments that may run at once; `None` where no concurrency is reserved.
    Reserved(Option<u32>),
    /// Environments kept ready for a version or an alias.
    Provisioned(Option<Provisioned>),
    /// The version that an alias means.
    Alias(Option<Arc<str>>),
    /// What invokes it by itself: an event source mapping.
    Trigger {
        /// Its UUID.
        id: Arc<str>,
        /// What it is.
        trigger: Option<Trigger>,
    },
    /// Who may invoke it: a statement of its resource policy.
    MayInvoke {
        /// The statement's id.
        statement: Arc<str>,
        /// What it grants.
        grant: Option<Grant>,
    },
    /// How often a failed asynchronous event is tried again.
    Retries(u32),
    /// How long an asynchronous event may wait, in seconds.
    EventAge(u32),
    /// Where asynchronous events go that failed for good: an ARN; `None` where nowhere.
    OnFailure(Option<Arc<str>>),
    /// The queue or topic that takes them where no destination does: an ARN; `None` where there is none.
    DeadLetters(Option<Arc<str>>),
    /// What a role may do: the statements of one of its policies, each in words.
    RoleMay {
        /// The role.
        role: Arc<str>,
        /// The policy.
        policy: Arc<str>,
        /// `Allow sqs:SendMessage on arn:aws:sqs:…`
        statements: Option<Arc<[Box<str>]>>,
    },
    /// Environments of all functions of the account that may run at once in its region.
    AccountLimit(u32),
    /// Those of them that no function has reserved.
    Unreserved(u32),
    /// Its code was changed.
    Code,
    /// It was made.
    Created,
    /// It was deleted.
    Deleted,
    /// A version of it was published.
    Published(Arc<str>),
    /// Something else of it was changed: the name of the call, or that only its time is known.
    Changed(Arc<str>),
}

/// Provisioned concurrency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provisioned {
    /// Environments asked for.
    pub requested: u32,
    /// Environments that are there, where that is told.
    pub allocated: Option<u32>,
}

/// An event source mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// What it reads from: an ARN; of self-managed Kafka there is none.
    pub source: Option<Arc<str>>,
    /// `Enabled`, `Disabled`, …; `None` where that is not told.
    pub state: Option<Arc<str>>,
}

/// A statement of a resource policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whether it denies.
    pub deny: bool,
    /// `s3.amazonaws.com`, an account, `*`.
    pub who: Arc<str>,
    /// Only for this: a source's ARN or account.
    pub source: Option<Arc<str>>,
}

impl Setting {
    /// Whether both are of the same thing, so that the later one replaces the earlier one.
    pub fn same_thing(&self, other: &Self) -> bool {
        if std::mem::discriminant(self) != std::mem::discriminant(other) {
            return false;
        }
        match (self, other) {
            (Self::Trigger { id: a, .. }, Self::Trigger { id: b, .. })
            | (Self::MayInvoke { statement: a, .. }, Self::MayInvoke { statement: b, .. }) => a == b,
            (Self::RoleMay { role: a, policy: p, .. }, Self::RoleMay { role: b, policy: q, .. }) => {
                a == b && p == q
            }
            _ => true,
        }
    }

    /// Whether it is something that was done, not something that is from then on.
    pub fn happened(&self) -> bool {
        matches!(self, Self::Code | Self::Created | Self::Deleted | Self::Published(_) | Self::Changed(_))
    }

    /// Whether other code runs from then on.
    pub fn deploys(&self) -> bool {
        matches!(self, Self::Code | Self::Created | Self::Published(_) | Self::Alias(_))
    }
}

/// Whose setting it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A function's, by its name.
    Function(Arc<str>),
    /// The function's that the name of its file names: the document does not.
    Files,
    /// The account's in its region.
    Account,
}

/// When something is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// It was changed then.
    Changed(Timestamp),
    /// It was so when somebody looked. Nobody knows when that was, but nothing had been changed
    /// since the time given, if one is.
    Found {
        /// The last change before that look.
        since: Option<Timestamp>,
    },
}

/// A setting as a record tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingRecord {
    /// Whose.
    pub whose: Whose,
    /// The version or alias that it is of; `None` is `$LATEST` or the whole function.
    pub qualifier: Option<Arc<str>>,
    /// The setting.
    pub setting: Setting,
    /// When.
    pub when: When,
    /// What tells it, in words.
    pub told: Arc<str>,
}

/// A setting of a known function, or of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingFact {
    /// The function; `None` is the account.
    pub function: Option<FunctionId>,
    /// The version or alias that it is of; `None` is `$LATEST` or the whole function.
    pub qualifier: Option<Arc<str>>,
    /// The setting.
    pub setting: Setting,
    /// When.
    pub when: When,
    /// When that was known; `MIN` where it holds for all of the time that is looked at.
    pub known: Timestamp,
    /// What tells it, in words.
    pub told: Arc<str>,
}

impl SettingFact {
    /// Whether both are of the same thing.
    pub fn same_thing(&self, other: &Self) -> bool {
        self.qualifier == other.qualifier && self.setting.same_thing(&other.setting)
    }
}
