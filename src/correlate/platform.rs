//! The platform's records but START and REPORT: inits, and how a process ended.

use super::Correlator;
use super::environment::Init;
use super::outcome::Fault;
use super::place::Place;
use crate::model::{
    EnvironmentInfo, ErrorCounts, FactSink, InitKind, InitReport, InitStart, Outcome, Platform, RuntimeDone,
    Status,
};

impl Correlator {
    pub(super) fn platform<S: FactSink>(
        &mut self,
        platform: &Platform<'_>,
        place: &Place,
        sink: &mut S,
    ) -> Option<u64> {
        match platform {
            Platform::Start(start) => self.start(start, place, sink),
            Platform::Report(report) => self.report(report, place, sink),
            Platform::InitStart(init) => {
                self.init_start(init, place, sink);
                None
            }
            Platform::InitReport(init) => {
                self.init_report(init, place);
                None
            }
            Platform::RuntimeDone(RuntimeDone { id, status, error_type }) => {
                let id = self.texts.ids.request(id);
                let name = error_type.map(|name| self.texts.names.read(name));
                let open = self.environments[place.environment as usize].open_for(
                    Some(id),
                    place.time,
                    place.lines.source,
                )?;
                open.runtime_done = *status;
                if matches!(status, Some(Status::Error | Status::Failure)) && open.error.is_none() {
                    open.error = name.map(|name| (name, ErrorCounts::Always));
                }
                Some(open.invocation.seq)
            }
            // REPORT follows at once and says all.
            Platform::End { .. } => None,
            Platform::TimedOut { id, .. } => {
                let id = self.texts.ids.request(id);
                if let Some(open) = self.environments[place.environment as usize].open_for(
                    Some(id),
                    place.time,
                    place.lines.source,
                ) {
                    open.timed_out = true;
                    return Some(open.invocation.seq);
                }
                self.amend_last(place, id, Outcome::Timeout, None, sink)
            }
            Platform::Fault(fault) => {
                let id = fault.id.map(|id| self.texts.ids.request(id));
                let error_type = fault.error_type.map(|name| self.texts.names.read(name));
                if let Some(open) =
                    self.environments[place.environment as usize].open_for(id, place.time, place.lines.source)
                {
                    open.fault = Some(Fault { error_type, killed: fault.killed });
                    return Some(open.invocation.seq);
                }
                self.amend_last(place, id?, Outcome::Exit, error_type, sink)
            }
            Platform::Dropped { records, .. } => {
                let function = self.environments[place.environment as usize].function;
                sink.dropped(Some(function), place.known, *records);
                None
            }
            Platform::Other => None,
        }
    }

    fn init_start<S: FactSink>(&mut self, init: &InitStart<'_>, place: &Place, sink: &mut S) {
        if let Some(version) = init.version {
            let version = self.texts.names.read(version);
            self.environments[place.environment as usize].version = Some(version);
        }
        let streamless = self.environments[place.environment as usize].id.is_none();
        if streamless {
            // Nothing ties it to the invocation that follows: who waited stays unknown.
            return;
        }
        self.give_up_open(place, sink);
        let info = self.info(place, init);
        let environment = &mut self.environments[place.environment as usize];
        environment.many |= init.kind == InitKind::Managed;
        environment.init = Some(Init { start: Some(place.time), kind: init.kind, ..Init::default() });
        if let Some(info) = info {
            sink.environment(&info);
        }
    }

    pub(super) fn info(&mut self, place: &Place, init: &InitStart<'_>) -> Option<EnvironmentInfo> {
        let environment = &self.environments[place.environment as usize];
        Some(EnvironmentInfo {
            id: environment.id?,
            function: environment.function,
            stream: self.texts.names.read(environment.stream.get()),
            version: environment.version,
            init_start: Some(place.time),
            kind: init.kind,
            runtime: init.runtime_version.map(|name| self.texts.names.read(name)),
            first: place.time,
            known: place.known,
        })
    }

    fn init_report(&mut self, report: &InitReport<'_>, place: &Place) {
        let error = report.error_type.map(|name| self.texts.names.read(name));
        let failed = !matches!(report.status, None | Some(Status::Success));
        let environment = &mut self.environments[place.environment as usize];
        if environment.id.is_none() {
            return;
        }
        let restored = report.restore;
        let init = environment.init.get_or_insert_with(|| Init {
            kind: if restored { InitKind::SnapStart } else { InitKind::OnDemand },
            ..Init::default()
        });
        init.duration = report.duration.or(init.duration);
        // An init that took more than 10 s is done again inside the invocation: only what failed
        // for good makes the invocation an init error.
        init.failed = failed;
        init.error = init.error.or(error);
    }
}
