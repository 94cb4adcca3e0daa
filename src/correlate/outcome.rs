//! How an invocation ended, from all the signs of it (`formats.md` 3.3, 5.3).

use crate::model::{NameId, Outcome, Status};

/// Signs that were seen between START and REPORT, or directly after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// The runtime's own record of an unhandled error that counts.
    pub error: Option<NameId>,
    /// The platform's word that the process ended.
    pub fault: Option<Fault>,
    /// The "timed out" line.
    pub timed_out: bool,
    /// `platform.runtimeDone`.
    pub runtime_done: Option<Status>,
    /// The init before it failed.
    pub init_failed: bool,
}

/// The process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `Runtime.ExitError`, …
    pub error_type: Option<NameId>,
    /// By a signal.
    pub killed: bool,
}

/// What REPORT says of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    /// Its status.
    pub status: Option<Status>,
    /// Its error type.
    pub error_type: Option<&'a [u8]>,
    /// Used and configured memory in MB.
    pub memory: Option<(u32, u32)>,
}

/// A killed process counts as out of memory from this share of the memory on: the reported peak is
/// often a little under the limit (`operators.md` 1.12, `findings.md` memory-exhausted).
const OOM_SHARE: f64 = 0.95;

/// Weighs the signs. Any one of failure suffices, since captures differ in which of them they have.
pub fn outcome(said: Said<'_>, signs: Signs) -> Outcome {
    let full = said.memory.is_none_or(|(used, size)| f64::from(used) >= OOM_SHARE * f64::from(size));
    let killed = signs.fault.is_some_and(|f| f.killed) && full;
    let exit = || if killed { Outcome::OutOfMemory } else { Outcome::Exit };
    match said.status {
        Some(Status::Timeout) => Outcome::Timeout,
        Some(Status::Error | Status::Failure) => {
            let named = Outcome::of_error_type(said.error_type.unwrap_or_default());
            if named == Some(Outcome::OutOfMemory) {
                Outcome::OutOfMemory
            } else if signs.init_failed {
                Outcome::InitError
            } else if signs.fault.is_some() || named == Some(Outcome::Exit) {
                exit()
            } else if said.status == Some(Status::Failure) && signs.error.is_none() {
                Outcome::Exit
            } else {
                Outcome::Error
            }
        }
        Some(Status::Success) | None => {
            if signs.timed_out || signs.runtime_done == Some(Status::Timeout) {
                Outcome::Timeout
            } else if signs.init_failed && (signs.fault.is_some() || signs.error.is_some()) {
                Outcome::InitError
            } else if signs.fault.is_some() {
                exit()
            } else if signs.error.is_some()
                || matches!(signs.runtime_done, Some(Status::Error | Status::Failure))
            {
                Outcome::Error
            } else {
                Outcome::Ok
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_sign_of_failure_suffices() {
        let fault = |killed| Signs { fault: Some(Fault { error_type: None, killed }), ..Signs::default() };
        let error = Signs { error: Some(NameId(1)), ..Signs::default() };
        let said = |status, error_type: Option<&'static str>| Said {
            status,
            error_type: error_type.map(str::as_bytes),
            memory: Some((60, 128)),
        };
        let full = Said { memory: Some((126, 128)), ..Said::default() };
        for (said, signs, want) in [
            (Said::default(), Signs::default(), Outcome::Ok),
            (said(Some(Status::Success), None), Signs::default(), Outcome::Ok),
            (said(Some(Status::Success), None), error, Outcome::Error),
            (said(None, None), error, Outcome::Error),
            (said(Some(Status::Timeout), None), error, Outcome::Timeout),
            (said(None, None), Signs { timed_out: true, ..Signs::default() }, Outcome::Timeout),
            (said(Some(Status::Error), Some("Runtime.ExitError")), Signs::default(), Outcome::Exit),
            (said(Some(Status::Error), Some("Runtime.OutOfMemory")), Signs::default(), Outcome::OutOfMemory),
            (said(Some(Status::Error), Some("TypeError")), Signs::default(), Outcome::Error),
            (said(Some(Status::Failure), Some("Runtime.ExitError")), fault(false), Outcome::Exit),
            (said(None, None), fault(true), Outcome::Exit),
            (full, fault(true), Outcome::OutOfMemory),
            (
                said(None, None),
                Signs { runtime_done: Some(Status::Failure), ..Signs::default() },
                Outcome::Error,
            ),
            (
                said(Some(Status::Error), Some("Runtime.ImportModuleError")),
                Signs { init_failed: true, ..Signs::default() },
                Outcome::InitError,
            ),
            (Said::default(), Signs { init_failed: true, ..error }, Outcome::InitError),
            (Said::default(), Signs { init_failed: true, ..Signs::default() }, Outcome::Ok),
        ] {
            assert_eq!(outcome(said, signs), want, "{said:?} {signs:?}");
        }
    }
}
