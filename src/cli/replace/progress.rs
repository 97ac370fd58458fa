//! A replacement as lines on standard error, and its summary.

use std::io;
use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp};

use crate::app::{Model, Replacing};
use crate::cli::document::{self, ReplaceSummary};
use crate::cli::failure::Failure;
use crate::cli::print;
use crate::domain::age::{clock, human_duration};
use crate::domain::replace::liveness::stale;
use crate::domain::replace::plan::Plan;
use crate::domain::replace::run::{Hold, RunState};
use crate::domain::text::Text;
use crate::shell::headless::Printer;

/// After so long without a word it says how it stands.
const SILENCE: SignedDuration = SignedDuration::from_secs(60);

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
    plan: Plan,
    warnings: Vec<String>,
    seen: usize,
    numbers: String,
    summary: ReplaceSummary,
    /// When a line was printed last; server time.
    said: Option<Timestamp>,
    /// Whether it was said how to leave at once.
    told_leaving: bool,
    /// The command that goes on with it; none where somebody else does.
    again: Option<String>,
}

impl Lines {
    pub(super) fn new(context: String, plan: Plan, warnings: Vec<String>) -> Self {
        let mut summary = document::replace_nothing(&context, &plan, &warnings, Timestamp::now());
        summary.complete = false;
        "waiting".clone_into(&mut summary.state);
        summary.remaining = plan.candidates.iter().map(|candidate| candidate.node.clone()).collect();
        Self {
            again: Some(plan.command(&Text::new(&context))),
            context,
            plan,
            warnings,
            seen: 0,
            numbers: String::new(),
            summary,
            said: None,
            told_leaving: false,
        }
    }

    /// Says how it ended, and prints the document where it is wanted.
    pub(super) fn conclude(&self, as_json: bool, verdict: Verdict) -> Result<(), Failure> {
        let summary = &self.summary;
        let (done, failed) = (summary.done.len(), summary.failed.len());
        let (left, skipped) = (summary.remaining.len(), summary.skipped.len());
        let apart = match self.plan.apart.len() {
            0 => String::new(),
            count => format!("; {count} left out from the beginning"),
        };
        print::note(&format!("{done} done, {failed} failed, {skipped} skipped, {left} left{apart}"));
        if let Some(again) = self.again.as_ref().filter(|_| verdict != Verdict::Done && left + failed > 0) {
            print::note(&format!("next: look at it; then {again}"));
        }
        if as_json {
            print::json(summary)?;
        }
        Ok(())
    }

    /// Says something, with the time.
    fn say(&mut self, at: Timestamp, now: Timestamp, text: &str) {
        print::note(&format!("{} {text}", at.strftime("%H:%M:%SZ")));
        self.said = Some(now);
    }

    /// Nothing was said for a while: that it is there, and what it waits for.
    fn is_silent(&mut self, now: Timestamp) -> bool {
        now.duration_since(*self.said.get_or_insert(now)) >= SILENCE
    }

    /// The numbers, where they changed.
    fn count(&mut self, replacing: &Replacing, now: Timestamp) {
        let numbers = numbers(replacing, now);
        if replacing.run().course().done > 0 && numbers.0 != self.numbers {
            self.say(now, now, &format!("{}{}", numbers.0, numbers.1));
        }
        self.numbers = numbers.0;
    }

    /// How everything stands, for those who look after a while.
    fn stand(&mut self, replacing: &Replacing, now: Timestamp) {
        let (run, (numbers, left)) = (replacing.run(), numbers(replacing, now));
        let why = run.state().why(now);
        let why = if why.is_empty() { run.waits_for().to_owned() } else { why };
        let why = if why.is_empty() { why } else { format!("; {}: {why}", run.state().name()) };
        self.say(now, now, &format!("{numbers}{left}{why}"));
        for work in replacing.in_flight() {
            let standing = replacing.standing(work, now);
            self.say(now, now, &format!("{}: {standing}", work.candidate.node));
        }
    }

    /// Before everything is live nothing begins.
    fn not_begun(&mut self, model: &Model) {
        if self.is_silent(model.now()) {
            let stale = stale(model.inventory(), &self.plan.daemon_set.key.namespace);
            let stale = stale.map_or_else(|| "live data".to_owned(), |stale| stale.words(model.now()));
            self.say(model.now(), model.now(), &format!("waits to begin: {stale}"));
        }
    }
}

/// How many are done and in flight, and how long the rest takes.
fn numbers(replacing: &Replacing, now: Timestamp) -> (String, String) {
    let (run, course) = (replacing.run(), replacing.run().course());
    let numbers = format!("{}/{} done, {} in flight", course.done, run.works().len(), course.in_flight);
    let left = course.left.filter(|left| !left.is_zero() && course.done > 0);
    let end = left.and_then(|left| Some((left, now.checked_add(left).ok()?)));
    let about = end.map(|(left, end)| {
        format!(", about {} left, until about {}", human_duration(left.as_secs()), clock(end, now))
    });
    (numbers, about.unwrap_or_default())
}

impl Printer for Lines {
    type Outcome = Verdict;

    fn look(&mut self, model: &Model) -> io::Result<ControlFlow<Verdict>> {
        let now = model.now();
        let Some(replacing) = model.replacement() else {
            self.not_begun(model);
            return Ok(ControlFlow::Continue(()));
        };
        let run = replacing.run();
        let (events, seen) = replacing.events_since(self.seen);
        let is_news = seen != self.seen;
        for event in events {
            self.say(event.at, now, &event.text);
        }
        self.seen = seen;
        let is_idle = replacing.in_flight().next().is_none();
        let waits = run.state().needs_person() && is_idle;
        if is_news || waits || run.is_over() {
            self.count(replacing, now);
        } else if self.is_silent(now) {
            self.stand(replacing, now);
        }
        if !is_idle && *run.state() == RunState::Held(Hold::Person) && !self.told_leaving {
            self.told_leaving = true;
            self.say(now, now, "it ends when nothing is in flight any more; Ctrl-c again ends it at once");
        }
        self.summary = document::replace(&self.context, run, model.inventory(), &self.warnings);
        self.again = replacing.again(model.context());
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
