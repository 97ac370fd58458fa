//! From the bytes of one line to text with styles. Nothing that could act on a terminal or hide text survives.
//!
//! Colours (SGR) become styles, but only those that stay readable on every background: no backgrounds, no black or
//! white, no concealed or blinking text. Every other sequence (CSI, OSC, DCS, APC, PM, SOS) goes with its payload; one
//! that never ends hides nothing, its rest is shown. A carriage return inside a line becomes a space: a terminal would
//! show only what follows the last one, and what overwrites can also hide.

use std::borrow::Cow;

use jiff::Timestamp;
use vte::{Params, Parser, Perform};

use super::level::{Level, level};
use crate::domain::text::is_hostile;

/// A line is cut after so many bytes; its end is marked.
pub const LONGEST_LINE: usize = 64 * 1024;

/// The colours that are readable on light and dark backgrounds alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hue {
    /// Red.
    Red,
    /// Green.
    Green,
    /// Yellow.
    Yellow,
    /// Blue.
    Blue,
    /// Magenta.
    Magenta,
    /// Cyan.
    Cyan,
}

impl Hue {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 6] = [Self::Red, Self::Green, Self::Yellow, Self::Blue, Self::Magenta, Self::Cyan];

    /// The hue of a name, which is the same on every run and every machine; never red, which is for errors.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        // FNV-1a.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let hues = &Self::ALL[1..];
        hues[usize::try_from(hash % hues.len() as u64).unwrap_or_default()]
    }

    /// The hue of one of the 16 colours; black, white and the greys have none.
    fn of_code(code: u16) -> Option<Self> {
        Self::ALL.get(usize::from(code % 8).checked_sub(1)?).copied()
    }
}

/// How a part of a line is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "the terminal's own independent attributes")]
pub struct Style {
    /// The colour; none for the usual one.
    pub hue: Option<Hue>,
    /// Bold.
    pub bold: bool,
    /// Italic.
    pub italic: bool,
    /// Underlined.
    pub underline: bool,
    /// Foreground and background exchanged.
    pub reverse: bool,
}

/// A part of a line in one style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Where it ends, in bytes of the line's text.
    pub end: u32,
    /// Its style.
    pub style: Style,
}

/// A line of a log, safe to draw. Its only control character is the tab.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// When it was printed, where the server said so.
    pub at: Option<Timestamp>,
    /// The text.
    pub text: Box<str>,
    /// Its styles; empty where there are none.
    pub runs: Box<[Run]>,
    /// How bad it is, where it says so.
    pub level: Option<Level>,
    /// How many bytes were cut off its end.
    pub cut: u64,
}

impl Line {
    /// Reads a line as the API sends it with `timestamps=true`: an RFC 3339 time, a space and what was printed.
    ///
    /// `cut` bytes were left out at its end already.
    #[must_use]
    pub fn read(raw: &[u8], cut: u64) -> Self {
        let (at, said) = split_time(raw);
        let kept = said.len().min(LONGEST_LINE);
        let (text, runs) = decode(&said[..kept]);
        let cut = cut + u64::try_from(said.len() - kept).unwrap_or(u64::MAX);
        Self { at, level: level(&text), text: text.into(), runs: runs.into(), cut }
    }

    /// The styled parts in order: they cover the whole text.
    pub fn parts(&self) -> impl Iterator<Item = (&str, Style)> {
        parts(&self.text, &self.runs)
    }
}

/// The styled parts of a text in order: they cover all of it.
pub(super) fn parts<'a>(text: &'a str, runs: &'a [Run]) -> impl Iterator<Item = (&'a str, Style)> {
    let mut from = 0;
    let styled = runs.iter().map(|run| (run.end as usize, run.style));
    styled.chain([(text.len(), Style::default())]).filter_map(move |(end, style)| {
        let part = text.get(from..end).filter(|part| !part.is_empty())?;
        from = end;
        Some((part, style))
    })
}

/// The text of a line without styles, for pipes: safe for a terminal, tabs kept.
#[must_use]
pub fn plain(raw: &[u8]) -> String {
    decode(raw).0
}

/// The time before the first space; without one the whole is text.
fn split_time(raw: &[u8]) -> (Option<Timestamp>, &[u8]) {
    // The longest form has nanoseconds and an offset.
    let head = &raw[..raw.len().min(40)];
    let end = head.iter().position(|byte| *byte == b' ').unwrap_or(head.len());
    let time = std::str::from_utf8(&head[..end]).ok().filter(|text| text.len() >= 20);
    match time.and_then(|text| text.parse().ok()) {
        Some(at) => (Some(at), raw.get(end + 1..).unwrap_or_default()),
        None => (None, raw),
    }
}

