//! What came of a write, in words.

use jiff::Timestamp;

use super::notice::Notice;
use super::page::Line;
use crate::domain::change::Trace;
use crate::domain::command::{Command, Outcome};

/// What is told of a write that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// Whether it was done.
    pub done: bool,
    /// The words, the most important first.
    pub words: Vec<Line>,
}

impl Told {
    fn done(command: &Command, how: &str) -> Self {
        let text = format!("done: {} {}{how}", command.verb.name(), command.target);
        Self { done: true, words: vec![Line::heading(text)] }
    }

    fn not(command: &Command, why: &str) -> Self {
        let text = format!("not done: {} {}: {why}", command.verb.name(), command.target);
        Self { done: false, words: vec![Line::problem(text)] }
    }

    /// In one line, for when its dialog is closed.
    pub(super) fn notice(&self, now: Timestamp) -> Notice {
        let text = self.words.first().map(|line| line.text.clone()).unwrap_or_default();
        if self.done { Notice::said(text, now) } else { Notice::failed(text, now) }
    }
}

/// The words for an answer.
pub(super) fn outcome(command: &Command, outcome: &Outcome) -> Told {
    let not = |why: &str| Told::not(command, why);
    match outcome {
        Outcome::Done(_) => Told::done(command, ""),
        Outcome::LostRace(_) => not("it changed meanwhile; nothing was written"),
        Outcome::Gone => not("it is gone, or another one has its name now; nothing was written"),
        Outcome::Denied(words) => not(&format!("you may not; nothing was written. The server says: {words}")),
        Outcome::Budget(words) => {
            not(&format!("a PodDisruptionBudget does not allow it now; nothing was written: {words}"))
        }
        Outcome::Refused(words) => not(&format!("the server refused it; nothing was written: {words}")),
        Outcome::NotSent(words) => not(&format!("it was not sent: {words}")),
        Outcome::Unknown(words) => not(&format!("no answer came: {words}")),
    }
}

/// The words for what reading back has shown.
pub(super) fn traced(command: &Command, found: Trace) -> Told {
    match found {
        Trace::Seen => Told::done(command, ", as reading it back shows"),
        Trace::NotSeen => Told::not(command, "no answer came, and reading it back shows no change"),
        Trace::Gone => Told::not(command, "no answer came, and the object is gone since"),
    }
}
