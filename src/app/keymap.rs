//! The one table of keys. Dispatch, help, hints and the README's list are all made from it.

mod changes;
mod editor;
mod key;
mod logs;
mod motion;
mod replace;
mod screens;
mod table;

pub use key::Key;

use crossterm::event::KeyEvent;

use super::action::Action;

/// Where a key means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// On every screen, before anything else.
    Everywhere,
    /// The grid.
    Grid,
    /// Wherever there are lines to move in: screens, lists, questions.
    Lines,
    /// Every full screen, before its own keys.
    Screen,
    /// A screen of facts.
    Page,
    /// A screen of text as it is.
    Text,
    /// Logs.
    Logs,
    /// How a replacement goes.
    Replacement,
    /// How containers ended, compared.
    Endings,
    /// What is selected in the grid, or what a full screen names.
    Subject,
    /// A list to choose from.
    Picker,
    /// Every line that is typed.
    Typing,
    /// What lies below a line that is typed.
    Below,
    /// The line of the filter or a search; keys that are not bound are typed.
    Filter,
    /// The menu of actions; keys that are not bound are typed.
    Palette,
    /// A question before something is changed.
    Dialog,
    /// A name or a value to type before something is changed; keys that are not bound are typed.
    Word,
    /// The editor of nodes.
    Editor,
    /// A line of the editor of nodes; keys that are not bound are typed.
    Entry,
}

impl Context {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Everywhere,
        Self::Grid,
        Self::Lines,
        Self::Screen,
        Self::Page,
        Self::Text,
        Self::Logs,
        Self::Replacement,
        Self::Endings,
        Self::Subject,
        Self::Picker,
        Self::Typing,
        Self::Below,
        Self::Filter,
        Self::Palette,
        Self::Dialog,
        Self::Word,
        Self::Editor,
        Self::Entry,
    ];

    /// The heading in the help.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Grid => "Grid",
            Self::Lines => "Every screen over the grid, list and question: to move",
            Self::Screen => "Every screen over the grid",
            Self::Page => "Pages: problems, cause, cell, DaemonSet, node, nodes behind a number",
            Self::Text => "Text: YAML",
            Self::Logs => "Logs",
            Self::Replacement => "Replacement",
            Self::Endings => "Logs: how containers ended",
            Self::Subject => "What is selected, in the grid and on every screen",
            Self::Picker => "Lists to choose from",
            Self::Typing => "Every line that is typed",
            Self::Below => "What lies below a line that is typed: to move",
            Self::Filter => "Filter and search line",
            Self::Palette => "Menu of actions",
            Self::Dialog => "Question before a change",
            Self::Word => "Name or value to type before a change",
            Self::Editor => "Labels and taints of nodes",
            Self::Entry => "A label or taint being typed",
        }
    }
}

impl Context {
    /// The contexts in which a key is looked for, in this order.
    pub(super) fn chain(self) -> &'static [Self] {
        match self {
            Self::Everywhere => &[Self::Everywhere],
            Self::Grid => &[Self::Everywhere, Self::Grid, Self::Subject],
            Self::Subject => &[Self::Everywhere, Self::Subject],
            Self::Lines => &[Self::Everywhere, Self::Lines],
            Self::Screen => &[Self::Everywhere, Self::Lines, Self::Screen, Self::Subject],
            Self::Page => &[Self::Everywhere, Self::Lines, Self::Screen, Self::Page, Self::Subject],
            Self::Text => &[Self::Everywhere, Self::Lines, Self::Screen, Self::Text, Self::Subject],
            Self::Logs => &[Self::Everywhere, Self::Lines, Self::Screen, Self::Logs, Self::Subject],
            Self::Endings => &[Self::Everywhere, Self::Lines, Self::Screen, Self::Endings, Self::Subject],
            Self::Replacement => &[Self::Everywhere, Self::Lines, Self::Screen, Self::Replacement],
            Self::Picker => &[Self::Everywhere, Self::Lines, Self::Picker],
            Self::Typing => &[Self::Everywhere, Self::Typing],
            Self::Below => &[Self::Everywhere, Self::Below],
            Self::Filter => &[Self::Everywhere, Self::Typing, Self::Filter],
            Self::Palette => &[Self::Everywhere, Self::Typing, Self::Below, Self::Palette],
            Self::Dialog => &[Self::Everywhere, Self::Lines, Self::Dialog],
            Self::Word => &[Self::Everywhere, Self::Typing, Self::Below, Self::Word],
            Self::Editor => &[Self::Everywhere, Self::Lines, Self::Editor],
            Self::Entry => &[Self::Everywhere, Self::Typing, Self::Entry],
        }
    }
}

