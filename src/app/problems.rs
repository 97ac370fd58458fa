//! The causes of what is not as wanted, in what is shown.

use super::model::Model;
use crate::domain::cause::{Cause, Scope, causes as all_causes};

/// All causes in the shown rows and columns, worst first.
#[must_use]
pub fn causes(model: &Model) -> Vec<Cause> {
    let grid = &model.grid;
    let scope = Scope { rows: &grid.rows, columns: &grid.columns, everywhere: &model.settings.everywhere };
    all_causes(&model.inventory, &scope)
}
