//! Whether what can be confirmed has been on the screen as it is now: keys typed before that confirm nothing.

/// What is shown grows by editions; only one that was drawn can be confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    edition: u32,
    drawn: Option<u32>,
}

impl Shown {
    /// Other things are to be read now.
    pub(super) fn renew(&mut self) {
        self.edition += 1;
    }

    /// It is on the screen as it is now.
    pub(super) fn was_drawn(&mut self) {
        self.drawn = Some(self.edition);
    }

    /// It has to be drawn anew before it can be confirmed.
    pub(super) fn was_moved(&mut self) {
        self.drawn = None;
    }

    /// Whether it was on the screen as it is now.
    pub(super) fn is_drawn(self) -> bool {
        self.drawn == Some(self.edition)
    }
}