/// Every line of the table, in the order of the help.
pub fn bindings() -> impl Iterator<Item = &'static Binding> {
    table::GRID
        .iter()
        .chain(motion::MOTION)
        .chain(changes::CHANGES)
        .chain(screens::SCREENS)
        .chain(editor::EDITOR)
        .chain(logs::LOGS)
        .chain(replace::REPLACE)
}

/// Whether an action changes the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Danger {
    /// It only looks.
    #[default]
    None,
    /// It changes the cluster: refused with `--read-only`.
    Mutating,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// What it does.
    pub action: Action,
    /// Where.
    pub context: Context,
    /// By which keys; none for what is only in the menu, so that no key undoes what the same key did.
    pub keys: &'static [Key],
    /// One or two words, for the hint line.
    pub hint: &'static str,
    /// A sentence, for the help.
    pub description: &'static str,
    /// Whether it changes the cluster.
    pub danger: Danger,
}

impl Binding {
    /// The keys as they are written; for what has none, how it is called from the menu.
    #[must_use]
    pub fn key_names(&self) -> Vec<String> {
        if self.keys.is_empty() {
            return vec![format!(":{}", self.hint)];
        }
        self.keys.iter().map(ToString::to_string).collect()
    }
}

/// The action of a key in a context; the keys for everywhere come first, then those of every screen.
#[must_use]
pub fn action_for(context: Context, event: &KeyEvent) -> Option<Action> {
    context.chain().iter().find_map(|context| {
        let mut of_it = bindings().filter(|binding| binding.context == *context);
        of_it.find(|binding| binding.keys.iter().any(|key| key.is(event))).map(|binding| binding.action)
    })
}

/// The line of the table for an action in a context; the context's own comes first.
#[must_use]
pub fn binding_of(context: Context, action: Action) -> Option<&'static Binding> {
    context.chain().iter().rev().find_map(|context| {
        bindings().find(|binding| binding.context == *context && binding.action == action)
    })
}

/// The README's list of keys.
#[must_use]
pub fn key_table_markdown() -> String {
    let part = |context: Context| {
        let of_it = bindings().filter(move |binding| binding.context == context);
        let lines = of_it.map(|binding| {
            let keys: Vec<String> = binding.key_names().iter().map(|key| format!("`{key}`")).collect();
            format!("| {} | {} |\n", keys.join(" "), binding.description)
        });
        format!("| {} | |\n|---|---|\n{}", context.title(), lines.collect::<String>())
    };
    Context::ALL.map(part).join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_context() {
        for context in Context::ALL {
            let mut seen = HashSet::new();
            for binding in bindings().filter(|binding| context.chain().contains(&binding.context)) {
                for key in binding.keys {
                    assert!(seen.insert((key.to_string(), key)), "{key} twice in {context:?}");
                }
            }
        }
    }

    #[test]
    fn every_action_has_a_key_and_every_line_is_told() {
        for action in Action::ALL {
            assert!(bindings().any(|binding| binding.action == action), "{action:?} has no key");
        }
        for binding in bindings() {
            let menu_only = binding.context == Context::Subject;
            assert!(menu_only || !binding.keys.is_empty(), "{:?} has no key", binding.action);
            assert!(!binding.hint.is_empty() && !binding.description.is_empty(), "{:?}", binding.action);
        }
    }

    #[test]
    fn the_readme_table_has_every_key() {
        let table = key_table_markdown();
        for key in bindings().flat_map(|binding| binding.keys) {
            assert!(table.contains(&format!("`{key}`")), "{key}");
        }
    }
}
