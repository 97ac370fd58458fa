//! An action that changes something becomes a wish about what is selected, if it can be taken now.

use super::dialog;
use crate::app::action::Action;
use crate::app::availability::unavailable;
use crate::app::intent::{Intent, object};
use crate::app::model::Model;
use crate::app::notice::Notice;
use crate::domain::id::{ObjectKind, ObjectRef};

/// Opens the dialog of an action, or says why not.
pub(super) fn make(model: &mut Model, action: Action) {
    if let Some(why) = unavailable(model, action) {
        model.notice = Some(Notice::failed(why, model.now));
        return;
    }
    let Some(daemon_set) = selected(model) else { return };
    if action == Action::PauseRollout {
        dialog::open(model, Intent::Pause { daemon_set });
    }
}

/// The selected DaemonSet.
fn selected(model: &Model) -> Option<ObjectRef> {
    let meta = &model.inventory.row(model.selected_row()?)?.daemon_set.meta;
    Some(object(ObjectKind::DaemonSet, &meta.key, &meta.uid))
}
