//! The editor of nodes: its lines, what is typed, and what that would do.

use crate::app::action::Action;
use crate::app::model::Model;
use crate::app::relabel::{EditLine, Editor, Entry, Relabel, Stage, relabel_page};
use crate::app::viewport::{follow, step};
use crate::domain::preview::NodeChange;
use crate::domain::preview::edit::edit_words;
use crate::domain::relabel::guard::Guard;
use crate::domain::relabel::harm::Harm;

/// What the change would do, while it is being edited.
pub(super) fn foretell(model: &mut Model) {
    if let Some(relabel) = &mut model.relabel
        && let Stage::Editing(editor) = &mut relabel.stage
    {
        editor.refresh(&model.inventory);
        relabel.harm = Harm::of(&model.inventory, &editor.nodes, &editor.pending());
        relabel.foretold = model.now;
    }
    let visible = relabel_page(model).map_or(1, |page| page.visible);
    if let Some(relabel) = &mut model.relabel
        && let Stage::Editing(editor) = &relabel.stage
    {
        relabel.top = follow(relabel.top, visible, editor.lines.len(), editor.at);
    }
}

/// A key in the list of lines.
pub(super) fn editing(model: &mut Model, action: Action) {
    let visible = relabel_page(model).map_or(1, |page| page.visible);
    let Some(relabel) = &mut model.relabel else { return };
    let was_leaving = std::mem::take(&mut relabel.is_leaving);
    let Stage::Editing(editor) = &mut relabel.stage else { return };
    let delta = action.lines(visible).unwrap_or_default();
    editor.at = step(editor.at, delta, editor.lines.len());
    match action {
        Action::Back | Action::Leave if editor.change == NodeChange::default() || was_leaving => {
            model.relabel = None;
        }
        Action::Back | Action::Leave => {
            relabel.hint = match edit_words(&editor.change).len() {
                1 => "1 edit is not sent; Esc again drops it, Ctrl-s shows what would be sent".to_owned(),
                many => {
                    format!(
                        "{many} edits are not sent; Esc again drops them, Ctrl-s shows what would be sent"
                    )
                }
            };
            relabel.is_leaving = true;
        }
        Action::EditLine => relabel.hint = edit_line(editor).err().unwrap_or_default(),
        Action::AddLabel => editor.entry = Some(Entry::new(false, String::new())),
        Action::AddTaint => editor.entry = Some(Entry::new(true, String::new())),
        Action::RemoveLine => relabel.hint = remove_line(editor).err().unwrap_or_default(),
        Action::RestoreLine => restore_line(editor),
        Action::Review => begin_review(model),
        _ => {}
    }
    // The last line is not one to type in.
    if let Some(Relabel { stage: Stage::Editing(editor), .. }) = &model.relabel
        && action == Action::EditLine
        && editor.lines.get(editor.at) == Some(&EditLine::Review)
    {
        begin_review(model);
    }
}

fn refused(line: &EditLine) -> Result<(), String> {
    match line {
        EditLine::Label(label) => match label.guard {
            Guard::Refuse(why) => Err(format!("refused: {why}")),
            Guard::Free | Guard::Warn(_) => Ok(()),
        },
        _ => Ok(()),
    }
}

fn edit_line(editor: &mut Editor) -> Result<(), String> {
    let Some(line) = editor.lines.get(editor.at) else { return Ok(()) };
    refused(line)?;
    let entry = match line {
        EditLine::Label(label) => {
            let chosen = editor.change.labels.get(&label.key).cloned().flatten();
            let value = chosen.or_else(|| label.common().cloned()).unwrap_or_default();
            Entry::new(false, format!("{}={value}", label.key))
        }
        EditLine::Taint(taint, _) => Entry::new(true, taint.to_string()),
        EditLine::NewLabel => Entry::new(false, String::new()),
        EditLine::NewTaint => Entry::new(true, String::new()),
        EditLine::Review => return Ok(()),
    };
    editor.entry = Some(entry);
    Ok(())
}

fn remove_line(editor: &mut Editor) -> Result<(), String> {
    let Some(line) = editor.lines.get(editor.at).cloned() else { return Ok(()) };
    refused(&line)?;
    restore_line(editor);
    match line {
        EditLine::Label(label) if label.missing() < editor.nodes.len() => {
            editor.change.labels.insert(label.key, None);
        }
        EditLine::Taint(taint, 1..) => {
            editor.change.remove_taints.push((taint.key, Some(taint.effect)));
        }
        _ => {}
    }
    Ok(())
}

/// Drops what was to change on the line.
fn restore_line(editor: &mut Editor) {
    match editor.lines.get(editor.at) {
        Some(EditLine::Label(label)) => {
            editor.change.labels.remove(&label.key);
        }
        Some(EditLine::Taint(taint, _)) => {
            let change = &mut editor.change;
            change.add_taints.retain(|known| known.key != taint.key || known.effect != taint.effect);
            change.remove_taints.retain(|(key, effect)| {
                *key != taint.key || effect.as_ref().is_some_and(|effect| *effect != taint.effect)
            });
        }
        _ => {}
    }
}

fn begin_review(model: &mut Model) {
    let Some(relabel) = &mut model.relabel else { return };
    let Stage::Editing(editor) = &relabel.stage else { return };
    if editor.change == NodeChange::default() {
        "nothing is to change yet".clone_into(&mut relabel.hint);
        return;
    }
    let (edits, editor) = (editor.edits(&model.inventory), editor.clone());
    if edits.is_empty() {
        "the nodes are gone".clone_into(&mut relabel.hint);
        return;
    }
    super::review(model, edits, Some(editor));
}

/// A key while a line is typed.
pub(super) fn typing(model: &mut Model, action: Action) {
    let Some(relabel) = &mut model.relabel else { return };
    let Stage::Editing(editor) = &mut relabel.stage else { return };
    let Some(entry) = &mut editor.entry else { return };
    match action {
        Action::Back => editor.entry = None,
        Action::Complete => entry.complete(&model.inventory, true),
        Action::CompleteBack => entry.complete(&model.inventory, false),
        Action::EraseCharacter => entry.pop(),
        Action::EraseWord => entry.erase_word(),
        Action::EraseLine => *entry = Entry::new(entry.is_taint, String::new()),
        Action::Submit | Action::Review => {
            if let Err(why) = entry.read() {
                relabel.hint = why;
                return;
            }
            let key = entry.text.split(['=', ':', '-']).next().unwrap_or_default().to_owned();
            editor.change = editor.pending();
            if let Some(why) = editor.drop_idle(&model.inventory) {
                relabel.hint = why;
            }
            editor.entry = None;
            editor.refresh(&model.inventory);
            // On to what was just changed.
            let is_it = |line: &EditLine| matches!(line, EditLine::Label(label) if label.key == *key);
            editor.at = editor.lines.iter().position(is_it).unwrap_or(editor.at);
            if action == Action::Review {
                begin_review(model);
            }
        }
        _ => {}
    }
}
