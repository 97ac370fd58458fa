//! What may not be read: what is missing on the screen for it, and the role to ask for.

use crate::app::model::Model;
use crate::app::page::Page;
use crate::domain::event::WatchKind;
use crate::domain::rights::{denied, missing_roles, unseen};

/// The lines.
pub(super) fn page(model: &Model) -> Page {
    let mut page = Page::new("what may not be read");
    for (watch, why) in denied(&model.inventory) {
        page.problem(format!("{watch}: {why}"));
        page.fact(match watch.kind {
            WatchKind::Nodes => {
                "so no placement, taint or label is known: only nodes with a daemon pod have a column, and no cell \
                 can be missing or excluded"
            }
            WatchKind::Pods => "so no cell is known: the counts are the controller's own",
            WatchKind::DaemonSets => "so there is nothing to show",
            WatchKind::Revisions => "so revisions have hashes instead of image tags, and there is no undo",
        });
    }
    if let Some(unseen) = unseen(&model.inventory) {
        page.problem(unseen.words());
    }
    let roles = missing_roles(&model.inventory);
    if roles.is_empty() {
        page.fact("everything that dsgrid watches may be read");
        return page;
    }
    page.heading("Ask for this, bound to your user or group (c copies all of it)");
    for line in roles {
        page.raw(format!("  {line}"));
    }
    page
}

/// All lines of the roles, to be copied.
pub(in crate::app) fn snippet(model: &Model) -> String {
    missing_roles(&model.inventory).join("\n")
}
