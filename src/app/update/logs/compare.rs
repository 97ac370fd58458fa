//! Endings are compared, opened, and set beside a healthy node.

use super::{opened, read, say};
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::logs::{Behind, Beside, Compare, Reading, Subject, healthy};
use crate::app::model::Model;
use crate::domain::id::{NodeName, Uid};
use crate::domain::text::Text;

/// Streams of comparisons are numbered from here, out of the way of those of the view.
const COMPARED: u32 = 1 << 31;

/// Compares how containers ended; `quiet` where nobody asked for it by name. Where none ended the node of the line with
/// the cursor is set beside a healthy one at once.
pub(super) fn begin(model: &mut Model, quiet: bool) -> Vec<Effect> {
    let first = COMPARED + model.compared;
    let Some(view) = &mut model.logs else { return Vec::new() };
    if view.beside.is_some() {
        return return_to(model);
    }
    let (compare, steps) = Compare::begin(&model.inventory, view.streams.reading(), first);
    if compare.is_empty() {
        return if quiet { Vec::new() } else { set_beside_current(model) };
    }
    model.compared =
        (model.compared + u32::try_from(compare.progress().1).unwrap_or_default()) % (COMPARED / 2);
    view.compare = Some(compare);
    opened(steps)
}

/// Carries out what is for a comparison; none where the action is for another.
pub(super) fn act(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    let compare = model.logs.as_mut()?.compare.as_mut()?;
    let last = compare.len().saturating_sub(1);
    match action {
        Action::MoveUp => compare.at = compare.at.saturating_sub(1),
        Action::MoveDown => compare.at = (compare.at + 1).min(last),
        Action::GoToTop => compare.at = 0,
        Action::GoToBottom => compare.at = last,
        Action::Open => return Some(open_group(model, false)),
        Action::CompareEndings => return Some(open_group(model, true)),
        Action::Back | Action::Leave => {
            let effects = compare.ids().map(Effect::CloseLog).collect();
            model.logs.as_mut()?.compare = None;
            return Some(effects);
        }
        Action::Copy => {
            let text = compare.rows().get(compare.at)?.text.clone();
            say(model, "copied the line, if the terminal allows it (OSC 52)");
            return Some(vec![Effect::CopyToClipboard(text)]);
        }
        _ => return None,
    }
    Some(Vec::new())
}

/// The logs of the nodes that ended alike, or of one of them beside a healthy one.
fn open_group(model: &mut Model, beside: bool) -> Vec<Effect> {
    let Some(compare) = model.logs.as_ref().and_then(|view| view.compare.as_ref()) else { return Vec::new() };
    let cells = compare.cells(&model.inventory, beside);
    let Some((ill, run)) = cells.first().cloned().zip(compare.run()) else {
        say(model, "wait for the last words of a node");
        return Vec::new();
    };
    if beside {
        return set_beside(model, ill, run);
    }
    open_cells(model, cells, None)
}

/// The node of the line with the cursor, else the first one, beside a healthy one.
fn set_beside_current(model: &mut Model) -> Vec<Effect> {
    let ill = model.logs.as_ref().and_then(|view| {
        let current = view.current().and_then(|line| view.streams.get(line.stream));
        let stream = current.or_else(|| view.streams.iter().next().map(|(_, stream)| stream))?;
        let target = &stream.target;
        let owner = model.inventory.pod(&target.pod.uid)?.meta.owner.as_ref()?;
        let run = (stream.container.clone(), stream.previous);
        Some(((owner.uid.clone(), target.node.clone()), run))
    });
    if let Some((ill, run)) = ill {
        return set_beside(model, ill, run);
    }
    say(model, "no pod is read: nothing to compare");
    Vec::new()
}

/// Sets a container of a node, of its present run or of the one before, beside the present run of a healthy node.
fn set_beside(model: &mut Model, (uid, ill): (Uid, NodeName), run: (Text, bool)) -> Vec<Effect> {
    let Some(healthy) = healthy(&model.inventory, &uid, &ill) else {
        say(model, "no other node of this DaemonSet is healthy: none to set this one beside");
        return Vec::new();
    };
    let cells = vec![(uid.clone(), ill.clone()), (uid, healthy.clone())];
    open_cells(model, cells, Some((Beside::new(ill, healthy), run)))
}

/// Reads these cells; one step back leads to what is there now.
fn open_cells(
    model: &mut Model,
    cells: Vec<(Uid, NodeName)>,
    beside: Option<(Beside, (Text, bool))>,
) -> Vec<Effect> {
    let Some(view) = &mut model.logs else { return Vec::new() };
    let (before, preset) = (view.streams.reading().clone(), view.preset);
    let mut reading = Reading { subject: Subject::Cells(cells), ..before.clone() };
    if let Some((beside, (container, is_previous))) = &beside {
        reading.container = Some(container.clone());
        (reading.previous, reading.present) = (Some(*is_previous), Some(beside.healthy.clone()));
    }
    // Its streams go on: what they say is wanted when one comes back.
    let behind = Behind { compare: view.compare.take(), reading: before, has_times: view.has_times };
    let effects = read(model, reading, preset);
    if let Some(view) = &mut model.logs {
        // Two nodes are compared by time.
        view.has_times |= beside.is_some();
        view.beside = beside.map(|(beside, _)| beside);
        view.behind = Some(Box::new(behind));
    }
    effects
}

/// Back to the comparison, or to what was read before two nodes were set side by side.
pub(super) fn return_to(model: &mut Model) -> Vec<Effect> {
    let Some(view) = &mut model.logs else { return Vec::new() };
    let Some(behind) = view.behind.take() else { return Vec::new() };
    let preset = view.preset;
    let effects = read(model, behind.reading, preset);
    if let Some(view) = &mut model.logs {
        (view.compare, view.has_times) = (behind.compare, behind.has_times);
    }
    effects
}
