//! The one dialog in which a write is shown, rehearsed, confirmed, and followed until its outcome is known.

mod page;

use jiff::Timestamp;

use super::intent::Intent;
use super::page::Line;
use super::shown::Shown;
use crate::domain::command::{Command, Ticket};
use crate::domain::raw::RawObject;
use crate::domain::replace::plan::Plan;
use crate::domain::text::Text;

pub(super) use page::status;
pub use page::{DialogPage, dialog_page};

/// What would be done, made from freshly read objects.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What it does, what it does not do, warnings: in this order.
    pub words: Vec<Line>,
    /// The heading of what is affected, like `pods that will be deleted: 12`; empty where nothing is listed.
    pub affected_title: String,
    /// What is affected, a node or pod a line.
    pub affected: Vec<String>,
    /// What must be typed to confirm; none where `y` is enough.
    pub word: Option<Text>,
    /// Whether the server checks it first (`dryRun=All`), and its result is shown.
    pub rehearse: bool,
    /// The object as it was read, for telling what changes.
    pub before: RawObject,
    /// As it would be, as far as is known here; none where it would be gone.
    pub after: Option<RawObject>,
    /// What is sent.
    pub command: Command,
    /// What to do once it is done.
    pub next: Vec<String>,
    /// The replacement that begins when it is confirmed; then the command only tells of it.
    pub plan: Option<Box<Plan>>,
}

/// How far a dialog is.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// One of several wishes is being chosen.
    Choosing {
        /// What the choice is about.
        words: Vec<Line>,
        /// What can be chosen.
        choices: Vec<Choice>,
        /// The marked one.
        at: usize,
    },
    /// Values are being typed.
    Filling,
    /// What it is about is being read afresh.
    Reading {
        /// Since when.
        since: Timestamp,
    },
    /// The server checks it without writing.
    Rehearsing {
        /// The dry run's ticket.
        ticket: Ticket,
        /// Since when.
        since: Timestamp,
    },
    /// It can be confirmed.
    Ready {
        /// What the server's dry run would change beyond what was asked for; none where there was no dry run.
        rehearsed: Option<Vec<String>>,
    },
    /// It was sent; the write itself is kept in [`super::writes::Writes`].
    Sent {
        /// The write's ticket.
        ticket: Ticket,
    },
    /// It is over: done, refused or not possible.
    Ended {
        /// What came of it.
        words: Vec<Line>,
        /// Whether it is worth trying once more from the start.
        again: bool,
    },
}

/// One of several wishes.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// In words.
    pub label: String,
    /// What is wanted when it is chosen.
    pub intent: Intent,
}

/// A value to type, or a choice between yes and no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is called.
    pub label: &'static str,
    /// As typed so far.
    pub value: String,
    /// What can be typed.
    pub hint: &'static str,
    /// What holds while it is empty.
    pub empty: &'static str,
    /// Whether it is yes or no.
    pub is_choice: bool,
}

impl Field {
    /// A value to type.
    pub(super) fn value(label: &'static str, value: impl Into<String>, hint: &'static str) -> Self {
        Self { label, value: value.into(), hint, empty: "", is_choice: false }
    }

    /// The same, with what holds while it is empty.
    pub(super) fn or(self, empty: &'static str) -> Self {
        Self { empty, ..self }
    }

    /// A choice between yes and no.
    pub(super) fn choice(label: &'static str, is_yes: bool) -> Self {
        let mut field = Self { label, value: String::new(), hint: "y or n", empty: "", is_choice: true };
        field.choose(is_yes);
        field
    }

    /// Whether it is yes.
    pub(super) fn is_yes(&self) -> bool {
        self.value == "yes"
    }

    /// Makes it yes or no.
    pub(super) fn choose(&mut self, is_yes: bool) {
        (if is_yes { "yes" } else { "no" }).clone_into(&mut self.value);
    }
}

/// A write on its way from wish to outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Dialog {
    /// What the user wants; from this it is made anew when something changed meanwhile.
    pub intent: Intent,
    /// How far it is.
    pub stage: Stage,
    /// What would be done, once what it is about has been read.
    pub question: Option<Question>,
    /// Values to type, if there are any.
    pub fields: Vec<Field>,
    /// The field that takes the keys.
    pub field: usize,
    /// Nothing was typed into that field yet: the first letter takes the place of what it holds.
    pub is_fresh: bool,
    /// The confirming word as typed so far.
    pub typed: String,
    /// What changed since the last try, if it was lost to somebody else's write.
    pub changed: Vec<String>,
    /// Why a key did not do what was hoped.
    pub hint: String,
    /// The first visible line.
    pub top: usize,
    /// What was not yet drawn cannot be confirmed.
    shown: Shown,
}

