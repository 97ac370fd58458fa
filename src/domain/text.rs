//! Text that is safe to draw: everything a server sends is hostile until it has passed here.
//!
//! Escape sequences, control, bidirectional and zero-width characters could move the cursor, set
//! a title, write the clipboard or hide text (CVE-2021-25743). They are removed once, at the
//! decode boundary, so that no screen has to think of them again.

use std::borrow::{Borrow, Cow};
use std::collections::HashSet;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

/// A sanitised, cheaply cloned, single-line string.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<str>);

impl Text {
    /// Sanitises `raw`.
    #[must_use]
    pub fn new(raw: &str) -> Self {
        match sanitize(raw).as_ref() {
            "" => Self::default(),
            clean => Self(Arc::from(clean)),
        }
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Most texts of most objects are empty; they share one allocation.
static EMPTY: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from(""));

impl Default for Text {
    fn default() -> Self {
        Self(Arc::clone(&EMPTY))
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

impl From<String> for Text {
    fn from(raw: String) -> Self {
        Self::new(&raw)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl Visitor<'_> for TextVisitor {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E>(self, raw: &str) -> Result<Text, E> {
                Ok(Text::new(raw))
            }
            fn visit_unit<E>(self) -> Result<Text, E> {
                Ok(Text::default())
            }
        }
        deserializer.deserialize_any(TextVisitor)
    }
}

/// Shares the storage of equal texts, so that thousands of pods hold one copy of a node name.
#[derive(Debug, Default)]
pub struct Interner(HashSet<Text>);

impl Interner {
    /// Makes `text` share the storage of an equal text seen before.
    pub fn share(&mut self, text: &mut Text) {
        if text.is_empty() {
            return;
        }
        if let Some(known) = self.0.get(text.as_str()) {
            *text = known.clone();
        } else {
            self.0.insert(text.clone());
        }
    }

    /// Forgets the texts that nobody else holds any more.
    pub fn sweep(&mut self) {
        self.0.retain(|text| Arc::strong_count(&text.0) > 1);
    }

    /// The number of distinct texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Removes what could act on a terminal or hide text; line breaks and tabs become one space.
///
/// Terminal sequences (CSI, OSC, DCS, APC, PM, SOS) are removed with their payload.
#[must_use]
pub fn sanitize(raw: &str) -> Cow<'_, str> {
    if raw.bytes().all(|b| (0x20..0x7f).contains(&b)) || !raw.chars().any(is_hostile) {
        return Cow::Borrowed(raw);
    }
    let mut clean = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut chars),
            '\u{9b}' => skip_csi(&mut chars),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut chars),
            '\n' | '\t' => clean.push(' '),
            c if is_hostile(c) => {}
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}

/// Control, bidirectional, zero-width and line-breaking characters.
pub(super) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn skip_sequence(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_csi(chars);
        }
        Some(']' | 'P' | '_' | '^' | 'X') => {
            chars.next();
            skip_string(chars);
        }
        // Two- and three-character escapes: intermediates 0x20-0x2f, then one final byte.
        Some(_) => {
            while chars.next_if(|c| ('\u{20}'..='\u{2f}').contains(c)).is_some() {}
            chars.next_if(|c| ('\u{30}'..='\u{7e}').contains(c));
        }
        None => {}
    }
}

fn skip_csi(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while chars.next_if(|c| ('\u{20}'..='\u{3f}').contains(c)).is_some() {}
    chars.next_if(|c| ('\u{40}'..='\u{7e}').contains(c));
}

/// Skips to the string terminator (BEL, ESC \ or U+009C). A line break ends it too, so that an
/// unterminated sequence cannot swallow everything after it.
fn skip_string(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(c) = chars.next_if(|c| *c != '\n') {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                chars.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_untouched() {
        for text in ["", "node-00001", "größe 5 µs", "日本語", "a\u{301}"] {
            assert!(matches!(sanitize(text), Cow::Borrowed(t) if t == text));
        }
    }

    #[test]
    fn escape_sequences_go_with_their_payload() {
        for (raw, clean) in [
            ("a\u{1b}[31mb\u{1b}[0mc", "abc"),
            ("a\u{1b}[2J\u{1b}[1;1Hb", "ab"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]52;c;ZXZpbA==\u{1b}\\b", "ab"),
            ("a\u{1b}]8;;http://evil\u{1b}\\link\u{1b}]8;;\u{1b}\\b", "alinkb"),
            ("a\u{1b}Pq#0\u{1b}\\b", "ab"),
            ("a\u{9b}31mb", "ab"),
            ("a\u{9d}0;title\u{9c}b", "ab"),
            ("a\u{1b}(Bb", "ab"),
            ("a\rb\u{8}c\u{7f}d", "abcd"),
            ("a\nb\tc", "a b c"),
            ("user\u{202e}txt.exe", "usertxt.exe"),
            ("a\u{200b}\u{2066}b\u{feff}", "ab"),
            ("a\u{1b}]0;never ends\nrest", "a rest"),
            ("tail\u{1b}", "tail"),
        ] {
            assert_eq!(sanitize(raw), clean, "{raw:?}");
        }
    }

    #[test]
    fn an_interner_shares_and_forgets() {
        let mut interner = Interner::default();
        let (mut a, mut b) = (Text::new("node"), Text::new("node"));
        interner.share(&mut a);
        interner.share(&mut b);
        assert!(Arc::ptr_eq(&a.0, &b.0));
        drop((a, b));
        interner.sweep();
        assert!(interner.is_empty());
    }
}
