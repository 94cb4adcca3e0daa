//! Errors told apart: by type, by the frame that threw them and by what they say.

use std::collections::HashMap;
use std::sync::Arc;

use super::{FunctionId, NameId};

/// What a failed invocation failed with; [`Errors`] knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorId(pub u32);

/// An error.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ErrorText {
    /// `KeyError`, `Runtime.ExitError`, …
    pub error_type: NameId,
    /// Where it was thrown, without a position; empty where nothing tells.
    pub frame: Arc<str>,
    /// What it says, without what differs from time to time; empty where nothing tells.
    pub message: Arc<str>,
    /// Whether it stands for all of its type that were too many to be told apart.
    pub others: bool,
}

/// Errors, each kept once. A function's are told apart up to a bound, so that messages that are all
/// different can't fill memory: all further ones of a type count as one.
#[derive(Clone, Debug)]
pub struct Errors {
    texts: Vec<Arc<ErrorText>>,
    /// Whose they are is told apart as well, for the bound: nobody's are those of a type alone.
    index: HashMap<(Option<FunctionId>, Arc<ErrorText>), u32>,
    of: HashMap<FunctionId, usize>,
    bytes: usize,
    most_of_function: usize,
    most: usize,
}

impl Default for Errors {
    fn default() -> Self {
        Self {
            texts: Vec::new(),
            index: HashMap::new(),
            of: HashMap::new(),
            bytes: 0,
            most_of_function: 200,
            most: 20_000,
        }
    }
}

impl Errors {
    /// How many are kept.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Bytes held, estimated.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The id of an error of a function; where it has too many already, that of all others of its type.
    pub fn id(&mut self, function: FunctionId, error_type: NameId, frame: &str, message: &str) -> ErrorId {
        let text = |frame: &str, message: &str, others| {
            Arc::new(ErrorText { error_type, frame: frame.into(), message: message.into(), others })
        };
        if frame.is_empty() && message.is_empty() {
            return self.kept(None, text("", "", false));
        }
        let key = (Some(function), text(frame, message, false));
        if let Some(id) = self.index.get(&key) {
            return ErrorId(*id);
        }
        let of = self.of.entry(function).or_default();
        if *of >= self.most_of_function || self.texts.len() >= self.most {
            return self.kept(None, text("", "", true));
        }
        *of += 1;
        self.kept(key.0, key.1)
    }

    fn kept(&mut self, function: Option<FunctionId>, text: Arc<ErrorText>) -> ErrorId {
        let next = self.texts.len() as u32;
        let bytes = 200 + text.frame.len() + text.message.len();
        let id = *self.index.entry((function, text.clone())).or_insert(next);
        if id == next {
            self.texts.push(text);
            self.bytes += bytes;
        }
        ErrorId(id)
    }

    /// The error.
    pub fn get(&self, id: ErrorId) -> Option<&ErrorText> {
        self.texts.get(id.0 as usize).map(|text| &**text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_kept_once_and_too_many_are_others_of_their_type() {
        let mut errors = Errors { most_of_function: 2, most: 4, ..Errors::default() };
        let [f, g, h] = [0, 1, 2].map(FunctionId);
        let [a, b] = [0, 1].map(NameId);
        let first = errors.id(f, a, "charge", "x");
        assert_eq!(errors.id(f, a, "charge", "x"), first);
        assert_ne!(errors.id(g, a, "charge", "x"), first, "of another function");
        assert_ne!(errors.id(f, a, "charge", "y"), first);
        let other = errors.id(f, a, "charge", "z");
        assert_eq!(errors.id(f, a, "pay", "w"), other);
        let text = errors.get(other).unwrap();
        assert_eq!((text.error_type, text.others, &*text.message), (a, true, ""));
        assert_ne!(errors.id(f, b, "charge", "z"), other, "of another type");
        assert_eq!(errors.id(f, a, "charge", "x"), first, "known ones stay told apart");
        let plain = errors.id(f, a, "", "");
        assert_eq!(errors.id(h, a, "", ""), plain, "a type alone is nobody's");
        let len = errors.len();
        errors.id(h, a, "pay", "x");
        assert_eq!(errors.len(), len, "the bound of all is reached");
    }
}
