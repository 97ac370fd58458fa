//! What is told on the DaemonSet of a replacement, kept up to date by writes of its own.

use jiff::Timestamp;

use crate::domain::command::{Command, Outcome, Ticket};
use crate::domain::raw::RawObject;
use crate::domain::replace::claim::{Claim, HEARTBEAT, remove};
use crate::domain::replace::run::Replacement;
use crate::domain::text::Text;

/// A claim is written anew, over what somebody else changed beside it, at most so often in a row.
const TRIES: u32 = 3;

/// Keeps the claim.
#[derive(Clone, Debug)]
pub(in crate::app) struct Keeper {
    by: Text,
    host: Text,
    started: Timestamp,
    /// The DaemonSet as it was read or written last.
    read: RawObject,
    /// Whose place it takes, as somebody confirmed.
    over: Option<Claim>,
    /// The write whose answer is waited for.
    waits: Option<Ticket>,
    /// What was written last; none before the first answer.
    written: Option<Claim>,
    /// When the last write was tried.
    tried: Option<Timestamp>,
    lost: u32,
    /// Why it cannot be told; then nothing is tried any more.
    refused: Option<String>,
    removed: bool,
}

/// What came of a write of the claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) enum Told {
    /// Nothing to say.
    Nothing,
    /// It cannot be told on the DaemonSet, in words: said once.
    Refused(String),
    /// Somebody else is at it, in words.
    TakenOver(String),
}

impl Keeper {
    /// Nothing is written yet; the DaemonSet was just read.
    pub(super) fn new(by: Text, host: Text, read: RawObject, now: Timestamp) -> Self {
        Self {
            by,
            host,
            started: now,
            over: Claim::read(&read),
            read,
            waits: None,
            written: None,
            tried: None,
            lost: 0,
            refused: None,
            removed: false,
        }
    }

    /// Why it cannot be told.
    pub(super) fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// Whether pods may be deleted: everybody can see that this goes on, or that cannot be helped.
    pub(in crate::app) fn is_held(&self) -> bool {
        self.refused.is_some() || self.written.as_ref().is_some_and(|claim| claim.stopped.is_empty())
    }

    /// Whether a write of it waits for its answer.
    pub(super) fn is_waiting(&self) -> bool {
        self.waits.is_some()
    }

    /// Whether nothing is waited for any more.
    pub(super) fn is_settled(&self) -> bool {
        self.waits.is_none()
            && (self.removed
                || self.refused.is_some()
                || self.written.as_ref().is_some_and(|claim| !claim.stopped.is_empty()))
    }

    /// Why it does not go on by itself; empty where it does.
    fn stopped(run: &Replacement, now: Timestamp) -> Text {
        if run.state().needs_person() || run.is_over() {
            let why = run.state().why(now);
            return Text::new(if why.is_empty() { run.state().name() } else { &why });
        }
        Text::default()
    }

    /// The next write, if one is due.
    pub(in crate::app) fn next(&mut self, run: &Replacement, now: Timestamp) -> Option<Command> {
        if self.waits.is_some() || self.refused.is_some() || self.removed {
            return None;
        }
        let claim = Claim {
            stopped: Self::stopped(run, now),
            ..Claim::of(run, &self.by, &self.host, self.started, now)
        };
        let target = &run.plan().daemon_set;
        if run.is_over() && claim.done == claim.total {
            self.removed = true;
            return remove(target, &self.read);
        }
        let is_new = self.written.as_ref().is_none_or(|written| written.stopped != claim.stopped);
        let is_due =
            claim.stopped.is_empty() && self.tried.is_none_or(|tried| now.duration_since(tried) >= HEARTBEAT);
        (is_new || is_due).then(|| claim.write(target, &self.read))
    }

    /// It was sent.
    pub(in crate::app) fn sent(&mut self, ticket: Ticket, now: Timestamp) {
        (self.waits, self.tried) = (Some(ticket), Some(now));
    }

    /// Whether this is the answer that is waited for.
    pub(in crate::app) fn waits_for(&self, ticket: Ticket) -> bool {
        self.waits == Some(ticket)
    }

    /// What came of the write.
    pub(in crate::app) fn answered(&mut self, outcome: &Outcome, now: Timestamp) -> Told {
        self.waits = None;
        match outcome {
            Outcome::Done(object) => {
                self.lost = 0;
                self.written = Claim::read(object);
                self.read = object.clone();
                Told::Nothing
            }
            Outcome::LostRace(Some(object)) => {
                self.read = object.clone();
                self.lost += 1;
                let other = Claim::read(object).filter(|claim| !self.is_ours(claim) && !self.is_taken(claim));
                if let Some(other) = other.filter(|claim| claim.is_held(now)) {
                    self.refused = Some(String::new());
                    return Told::TakenOver(other.words(now));
                }
                if self.lost < TRIES {
                    // As it is now, it is written over at once.
                    self.written = None;
                    self.removed = false;
                    return Told::Nothing;
                }
                self.refuse("it was changed by others again and again".to_owned())
            }
            Outcome::Denied(words) | Outcome::Refused(words) => self.refuse(words.to_string()),
            Outcome::Gone => self.refuse("the DaemonSet is gone".to_owned()),
            Outcome::LostRace(None) | Outcome::Budget(_) | Outcome::NotSent(_) | Outcome::Unknown(_) => {
                self.refuse(format!("no answer came to writing it: {}", outcome.words()))
            }
        }
    }

    fn is_ours(&self, claim: &Claim) -> bool {
        claim.by == self.by && claim.host == self.host && claim.started == self.started
    }

    /// Whether it is the run that a person decided to take over; its heartbeat may have come in between.
    fn is_taken(&self, claim: &Claim) -> bool {
        self.over.as_ref().is_some_and(|over| over.is_same_run(claim))
    }

    fn refuse(&mut self, words: String) -> Told {
        self.refused = Some(words.clone());
        Told::Refused(words)
    }

    /// When the next heartbeat is due.
    pub(super) fn next_wake(&self, run: &Replacement) -> Option<Timestamp> {
        let beats = self.refused.is_none() && !self.removed && !run.is_over() && !run.state().needs_person();
        self.tried.filter(|_| beats).map(|tried| tried + HEARTBEAT)
    }
}
