//! Numbers and ages in words.

use std::time::Duration;

use jiff::SignedDuration;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `1,234` for 1234.
#[must_use]
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How soon a text with an age in it can read differently; none without an age.
#[must_use]
pub fn cadence(text: &str) -> Option<SignedDuration> {
    let ages = text.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(unit).min()?;
    SignedDuration::try_from(ages).ok()
}

/// The time after which an age like `5m20s` changes: by its last unit.
fn unit(word: &str) -> Option<Duration> {
    let mut letters = word.chars().rev();
    let last = letters.next()?;
    let is_age = letters.next()?.is_ascii_digit()
        && word.starts_with(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_digit() || matches!(c, 's' | 'm' | 'h' | 'd' | 'y'));
    match last {
        's' if is_age => Some(Duration::from_secs(1)),
        // `2m` becomes `2m1s` a second later.
        'm' if is_age && word.len() <= 2 => Some(Duration::from_secs(1)),
        'm' if is_age => Some(Duration::from_secs(10)),
        'h' | 'd' | 'y' if is_age => Some(Duration::from_secs(60)),
        _ => None,
    }
}

/// `text` in lines of at most `width` columns, broken between words where possible.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let words = text.trim_start_matches(' ');
    let indent = (text.len() - words.len()).min(width - 1);
    let (mut lines, mut line) = (Vec::new(), " ".repeat(indent));
    for (at, word) in words.split(' ').enumerate() {
        if !line.is_empty() && at > 0 && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() && at > 0 {
            line.push(' ');
        }
        for character in word.chars() {
            if line.width() + character.width().unwrap_or_default() > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_thousands() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn text_is_wrapped_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("日本語日本", 4), ["日本", "語日", "本"]);
        assert_eq!(wrap("a  b", 9), ["a  b"]);
        assert_eq!(wrap("   12  pods here", 11), ["   12  pods", "here"]);
    }

    #[test]
    fn an_age_says_when_it_changes() {
        let seconds = |text| cadence(text).map(|cadence| cadence.as_secs());
        assert_eq!(seconds("node-00112 NotReady 22m uses maxUnavailable 1"), Some(10));
        assert_eq!(seconds("Pending 5m20s, since 3h"), Some(1));
        assert_eq!(seconds("Pending 2m"), Some(1));
        assert_eq!(seconds("age 3d"), Some(60));
        assert_eq!(seconds("ready, 3.1.4 (r2), node-12s-a m5.large"), Some(1));
        assert_eq!(seconds("ready on pool m5.large"), None);
    }
}
