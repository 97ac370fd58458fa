//! A replacement as lines on standard error, and its summary.

use std::io;
use std::ops::ControlFlow;

use crate::app::{Model, Replacing};
use crate::cli::document::{self, ReplaceSummary};
use crate::cli::failure::Failure;
use crate::cli::print;
use crate::domain::age::human_duration;
use crate::domain::replace::plan::Plan;
use crate::domain::replace::run::{Hold, RunState};
use crate::shell::headless::Printer;

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Every planned node is done.
    Done,
    /// Not every one is.
    Halted,
    /// A person held it, and nothing is in flight any more.
    Interrupted,
}

/// Prints what happens.
pub(super) struct Lines {
    context: String,
    daemon_set: String,
    namespace: String,
    warnings: Vec<String>,
    seen: usize,
    numbers: String,
    summary: ReplaceSummary,
}

impl Lines {
    pub(super) fn new(context: String, plan: &Plan, warnings: Vec<String>) -> Self {
        let key = &plan.daemon_set.key;
        let mut summary = document::replace_nothing(&context, key, jiff::Timestamp::UNIX_EPOCH);
        summary.complete = false;
        summary.remaining = plan.candidates.iter().map(|candidate| candidate.node.clone()).collect();
        Self {
            context,
            daemon_set: key.name.to_string(),
            namespace: key.namespace.to_string(),
            warnings,
            seen: 0,
            numbers: String::new(),
            summary,
        }
    }

    /// Says how it ended, and prints the document where it is wanted.
    pub(super) fn conclude(&self, as_json: bool, verdict: Verdict) -> Result<(), Failure> {
        let summary = &self.summary;
        let (done, failed) = (summary.done.len(), summary.failed.len());
        let (left, skipped) = (summary.remaining.len(), summary.skipped.len());
        print::note(&format!("{done} done, {failed} failed, {skipped} skipped, {left} left"));
        if verdict != Verdict::Done && left + failed > 0 {
            let (namespace, name) = (&self.namespace, &self.daemon_set);
            print::note(&format!(
                "next: look at it; then dsgrid replace -n {namespace} ds/{name} --continue"
            ));
        }
        if as_json {
            print::json(summary)?;
        }
        Ok(())
    }

    /// The numbers, where they changed.
    fn count(&mut self, replacing: &Replacing, model: &Model) {
        let (run, course) = (replacing.run(), replacing.run().course(model.now()));
        let total = run.works().len();
        let left = course.left.filter(|left| !left.is_zero() && course.done > 0);
        let numbers = format!("{}/{total} done, {} in flight", course.done, course.in_flight);
        let about = left.map(|left| format!(", about {} left", human_duration(left.as_secs())));
        if course.done > 0 && numbers != self.numbers {
            print::note(&format!("{numbers}{}", about.unwrap_or_default()));
        }
        self.numbers = numbers;
    }
}

impl Printer for Lines {
    type Outcome = Verdict;

    fn look(&mut self, model: &Model) -> io::Result<ControlFlow<Verdict>> {
        let Some(replacing) = model.replacement() else { return Ok(ControlFlow::Continue(())) };
        let run = replacing.run();
        let (events, seen) = replacing.events_since(self.seen);
        let is_news = seen != self.seen;
        for event in events {
            print::note(&format!("{} {}", event.at.strftime("%H:%M:%SZ"), event.text));
        }
        self.seen = seen;
        let is_idle = replacing.in_flight().next().is_none();
        let waits = run.state().needs_person() && is_idle;
        if is_news || waits || run.is_over() {
            self.count(replacing, model);
            self.summary = document::replace(&self.context, run, model.inventory(), &self.warnings);
        }
        if !(waits || run.is_over()) || !replacing.is_settled() {
            return Ok(ControlFlow::Continue(()));
        }
        Ok(ControlFlow::Break(match run.state() {
            RunState::Held(Hold::Person) => Verdict::Interrupted,
            RunState::Finished if self.summary.complete => Verdict::Done,
            _ => Verdict::Halted,
        }))
    }
}

/// A closed pipe stays one, so that it ends quietly.
pub(super) fn failure(error: anyhow::Error) -> Failure {
    match error.downcast::<io::Error>() {
        Ok(error) => Failure::Output(error),
        Err(error) => Failure::Broken(format!("{error:#}")),
    }
}
