//! What is told on the DaemonSet of a replacement, kept up to date by writes of its own.

use jiff::{SignedDuration, Timestamp};

use crate::domain::command::{Command, Outcome, Ticket};
use crate::domain::inventory::Inventory;
use crate::domain::raw::RawObject;
use crate::domain::replace::claim::{Claim, HEARTBEAT, remove};
use crate::domain::replace::run::{Hold, Replacement, RunState};
use crate::domain::text::Text;

/// A write without an answer is tried again after this.
const AGAIN: SignedDuration = SignedDuration::from_secs(15);
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
    /// The write whose answer is waited for.
    waits: Option<Ticket>,
    /// What was written last; none before the first answer.
    written: Option<Claim>,
    /// When the last write was tried.
    tried: Option<Timestamp>,
    /// Why it does not go on, as it was tried to be written last.
    stopped: Option<Text>,
    /// Whose run this one takes over, as a person confirmed.
    over: Option<Claim>,
    lost: u32,
    /// Whether no answer came to the last write.
    unanswered: bool,
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
    /// No answer came, in words: it is tried again.
    Unanswered(String),
    /// Somebody else is at it.
    TakenOver(Box<Claim>),
}

impl Keeper {
    /// Nothing is written yet; the DaemonSet was just read.
    pub(super) fn new(by: Text, host: Text, read: RawObject, now: Timestamp) -> Self {
        let over = Claim::read(&read).filter(|claim| claim.is_held(now));
        Self {
            by,
            host,
            started: now,
            read,
            waits: None,
            written: None,
            tried: None,
            stopped: None,
            over,
            lost: 0,
            unanswered: false,
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

    /// Whether the annotation is there.
    pub(super) fn is_kept(&self) -> bool {
        self.refused.is_none() && self.written.is_some()
    }

    /// Whether nothing is waited for any more. A server that does not answer is not waited for at the end.
    pub(super) fn is_settled(&self, run: &Replacement) -> bool {
        let is_last = |claim: &Claim| !claim.stopped.is_empty() && claim.done == Claim::done(run);
        self.waits.is_none()
            && (self.removed
                || self.unanswered
                || self.refused.is_some()
                || self.written.as_ref().is_some_and(is_last))
    }

    /// Why it does not go on by itself; empty where it does.
    fn why_stopped(run: &Replacement, now: Timestamp) -> Text {
        if matches!(run.state(), RunState::Held(Hold::Person)) {
            // Whoever reads it there is somebody else.
            return Text::new("held by hand");
        }
        if run.state().needs_person() || run.is_over() {
            let why = run.state().why(now);
            return Text::new(if why.is_empty() { run.state().name() } else { &why });
        }
        Text::default()
    }

    /// What is to be told now.
    pub(super) fn claim(&self, run: &Replacement, now: Timestamp) -> Claim {
        let stopped = Self::why_stopped(run, now);
        // When it stopped is not when the last pod in flight came up.
        let before = self.written.as_ref().filter(|claim| !stopped.is_empty() && claim.stopped == stopped);
        let heartbeat = before.map_or(now, |claim| claim.heartbeat);
        Claim { heartbeat, stopped, ..Claim::of(run, &self.by, &self.host, self.started, now) }
    }

    /// The next write, if one is due; when the program is about to end, the last one. Where nothing of the plan is left,
    /// that goes too which would tell how to go on with it.
    pub(in crate::app) fn next(
        &mut self,
        run: &Replacement,
        inventory: &Inventory,
        is_leaving: bool,
    ) -> Option<Command> {
        let now = inventory.now();
        if self.waits.is_some() || self.refused.is_some() || self.removed {
            return None;
        }
        let mut claim = self.claim(run, now);
        if is_leaving && claim.stopped.is_empty() {
            claim.stopped = Text::new(run.state().name());
        }
        let passed = |wait: SignedDuration| self.tried.is_none_or(|tried| now.duration_since(tried) >= wait);
        let is_other = self.stopped.as_ref() != Some(&claim.stopped);
        if self.unanswered && !is_other && !passed(AGAIN) {
            return None;
        }
        let target = &run.plan().daemon_set;
        if run.is_over() && run.left(inventory).next().is_none() {
            self.removed = true;
            self.stopped = Some(claim.stopped);
            return remove(target, &self.read);
        }
        let is_due = self.unanswered || (claim.stopped.is_empty() && passed(HEARTBEAT));
        // What was in flight when it stopped is counted once nothing is any more.
        let is_idle = !run.works().iter().any(|work| work.step.is_in_flight());
        let is_behind = self.written.as_ref().is_some_and(|written| written.done != claim.done);
        let is_due = is_due || (!claim.stopped.is_empty() && is_behind && (is_idle || is_leaving));
        (is_other || is_due || self.written.is_none()).then(|| {
            self.stopped = Some(claim.stopped.clone());
            claim.write(target, &self.read)
        })
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
        let is_again = std::mem::take(&mut self.unanswered);
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
                if let Some(other) = self.other(Claim::read(object).as_ref(), now) {
                    return Told::TakenOver(Box::new(other));
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
                self.unanswered = true;
                self.removed = false;
                if is_again { Told::Nothing } else { Told::Unanswered(outcome.words().to_string()) }
            }
        }
    }

    /// Who else is at it now, by the DaemonSet as it was just read.
    pub(in crate::app) fn other(&self, read: Option<&Claim>, now: Timestamp) -> Option<Claim> {
        read.filter(|claim| self.is_of_others(claim) && claim.is_held(now)).cloned()
    }

    /// Who began after this one, by the DaemonSet as the watch tells it; they may have stopped since. What the watch
    /// tells may be older than what is told here, but not by a heartbeat after this one began.
    pub(in crate::app) fn successor(&self, told: Option<&Claim>) -> Option<Claim> {
        told.filter(|claim| self.is_of_others(claim) && claim.heartbeat > self.started).cloned()
    }

    /// Nothing is told here any more: the place is somebody else's.
    pub(in crate::app) fn give_up(&mut self) {
        self.refused = Some(String::new());
    }

    fn is_of_others(&self, claim: &Claim) -> bool {
        let is_known = self.over.as_ref().is_some_and(|over| over.is_same_run(claim));
        !is_known && !self.is_ours(claim)
    }

    fn is_ours(&self, claim: &Claim) -> bool {
        claim.by == self.by && claim.host == self.host && claim.started == self.started
    }

    fn refuse(&mut self, words: String) -> Told {
        self.refused = Some(words.clone());
        Told::Refused(words)
    }

    /// When the next heartbeat is due.
    pub(super) fn next_wake(&self, run: &Replacement) -> Option<Timestamp> {
        if self.refused.is_some() || self.removed {
            return None;
        }
        let beats = !run.is_over() && !run.state().needs_person();
        let wait = if self.unanswered { Some(AGAIN) } else { beats.then_some(HEARTBEAT) };
        Some(self.tried? + wait?)
    }
}
