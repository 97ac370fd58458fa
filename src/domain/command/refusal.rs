//! Why a write is not even offered: each a clause that says what to do instead.

use crate::domain::pause::SavedPause;

/// Nothing is sent, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The object is not what it should be.
    #[error("the server's answer has no {0}")]
    Malformed(&'static str),
    /// It is on its way out.
    #[error("it is being deleted, and its controller does nothing any more")]
    Deleting,
    /// Paused by dsgrid already.
    #[error("it is paused already, {}", .0.words())]
    PausedAlready(SavedPause),
    /// A strategy under which nothing rolls.
    #[error(
        "its strategy is OnDelete: there is no rollout to pause, pods stay as they are until somebody deletes them"
    )]
    OnDelete,
    /// The annotation is there and cannot be read.
    #[error(
        "its annotation dsgrid.dev/paused cannot be read, so what it was before is not known; name the strategy to \
         restore with --to FILE, or remove the annotation"
    )]
    UnreadablePause,
    /// Not paused, so there is nothing to resume.
    #[error("it is not paused: its strategy is {0}")]
    NotPaused(String),
    /// Somebody edited the strategy of a paused set.
    #[error(
        "its strategy was edited while it was paused: saved was {saved}, now it is {now}; choose with --to saved or \
         --to FILE"
    )]
    StrategyEdited {
        /// What the pause saved, in words.
        saved: String,
        /// What it is now, in words.
        now: String,
    },
    /// The API server would refuse the strategy.
    #[error("the server would refuse that: {0}")]
    InvalidStrategy(String),
    /// Both limits are above zero.
    #[error(
        "maxUnavailable would be {unavailable} and maxSurge {surge}, and only one of them may be above 0; set the other \
         to 0 in the same command"
    )]
    TwoLimits {
        /// `maxUnavailable`.
        unavailable: String,
        /// `maxSurge`.
        surge: String,
    },
    /// Both limits are zero.
    #[error("maxUnavailable and maxSurge would both be 0; one of them has to be above 0")]
    NoLimitLeft,
    /// Limits mean nothing under `OnDelete`.
    #[error("its strategy is OnDelete, which has no limits; they count again with RollingUpdate")]
    NoLimits,
    /// Limits of a paused set are those that were saved.
    #[error("it is paused, {}; limits do not count until then: resume it with --to FILE to give it others", .0.words())]
    LimitsWhilePaused(SavedPause),
    /// Nothing would change.
    #[error("nothing would change: {0}")]
    NothingToDo(String),
    /// kubectl's own refusal: the annotation has whole seconds.
    #[error("it was restarted within this second; wait a second before another restart")]
    RestartedJustNow,
    /// There is nothing to go back to.
    #[error("there is no earlier revision to go back to{}", listing(.0))]
    NoEarlierRevision(Vec<String>),
    /// A revision that does not exist.
    #[error("there is no revision {wanted}{}", listing(.known))]
    NoSuchRevision {
        /// The number asked for.
        wanted: i64,
        /// Those that exist, in image tags.
        known: Vec<String>,
    },
    /// Which revision came before is not clear yet.
    #[error(
        "the controller has not recorded its newest template yet, so what came before is not clear; try again, or name \
         the revision with --to-revision{}",
        listing(.0)
    )]
    Unrecorded(Vec<String>),
    /// A pod that is not on its way out.
    #[error("it is not terminating; delete it first, and force only what cannot end")]
    NotTerminating,
    /// A pod whose grace period has not passed.
    #[error("its grace period lasts until {0}; it can still end by itself")]
    WithinGrace(String),
    /// A node that can end its pods by itself.
    #[error("its node {0} is Ready, so its kubelet ends it; find out why it does not")]
    NodeIsReady(String),
}

fn listing(known: &[String]) -> String {
    match known {
        [] => "; none is recorded".to_owned(),
        known => format!("; there are {}", known.join(", ")),
    }
}
