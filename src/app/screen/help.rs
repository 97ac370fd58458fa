//! Every key, from the one table, and every sign of a cell.

use crate::app::keymap::{Context, bindings};
use crate::app::page::{Page, Sign};
use crate::domain::cell::CellState;

/// The keys' column.
const KEYS: usize = 22;

/// The table of keys.
pub(super) fn page() -> Page {
    let mut page = Page::new("every key and sign");
    for context in Context::ALL {
        page.heading(context.title());
        for binding in bindings().filter(|binding| binding.context == context) {
            let keys = binding.key_names().join(" ");
            page.told(false, &keys, KEYS, binding.description);
        }
    }
    page.heading("Signs of cells");
    page.told(false, "  in flight", KEYS, "this dsgrid replaces its pod just now (R; % shows how it goes)");
    page.signed(Sign::InFlight);
    for state in CellState::ALL {
        page.told(false, &format!("  {}", state.name()), KEYS, meaning(state));
        page.signed(state);
    }
    page
}

fn meaning(state: CellState) -> &'static str {
    match state {
        CellState::Failing => "a container waits or ended on an error, or the pod failed",
        CellState::Missing => "wanted, but there is no pod",
        CellState::Unschedulable => "the scheduler finds no room",
        CellState::Lost => "the node is gone, unreachable or not Ready",
        CellState::NotReady => "running, but not ready for too long",
        CellState::Misscheduled => "a pod runs where it is not wanted",
        CellState::Unknown => "not received yet, or not readable",
        CellState::Terminating => "its pod is being deleted",
        CellState::Starting => "not available yet, nothing wrong so far",
        CellState::Surging => "old and new pod side by side",
        CellState::Outdated => "available, of an older revision",
        CellState::Ready => "available, of the current revision",
        CellState::Excluded => "not wanted here, and none here",
    }
}
