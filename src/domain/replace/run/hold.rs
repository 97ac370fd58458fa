//! How a replacement stands as a whole, and why it waits.

use jiff::Timestamp;

use super::{FLAPS, SETTLED};
use crate::domain::replace::liveness::Stale;

/// How the whole of it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Going on.
    Running,
    /// Nothing is deleted for now; pods in flight are followed.
    Held(Hold),
    /// Nothing is deleted until a person decides: to go on, or to abort.
    Halted(String),
    /// The plan is not carried on: only a new one can go on.
    Outdated(End),
    /// Every node is over.
    Finished,
    /// A person ended it.
    Aborted,
}

impl RunState {
    /// The word for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Held(_) => "held",
            Self::Halted(_) => "HALTED",
            Self::Outdated(_) => "ended",
            Self::Finished => "done",
            Self::Aborted => "aborted",
        }
    }

    /// Whether saying the one after the other tells nothing new: only ages and times left differ.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Held(one), Self::Held(other)) => one.is_like(other),
            (one, other) => one == other,
        }
    }

    /// Whether only a person lets it go on.
    #[must_use]
    pub fn needs_person(&self) -> bool {
        match self {
            Self::Held(hold) => hold.needs_person(),
            Self::Halted(_) => true,
            Self::Running | Self::Outdated(_) | Self::Finished | Self::Aborted => false,
        }
    }

    /// Why nothing is deleted; empty where something is.
    #[must_use]
    pub fn why(&self, now: Timestamp) -> String {
        match self {
            Self::Held(hold) => hold.words(now),
            Self::Halted(words) => words.clone(),
            Self::Outdated(end) => end.words().to_owned(),
            Self::Running | Self::Finished | Self::Aborted => String::new(),
        }
    }
}

/// Why a plan is not carried on, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The DaemonSet is not as it was planned for.
    Changed(String),
    /// Another node would not be done in time.
    TimeUp(String),
    /// Somebody else is at it.
    TakenOver {
        /// Who.
        by: String,
        /// How far they were when that was noticed.
        words: String,
    },
    /// Somebody else did what was left.
    DoneByOthers(String),
}

impl End {
    /// The reason in words.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Changed(words)
            | Self::TimeUp(words)
            | Self::TakenOver { words, .. }
            | Self::DoneByOthers(words) => words,
        }
    }
}

/// Why nothing is deleted for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// A person wants it so.
    Person,
    /// What is known may be old.
    Stale(Stale),
    /// What is known is of now again, since then: for a while that is watched.
    Settling(Timestamp),
    /// It was disconnected too often to go on by itself.
    Flapping,
    /// A group is done; the next one waits for a person.
    Group(String),
    /// A pod in flight cannot end: its node is dead.
    Dead(String),
    /// A read or write did not work.
    Trouble {
        /// What happened.
        words: String,
        /// When it goes on by itself; never where there is none.
        again: Option<Timestamp>,
    },
}

impl Hold {
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Stale(_), Self::Stale(_)) => true,
            (Self::Trouble { words: one, again }, Self::Trouble { words: other, again: after }) => {
                one == other && again.is_some() == after.is_some()
            }
            (one, other) => one == other,
        }
    }

    /// Whether only a person lets it go on.
    #[must_use]
    pub fn needs_person(&self) -> bool {
        match self {
            Self::Person | Self::Flapping | Self::Group(_) | Self::Trouble { again: None, .. } => true,
            Self::Stale(_) | Self::Settling(_) | Self::Dead(_) | Self::Trouble { again: Some(_), .. } => {
                false
            }
        }
    }

    /// The reason in words.
    #[must_use]
    pub fn words(&self, now: Timestamp) -> String {
        match self {
            Self::Person => "held by you; nothing more is deleted".to_owned(),
            Self::Stale(stale) => {
                let settled = SETTLED.as_secs();
                format!(
                    "{}: nothing is deleted blind; it goes on after {settled} s of live data",
                    stale.words(now)
                )
            }
            Self::Settling(since) => {
                let so_far = now.duration_since(*since).as_secs().clamp(0, SETTLED.as_secs());
                format!("live again for {so_far}s of {}s, then it goes on", SETTLED.as_secs())
            }
            Self::Flapping => format!("disconnected {FLAPS} times; go on only if you trust the connection"),
            Self::Group(next) => format!("a group is done; next: {next}"),
            Self::Dead(words) | Self::Trouble { words, again: None } => words.clone(),
            Self::Trouble { words, again: Some(at) } => {
                let left = at.duration_since(now).as_secs().max(0);
                format!("{words}; tried again in {left} s")
            }
        }
    }
}
