//! Regular expressions as people type them.

use regex::{Regex, RegexBuilder};

use super::text::sanitize;

/// Reads a regular expression, which matches capital and small letters alike if `any_case`.
///
/// # Errors
/// What was typed, and why it is no regular expression, in one line.
pub fn pattern(typed: &str, any_case: bool) -> Result<Regex, String> {
    RegexBuilder::new(typed).case_insensitive(any_case).build().map_err(|error| {
        // The lines before the last one draw a picture of the place.
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("\"{}\" is no regular expression: {why}", sanitize(typed))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_regular_expression_is_told_in_one_line() {
        for (typed, why) in [
            ("(b", "\"(b\" is no regular expression: unclosed group"),
            ("a[", "\"a[\" is no regular expression: unclosed character class"),
            ("*", "\"*\" is no regular expression: repetition operator missing expression"),
        ] {
            assert_eq!(pattern(typed, true).expect_err("it is none"), why);
        }
        assert!(pattern("(a{1000}){1000}", true).expect_err("too large").lines().count() == 1);
        assert!(pattern("pod", true).expect("it is one").is_match("POD"));
        assert!(!pattern("pod", false).expect("it is one").is_match("POD"));
    }
}
