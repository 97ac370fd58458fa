//! What the erasing keys do to a line that is typed.

use super::action::Action;

/// Erases the last character, the last word or everything; whether the action was one of these.
pub(super) fn erase(line: &mut String, action: Action) -> bool {
    let kept = match action {
        Action::EraseCharacter => line.char_indices().next_back().map_or(0, |(at, _)| at),
        Action::EraseWord => line.trim_end().rfind(' ').map_or(0, |space| space + 1),
        Action::EraseLine => 0,
        _ => return false,
    };
    line.truncate(kept);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_a_word_or_everything_goes() {
        let left = |line: &str, action| {
            let mut line = line.to_owned();
            assert!(erase(&mut line, action));
            line
        };
        assert_eq!(left("ä é", Action::EraseCharacter), "ä ");
        assert_eq!(left("", Action::EraseCharacter), "");
        assert_eq!(left("one two  ", Action::EraseWord), "one ");
        assert_eq!(left("one", Action::EraseWord), "");
        assert_eq!(left("one two", Action::EraseLine), "");
        assert!(!erase(&mut "one".to_owned(), Action::MoveUp));
    }
}
