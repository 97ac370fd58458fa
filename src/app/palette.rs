//! The menu of actions: those for what is selected, or every action and screen, found by a few letters.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::action::Action;
use super::availability::{is_replaced, subject_row, unavailable};
use super::keymap::{Binding, Context, Danger, bindings};
use super::model::Model;
use super::replace::Replacing;

/// A match in the name counts so much more than one in the description.
const NAME_WEIGHT: u32 = 4;

/// The open menu.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// Whether everything is offered, not only what is about the selection.
    pub is_whole: bool,
    /// The letters typed so far.
    pub typed: String,
    /// The marked entry.
    pub at: usize,
    /// Why the marked entry was not taken.
    pub hint: String,
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The line of the key table.
    pub binding: &'static Binding,
    /// Why it cannot be taken now.
    pub why: Option<String>,
    /// What it is about now, where that is more than its description.
    pub about: Option<String>,
}

/// What taking this action would be about now.
fn about(model: &Model, action: Action) -> Option<String> {
    let change = model.last_change.as_ref().filter(|_| action == Action::TakeBack)?;
    Some(format!("take back {}, after showing what that would do", change.about()))
}

/// The entries of the open menu, the best match first.
#[must_use]
pub fn entries(model: &Model) -> Vec<Entry> {
    let Some(palette) = &model.palette else { return Vec::new() };
    let here = model.context_of_screen();
    let is_active = model.replacement.as_ref().is_some_and(Replacing::is_active);
    // What goes on here, and what is of this very screen.
    let is_own = |binding: &Binding| {
        is_of_logs(binding) || (is_active && matches!(binding.action, Action::Hold | Action::OpenReplacement))
    };
    let offered = bindings().filter(|binding| is_offered(here, binding) && !binding.action.is_motion());
    let mut offered: Vec<&'static Binding> = offered
        .filter(|binding| palette.is_whole || is_own(binding) || is_about_selection(binding))
        .collect();
    // What changes something is what the menu is opened for; what is its own comes before it, and what would end a
    // replacement after it.
    let is_replaced = subject_row(model).is_some_and(|row| is_replaced(model, row));
    let ends = |action| {
        matches!(action, Action::ResumeRollout | Action::RestartRollout | Action::UndoRollout) && is_replaced
    };
    offered
        .sort_by_key(|binding| (!is_own(binding), binding.danger != Danger::Mutating, ends(binding.action)));
    let entry = |binding: &'static Binding| {
        let (why, about) = (unavailable(model, binding.action), about(model, binding.action));
        Entry { binding, why, about }
    };
    let mut entries: Vec<Entry> = offered.into_iter().map(entry).collect();
    if palette.typed.is_empty() {
        // What can be taken comes first.
        entries.sort_by_key(|entry| {
            let binding = entry.binding;
            (!is_own(binding), binding.danger != Danger::Mutating, entry.why.is_some())
        });
        return entries;
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::new(&palette.typed, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
    let mut score = |text: &str| {
        let mut buffer = Vec::new();
        pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher)
    };
    let mut found: Vec<(u32, Entry)> = entries
        .into_iter()
        .filter_map(|entry| {
            let name = score(entry.binding.hint).map(|score| score.saturating_mul(NAME_WEIGHT));
            Some((name.max(score(entry.binding.description))?, entry))
        })
        .collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, entry)| entry).collect()
}

/// Whether an entry acts where the menu was opened.
fn is_offered(here: Context, binding: &Binding) -> bool {
    let leads_away = matches!(
        binding.action,
        Action::Back
            | Action::Leave
            | Action::OpenMenu
            | Action::OpenPalette
            | Action::Quit
            | Action::Suspend
    );
    let is_quit = here == Context::Grid && binding.action == Action::Leave;
    let acts = match binding.context {
        Context::Everywhere | Context::Lines => false,
        // A page has its own way to the problems; receiving anew has its place wherever one is.
        Context::Grid if binding.action == Action::OpenProblems => here != Context::Page,
        Context::Grid => here == Context::Grid || binding.action == Action::Refresh,
        context => here.chain().contains(&context),
    };
    acts && (is_quit || !leads_away)
}

fn is_of_logs(binding: &Binding) -> bool {
    matches!(binding.context, Context::Logs | Context::Endings)
}

fn is_about_selection(binding: &Binding) -> bool {
    let looks = matches!(
        binding.action,
        Action::Open | Action::GoToBlocker | Action::Copy | Action::ToggleMap | Action::SwitchFocus
    );
    binding.danger == Danger::Mutating || looks
}
