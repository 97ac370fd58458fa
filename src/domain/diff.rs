//! What differs between two texts, line by line: for dialogs and the command line alike.

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LineKind {
    /// In both.
    Same,
    /// Only in the new text.
    Added,
    /// Only in the old text.
    Removed,
    /// Stands for lines that are in both and left out; its text says how many.
    Skipped,
}

impl LineKind {
    /// The character that stands before such a line.
    #[must_use]
    pub fn mark(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Added => '+',
            Self::Removed => '-',
            Self::Skipped => '@',
        }
    }
}

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffLine {
    /// What it is.
    pub kind: LineKind,
    /// The line itself.
    pub text: String,
}

/// All lines of both texts, in order; what was removed stands before what was added in its place.
#[must_use]
pub fn diff(old: &[String], new: &[String]) -> Vec<DiffLine> {
    let old: Vec<&str> = old.iter().map(String::as_str).collect();
    let new: Vec<&str> = new.iter().map(String::as_str).collect();
    let lines = TextDiff::from_slices(&old, &new);
    let line = |change: similar::Change<&str>| DiffLine {
        kind: match change.tag() {
            ChangeTag::Equal => LineKind::Same,
            ChangeTag::Insert => LineKind::Added,
            ChangeTag::Delete => LineKind::Removed,
        },
        text: change.value().to_owned(),
    };
    lines.iter_all_changes().map(line).collect()
}

/// Leaves out what is farther than `context` lines from any change. Nothing is left where nothing differs.
#[must_use]
pub fn near(lines: &[DiffLine], context: usize) -> Vec<DiffLine> {
    let mut keep = vec![false; lines.len()];
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| line.kind != LineKind::Same) {
        let end = (at + context + 1).min(lines.len());
        keep[at.saturating_sub(context)..end].fill(true);
    }
    if !keep.contains(&true) {
        return Vec::new();
    }
    let mut near = Vec::new();
    let mut skipped = 0_usize;
    let flush = |skipped: &mut usize, near: &mut Vec<DiffLine>| {
        if *skipped > 0 {
            let lines = if *skipped == 1 { "line" } else { "lines" };
            near.push(DiffLine { kind: LineKind::Skipped, text: format!("{skipped} equal {lines}") });
        }
        *skipped = 0;
    };
    for (line, keep) in lines.iter().zip(keep) {
        if keep {
            flush(&mut skipped, &mut near);
            near.push(line.clone());
        } else {
            skipped += 1;
        }
    }
    flush(&mut skipped, &mut near);
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    fn shown(lines: &[DiffLine]) -> Vec<String> {
        lines.iter().map(|line| format!("{}{}", line.kind.mark(), line.text)).collect()
    }

    #[test]
    fn lines_are_kept_added_and_removed() {
        for (old, new, expected) in [
            ("", "", vec![]),
            ("a\nb", "a\nb", vec![" a", " b"]),
            ("a", "", vec!["-a"]),
            ("", "a", vec!["+a"]),
            ("a\nb\nc", "a\nx\nc", vec![" a", "-b", "+x", " c"]),
        ] {
            assert_eq!(shown(&diff(&lines(old), &lines(new))), expected, "{old:?} {new:?}");
        }
    }

    #[test]
    fn what_is_far_from_any_change_is_left_out() {
        let old = lines("1\n2\n3\n4\n5\n6\n7\n8");
        let new = lines("1\n2\n3\nfour\n5\n6\n7\n8");
        let all = diff(&old, &new);
        assert_eq!(shown(&near(&all, 1)), ["@2 equal lines", " 3", "-4", "+four", " 5", "@3 equal lines"]);
        assert_eq!(shown(&near(&all, 2))[0], "@1 equal line");
        assert_eq!(shown(&near(&all, 9)), shown(&all));
        assert_eq!(near(&diff(&old, &old), 3), []);
    }
}
