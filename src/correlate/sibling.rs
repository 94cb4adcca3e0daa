//! A second correlator beside one that runs, which gives the same things the same ids.

use crate::model::{FactSink, FunctionId};

use super::Correlator;
use super::again::Told;
use super::environment::Environment;
use super::place::Source;

impl Correlator {
    /// A correlator that has read nothing yet, but gives functions, environments and names that
    /// are known here the ids that they have here: what it comes to can take the place of what
    /// this one came to, under the eyes of a person who has selected something. The functions are
    /// told to `sink`.
    ///
    /// Its invocations have numbers from `first` on.
    pub fn sibling<S: FactSink>(&self, sink: &mut S, first: u64) -> Self {
        for (id, name) in self.function_names.iter().enumerate() {
            sink.function(FunctionId(id as u32), &String::from_utf8_lossy(name));
        }
        let told = Told::default();
        let fresh = |of: &Environment| {
            let mut environment = Environment::new(
                of.function,
                of.id,
                told.tag_of(of.function, of.stream.get()),
                of.stream.get(),
            );
            // Records without a stream are of many environments.
            environment.many = of.id.is_none();
            environment
        };
        let hint = |of: &Source| Source {
            hint: of.hint.clone(),
            stream: of.stream.clone(),
            written: of.written,
            ..Source::default()
        };
        Self {
            texts: self.texts.clone(),
            functions: self.functions.clone(),
            function_names: self.function_names.clone(),
            environments: self.environments.iter().map(fresh).collect(),
            by_stream: self.by_stream.clone(),
            streamless: self.streamless.clone(),
            sources: self.sources.iter().map(hint).collect(),
            latest: self.latest,
            room: self.room,
            free: self.free.clone(),
            next_environment: self.next_environment,
            let_go: self.let_go,
            next_seq: first,
            told,
            // Nothing was read: nothing is open, looked up or failed.
            ..Self::default()
        }
    }
}
