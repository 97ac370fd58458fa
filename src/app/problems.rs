//! The causes of what is not as wanted, in what is shown.
//!
//! They are gathered once a frame at most, and where there is much to look at once a second: finding them, and what
//! their nodes share, walks over every cell.

use jiff::{SignedDuration, Timestamp};

use super::model::Model;
use super::screen::Screen;
use crate::domain::cause::{Cause, CauseKey, Scope, Sharing, causes as all_causes};
use crate::domain::contrast::Shared;

/// With more cells than this, causes are gathered once a second instead of once a frame.
const MANY_CELLS: usize = 20_000;
/// How often then.
const SELDOM: SignedDuration = SignedDuration::from_secs(1);

/// The causes as they were gathered last.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<(Cause, Vec<Shared>)>,
    /// When; none where they have to be gathered anew at once.
    gathered: Option<Timestamp>,
}

impl Problems {
    /// All causes, worst first.
    pub(super) fn causes(&self) -> impl Iterator<Item = &Cause> {
        self.found.iter().map(|(cause, _)| cause)
    }

    /// The cause of this key.
    pub(super) fn find(&self, key: &CauseKey) -> Option<&Cause> {
        self.causes().find(|cause| cause.key == *key)
    }

    /// All causes, worst first, with what the nodes of each share.
    pub(super) fn with_shared(&self) -> impl Iterator<Item = (&Cause, &[Shared])> {
        self.found.iter().map(|(cause, shared)| (cause, shared.as_slice()))
    }

    /// Rows, columns or what is shown of them changed: what was gathered names others.
    pub(super) fn forget(&mut self) {
        self.gathered = None;
    }
}

/// Whether a screen is made from causes.
fn reads_causes(screen: &Screen) -> bool {
    matches!(screen, Screen::Problems | Screen::Usual | Screen::Cause(_) | Screen::Alert { .. })
}

/// Gathers the causes anew for a screen that is made from them, unless that was done a moment ago.
pub(super) fn refresh_for(model: &mut Model, screen: &Screen) {
    if reads_causes(screen) {
        refresh(model);
    }
}

/// Gathers the causes anew, unless that was done a moment ago.
pub(super) fn refresh(model: &mut Model) {
    let grid = &model.grid;
    let is_much = grid.rows.len() * grid.columns.len() > MANY_CELLS;
    let is_recent = model.problems.gathered.is_some_and(|at| model.now.duration_since(at) < SELDOM);
    if is_much && is_recent {
        return;
    }
    let scope = Scope { rows: &grid.rows, columns: &grid.columns, everywhere: &model.settings.everywhere };
    let causes = all_causes(&model.inventory, &scope);
    let sharing = Sharing::new(&model.inventory);
    let with_shared = |cause: Cause| {
        let shared = sharing.of(&cause);
        (cause, shared)
    };
    let found = causes.into_iter().map(with_shared).collect();
    model.problems = Problems { found, gathered: Some(model.now) };
}
