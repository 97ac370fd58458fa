//! How bad a line says it is: klog, logfmt, JSON, or a word people write.

/// The severity of a line, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Trace.
    Trace,
    /// Debug.
    Debug,
    /// Info, notice.
    Info,
    /// Warning.
    Warn,
    /// Error.
    Error,
    /// Fatal, panic, critical and above.
    Fatal,
}

impl Level {
    /// As most programs write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}

/// Only the beginning of a line says its level.
const HEAD: usize = 256;
/// Plain words count only so early: later they are what the line is about.
const PLAIN_HEAD: usize = 64;
/// The names that JSON and logfmt give the level.
const KEYS: [&str; 4] = ["level", "lvl", "severity", "loglevel"];

/// The level that a line names, if it does.
#[must_use]
pub fn level(text: &str) -> Option<Level> {
    let text = text.trim_start();
    let head = head(text, HEAD);
    klog(head)
        .or_else(|| if text.starts_with('{') { keyed(head, '"', ':') } else { keyed(head, ' ', '=') })
        .or_else(|| plain(self::head(text, PLAIN_HEAD)))
}

fn head(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// `E0102 03:04:05.678901       1 file.go:12] message` (klog's header).
fn klog(text: &str) -> Option<Level> {
    let bytes = text.as_bytes();
    let digits = bytes.get(1..5)?.iter().all(u8::is_ascii_digit);
    if !digits || bytes.get(5) != Some(&b' ') || bytes.get(8) != Some(&b':') {
        return None;
    }
    match bytes[0] {
        b'I' => Some(Level::Info),
        b'W' => Some(Level::Warn),
        b'E' => Some(Level::Error),
        b'F' => Some(Level::Fatal),
        _ => None,
    }
}

/// `level=warn`, `"level":"warn"`, `"level": 40`.
fn keyed(text: &str, before: char, between: char) -> Option<Level> {
    KEYS.iter().find_map(|key| {
        text.match_indices(key).find_map(|(at, _)| {
            let starts = text[..at].chars().next_back().is_none_or(|c| c == before || c == '.');
            let rest = &text[at + key.len()..];
            let rest = if before == '"' { rest.strip_prefix('"')?.trim_start() } else { rest };
            let value = rest.strip_prefix(between)?.trim_start().trim_start_matches('"');
            let end = value.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(value.len());
            starts.then(|| word(&value[..end]).or_else(|| number(&value[..end]))).flatten()
        })
    })
}

/// A word in capitals, in brackets, or before a colon: ` ERROR `, `[warn]`, `error: …`, `panic: …`.
fn plain(text: &str) -> Option<Level> {
    let mut from = 0;
    while let Some(start) = text[from..].find(|c: char| c.is_ascii_alphabetic()) {
        let start = from + start;
        let rest = &text[start..];
        let end = start + rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let found = &text[start..end];
        let capitals = found.bytes().all(|byte| byte.is_ascii_uppercase());
        let marked = text[..start].ends_with(['[', '<', '|']) || text[end..].starts_with([':', ']', '>']);
        if (capitals || marked)
            && let Some(level) = word(found)
        {
            return Some(level);
        }
        from = end;
    }
    None
}

fn word(word: &str) -> Option<Level> {
    let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(word));
    if is(&["error", "err", "eror", "severe"]) {
        Some(Level::Error)
    } else if is(&["warn", "warning", "wrn"]) {
        Some(Level::Warn)
    } else if is(&["info", "inf", "notice", "information"]) {
        Some(Level::Info)
    } else if is(&["debug", "dbg", "dbug"]) {
        Some(Level::Debug)
    } else if is(&["trace", "trc", "verbose"]) {
        Some(Level::Trace)
    } else if is(&["fatal", "panic", "critical", "crit", "alert", "emerg", "emergency", "dpanic", "ftl"]) {
        Some(Level::Fatal)
    } else {
        None
    }
}

/// The numbers of bunyan and pino.
fn number(text: &str) -> Option<Level> {
    Some(match text.parse().ok()? {
        10..20 => Level::Trace,
        20..30 => Level::Debug,
        30..40 => Level::Info,
        40..50 => Level::Warn,
        50..60 => Level::Error,
        60..=u32::MAX => Level::Fatal,
        0..10 => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_found_where_people_write_them() {
        for (text, expected) in [
            ("I0102 03:04:05.678901       1 server.go:12] started", Some(Level::Info)),
            ("E0102 03:04:05.678901       1 server.go:12] failed", Some(Level::Error)),
            ("F0102 03:04:05.678901       1 server.go:12] died", Some(Level::Fatal)),
            ("level=warn msg=\"slow\"", Some(Level::Warn)),
            ("ts=1 level=\"error\" msg=x", Some(Level::Error)),
            ("time=x lvl=eror msg=y", Some(Level::Error)),
            ("{\"level\":\"debug\",\"msg\":\"x\"}", Some(Level::Debug)),
            ("{\"time\":1,\"level\": 40,\"msg\":\"x\"}", Some(Level::Warn)),
            ("{\"log.level\":\"info\"}", Some(Level::Info)),
            ("{\"severity\":\"CRITICAL\"}", Some(Level::Fatal)),
            ("2026-01-02 03:04:05 ERROR something", Some(Level::Error)),
            ("[2026-01-02] [warn] something", Some(Level::Warn)),
            ("panic: runtime error", Some(Level::Fatal)),
            ("Error: no such file", Some(Level::Error)),
            ("2026/01/02 03:04:05 [error] 12#12: *1 open() failed", Some(Level::Error)),
            ("it was an error of judgement", None),
            ("nolevel=warn", None),
            ("INFORMATIVE text", None),
            ("", None),
            ("日本語", None),
        ] {
            assert_eq!(level(text), expected, "{text:?}");
        }
        let late = format!("{} ERROR x", "word ".repeat(30));
        assert_eq!(level(&late), None, "late words are what the line is about");
    }
}
