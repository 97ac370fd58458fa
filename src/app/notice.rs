//! A short word to the user, shown for a moment.

use jiff::{SignedDuration, Timestamp};

/// How long a notice stays.
const SHOWN_FOR: SignedDuration = SignedDuration::from_secs(6);

/// A short word to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The words.
    pub text: String,
    /// Whether something did not work.
    pub is_error: bool,
    /// When it goes away.
    pub until: Timestamp,
    /// It is about what is selected, and says nothing of anything else.
    pub is_about_selection: bool,
}

impl Notice {
    /// An answer to what the user did.
    #[must_use]
    pub fn said(text: impl Into<String>, now: Timestamp) -> Self {
        Self { text: text.into(), is_error: false, until: now + SHOWN_FOR, is_about_selection: false }
    }

    /// What was wanted is not possible for what is selected.
    #[must_use]
    pub fn refused(text: impl Into<String>, now: Timestamp) -> Self {
        Self { is_about_selection: true, ..Self::failed(text, now) }
    }

    /// Something did not work.
    #[must_use]
    pub fn failed(text: impl Into<String>, now: Timestamp) -> Self {
        Self { is_error: true, ..Self::said(text, now) }
    }
}