impl Dialog {
    /// A dialog that begins at this stage.
    pub(super) fn new(intent: Intent, stage: Stage, fields: Vec<Field>) -> Self {
        Self {
            intent,
            stage,
            question: None,
            fields,
            field: 0,
            is_fresh: true,
            typed: String::new(),
            changed: Vec::new(),
            hint: String::new(),
            top: 0,
            shown: Shown::default(),
        }
    }

    /// Another stage: it has to be seen before it can be confirmed.
    pub(super) fn go_to(&mut self, stage: Stage) {
        self.stage = stage;
        self.hint.clear();
        self.typed.clear();
        self.top = 0;
        self.shown.renew();
    }

    /// It is on the screen as it is now.
    pub(super) fn was_drawn(&mut self) {
        self.shown.was_drawn();
    }

    /// It has to be drawn anew before it can be confirmed.
    pub(super) fn was_moved(&mut self) {
        self.shown.was_moved();
    }

    /// Whether it was on the screen as it is now.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        self.shown.is_drawn()
    }

    /// Whether letters are typed rather than commands.
    #[must_use]
    pub fn takes_text(&self) -> bool {
        match self.stage {
            Stage::Filling => true,
            Stage::Ready { .. } => self.word().is_some(),
            _ => false,
        }
    }

    /// Whether it can be gone back to how it is to go.
    #[must_use]
    pub fn has_form(&self) -> bool {
        let is_over = matches!(self.stage, Stage::Ready { .. } | Stage::Ended { .. });
        is_over && matches!(self.intent, Intent::Replace { .. }) && !self.fields.is_empty()
    }

    /// The word that confirms, where one is demanded.
    #[must_use]
    pub fn word(&self) -> Option<&Text> {
        self.question.as_ref()?.word.as_ref()
    }

    /// What became of a first try that was lost to somebody else's write.
    fn lost(&self) -> Vec<Line> {
        if self.changed.is_empty() {
            return Vec::new();
        }
        let mut lines = vec![Line::problem("nothing was written: it changed while you were reading")];
        lines.extend(self.changed.iter().map(Line::fact));
        lines.extend(match (&self.question, &self.stage) {
            (Some(_), _) => Some(Line::fact("below is the same wish, made anew from how it is now")),
            (None, Stage::Ended { .. }) => Some(Line::fact("the same wish, from how it is now:")),
            (None, _) => None,
        });
        lines
    }

    /// Everything that is to be read, in order.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = self.lost();
        match &self.stage {
            Stage::Ended { words, .. } => lines.extend(words.iter().cloned()),
            Stage::Choosing { words, choices, at } => {
                lines.extend(words.iter().cloned());
                let mark = |is_marked| if is_marked { "> " } else { "  " };
                let labels = choices.iter().enumerate();
                lines.extend(
                    labels.map(|(here, choice)| Line::fact(format!("{}{}", mark(here == *at), choice.label))),
                );
            }
            _ => {}
        }
        let Some(question) = &self.question else { return lines };
        lines.extend(question.words.iter().cloned());
        if let Stage::Ready { rehearsed: Some(rehearsed) } = &self.stage {
            let more = if rehearsed.is_empty() { "" } else { "; it would change more than was asked for" };
            lines.push(Line::heading(format!("the server's dry run accepts it{more}")));
            lines.extend(rehearsed.iter().map(Line::fact));
        }
        let affected = question.affected.iter().map(Line::fact);
        let title = Some(&question.affected_title).filter(|title| !title.is_empty());
        let affected: Vec<Line> = title.map(Line::heading).into_iter().chain(affected).collect();
        if let Some(plan) = &question.plan {
            // The order is what the person decides on.
            lines.extend(affected);
            let verb = if plan.options.evict { "POST eviction of" } else { "DELETE" };
            lines.push(Line::heading("the requests"));
            lines.push(Line::fact(format!(
                "for each node, after reading everything afresh: {verb} its pod, with the pod's uid as precondition"
            )));
            lines.push(Line::fact("before the first, so that colleagues see it:"));
            lines.extend(request(&question.command));
            return lines;
        }
        lines.push(Line::heading("the request"));
        lines.extend(request(&question.command));
        lines.extend(affected);
        lines
    }
}

/// The request as it is sent.
fn request(command: &Command) -> impl Iterator<Item = Line> + use<> {
    let subresource = match command.method.http() {
        "POST" => "/eviction",
        "PATCH" => "?fieldManager=dsgrid",
        _ => "",
    };
    let head = [
        format!("{} {}{subresource}", command.method.http(), command.target.path()),
        format!("Content-Type: {}", command.method.media_type()),
    ];
    head.into_iter().chain(command.lines()).map(Line::fact)
}