fn decode(raw: &[u8]) -> (String, Vec<Run>) {
    let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
    let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
    // Most lines are plain.
    if raw.iter().all(|byte| (0x20..0x7f).contains(byte) || *byte == b'\t')
        && let Ok(text) = std::str::from_utf8(raw)
    {
        return (text.to_owned(), Vec::new());
    }
    let text = String::from_utf8_lossy(raw);
    let text = seven_bit(&text);
    let mut decoder = Decoder::default();
    let mut parser = Parser::new();
    parser.advance(&mut decoder, text.as_bytes());
    // A letter is printed, ends a CSI, or vanishes in a string that never ended.
    decoder.probing = true;
    parser.advance(&mut decoder, b"m");
    if decoder.probing
        && let Some((_, rest)) = text.rsplit_once('\u{1b}')
    {
        decoder.text.extend(rest.chars().filter(|c| !is_hostile(*c)));
    }
    decoder.close_run();
    if decoder.runs.iter().all(|run| run.style == Style::default()) {
        decoder.runs.clear();
    }
    (decoder.text, decoder.runs)
}

/// C1 controls as the two-character escapes they stand for, which the parser knows with their payload.
fn seven_bit(text: &str) -> Cow<'_, str> {
    let is_c1 = |c: char| ('\u{80}'..='\u{9f}').contains(&c);
    if !text.chars().any(is_c1) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match u8::try_from(c).ok().filter(|_| is_c1(c)) {
            Some(code) => escaped.extend(['\u{1b}', char::from(code - 0x40)]),
            None => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Collects what the parser finds.
#[derive(Default)]
struct Decoder {
    text: String,
    runs: Vec<Run>,
    style: Style,
    /// Everything was read; what comes now only tells in which state the parser ended.
    probing: bool,
}

impl Decoder {
    /// Ends the part in the present style.
    fn close_run(&mut self) {
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        let begun = self.runs.last().map_or(0, |run| run.end);
        if end > begun {
            self.runs.push(Run { end, style: self.style });
        }
    }

    fn select(&mut self, params: &Params) {
        let mut codes = params.iter();
        while let Some(code) = codes.next() {
            let style = &mut self.style;
            match code.first().copied().unwrap_or(0) {
                0 => *style = Style::default(),
                1 => style.bold = true,
                3 => style.italic = true,
                // `4:0` is no underline.
                4 => style.underline = code.get(1) != Some(&0),
                7 => style.reverse = true,
                22 => style.bold = false,
                23 => style.italic = false,
                24 => style.underline = false,
                27 => style.reverse = false,
                dark @ 30..=37 => style.hue = Hue::of_code(dark - 30),
                bright @ 90..=97 => style.hue = Hue::of_code(bright - 90),
                39 => style.hue = None,
                extended @ (38 | 48 | 58) => {
                    // `38;5;n` and `38;2;r;g;b` take more parameters, `38:5:n` has them in itself.
                    let inside: Vec<u16> = if code.len() > 1 {
                        code[1..].to_vec()
                    } else {
                        let kind = codes.next().and_then(|code| code.first().copied()).unwrap_or(0);
                        let more = match kind {
                            5 => 1,
                            2 => 3,
                            _ => 0,
                        };
                        let rest = codes.by_ref().take(more).filter_map(|code| code.first().copied());
                        std::iter::once(kind).chain(rest).collect()
                    };
                    if extended == 38 {
                        self.style.hue = match inside.as_slice() {
                            [5, index @ 0..=15] => Hue::of_code(*index),
                            _ => None,
                        };
                    }
                }
                _ => {}
            }
        }
    }
}

impl Perform for Decoder {
    fn print(&mut self, c: char) {
        if std::mem::take(&mut self.probing) || is_hostile(c) {
            return;
        }
        self.text.push(c);
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\t' => self.text.push('\t'),
            b'\r' | b'\n' | 0x0b | 0x0c => self.text.push(' '),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: char) {
        if std::mem::take(&mut self.probing) || ignore || action != 'm' || !intermediates.is_empty() {
            return;
        }
        self.close_run();
        self.select(params);
    }

    fn esc_dispatch(&mut self, _: &[u8], _: bool, _: u8) {
        self.probing = false;
    }

    fn hook(&mut self, _: &Params, _: &[u8], _: bool, _: char) {
        // A device control string that begins with the probe never had a payload.
        self.probing = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str) -> String {
        decode(raw.as_bytes()).0
    }

    #[test]
    fn nothing_that_acts_on_a_terminal_survives() {
        for (raw, clean) in [
            ("plain\ttext", "plain\ttext"),
            ("größe 日本語", "größe 日本語"),
            ("a\u{1b}[2J\u{1b}[1;1Hb", "ab"),
            ("a\u{1b}[31mb\u{1b}[0mc", "abc"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]52;c;ZXZpbA==\u{1b}\\b", "ab"),
            ("a\u{1b}]8;;http://evil\u{1b}\\link\u{1b}]8;;\u{1b}\\b", "alinkb"),
            ("a\u{1b}Pq#0;2\u{1b}\\b", "ab"),
            ("a\u{1b}_payload\u{1b}\\b", "ab"),
            ("a\u{1b}^payload\u{1b}\\b", "ab"),
            ("a\u{1b}Xpayload\u{1b}\\b", "ab"),
            ("a\u{9b}2Jb", "ab"),
            ("a\u{9d}0;title\u{9c}b", "ab"),
            ("a\u{90}q#0\u{9c}b", "ab"),
            ("a\u{85}b\u{84}c", "abc"),
            ("a\u{1b}(Bb\u{1b}cc", "abc"),
            ("10%\r20%\r", "10% 20%"),
            ("real error\rfake ok", "real error fake ok"),
            ("a\u{8}\u{7f}\u{0}b", "ab"),
            ("user\u{202e}txt.exe\u{2066}", "usertxt.exe"),
            ("a\u{200b}b\u{feff}\u{e0041}", "ab"),
            ("a\u{2028}b", "ab"),
            ("a\u{1b}[8mhidden\u{1b}[0mb", "ahiddenb"),
            ("tail\u{1b}", "tail"),
            ("tail\u{1b}[31", "tail"),
        ] {
            assert_eq!(text(raw), clean, "{raw:?}");
            assert!(!text(raw).chars().any(|c| c != '\t' && is_hostile(c)), "{raw:?}");
        }
    }

    #[test]
    fn a_sequence_that_never_ends_hides_nothing() {
        for raw in ["a\u{1b}]0;the rest", "a\u{1b}Pqthe rest", "a\u{1b}_the rest", "a\u{9d}0;the rest"] {
            assert!(text(raw).ends_with("the rest"), "{raw:?} became {:?}", text(raw));
        }
    }

    #[test]
    fn invalid_utf8_is_replaced_and_not_trusted() {
        assert_eq!(decode(b"a\xff\xfeb").0, "a\u{fffd}\u{fffd}b");
        assert_eq!(decode(b"a\x9b2Jb").0, "a\u{fffd}2Jb");
        assert_eq!(decode(b"cut\xe6\x97").0, "cut\u{fffd}");
    }

    #[test]
    fn colours_are_styles_that_can_be_read_everywhere() {
        let line =
            Line::read(b"\x1b[1;31mbad\x1b[0m ok \x1b[38;5;2mgreen\x1b[30;40mblack\x1b[38;2;1;1;1mdark", 0);
        let parts: Vec<_> = line.parts().map(|(text, style)| (text, style.hue, style.bold)).collect();
        assert_eq!(
            parts,
            [
                ("bad", Some(Hue::Red), true),
                (" ok ", None, false),
                ("green", Some(Hue::Green), false),
                ("black", None, false),
                ("dark", None, false)
            ]
        );
        assert!(Line::read(b"\x1b[0mplain\x1b[0m", 0).runs.is_empty());
        assert!(Line::read(b"\x1b[40mplain", 0).runs.is_empty());
    }

    #[test]
    fn times_are_split_off() {
        let line = Line::read(b"2026-01-02T03:04:05.123456789Z hello", 0);
        assert_eq!((line.at, &*line.text), ("2026-01-02T03:04:05.123456789Z".parse().ok(), "hello"));
        let line = Line::read(b"2026-01-02T03:04:05.1+02:00 x", 0);
        assert_eq!(line.at, "2026-01-02T01:04:05.1Z".parse().ok());
        assert_eq!(&*Line::read(b"2026-01-02T03:04:05Z ", 0).text, "");
        for raw in ["", "hello", "2026 was a year", "9999999999999999999999 x"] {
            let line = Line::read(raw.as_bytes(), 0);
            assert_eq!((line.at, &*line.text), (None, raw));
        }
    }

    #[test]
    fn a_very_long_line_is_cut_and_counted() {
        let raw = "x".repeat(LONGEST_LINE + 7);
        let line = Line::read(raw.as_bytes(), 3);
        assert_eq!((line.text.len(), line.cut), (LONGEST_LINE, 10));
    }
}
