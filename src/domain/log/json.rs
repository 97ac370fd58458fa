//! JSON lines for people: folded into one line that begins with the message, or spread over many.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::level::level;
use crate::domain::text::sanitize;

/// Names of the message, the best first.
const MESSAGE: [&str; 4] = ["msg", "message", "error", "log"];
/// Names of the level and of the time, which the view shows by itself.
const LEVEL: [&str; 4] = ["level", "lvl", "severity", "log.level"];
const TIME: [&str; 4] = ["time", "ts", "timestamp", "@timestamp"];
/// Spaces a level of nesting.
const INDENT: usize = 2;

/// A JSON object as its message and then `key=value` for the rest, but for its level and its time; none where the text is no JSON object.
#[must_use]
pub fn fold(text: &str) -> Option<String> {
    let fields = fields(text)?;
    // A level that nobody knows is not shown by anybody else.
    let has_level = level(text).is_some();
    let message = MESSAGE.iter().find_map(|name| fields.iter().position(|(key, _)| key == name));
    let mut folded = String::with_capacity(text.len());
    if let Some(at) = message {
        folded.push_str(&value(fields[at].1));
    }
    for (at, (key, raw)) in fields.iter().enumerate() {
        let key = key.as_ref();
        let is_apart = (has_level && LEVEL.contains(&key)) || TIME.contains(&key) || key == "msg";
        if Some(at) == message || is_apart {
            continue;
        }
        if !folded.is_empty() {
            folded.push_str("  ");
        }
        folded.push_str(&sanitize(key));
        folded.push('=');
        folded.push_str(&value(raw));
    }
    Some(folded)
}

/// A JSON object over many lines, in its own order and with its own spelling; none where the text is no JSON object.
#[must_use]
pub fn pretty(text: &str) -> Option<Vec<String>> {
    fields(text)?;
    let (mut lines, mut line) = (Vec::new(), String::new());
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let mut chars = text.trim().chars().filter(|c| *c != '\t').peekable();
    let mut begin = |line: &mut String, depth: usize| {
        lines.push(std::mem::replace(line, " ".repeat(depth.min(40) * INDENT)));
    };
    while let Some(c) = chars.next() {
        if quoted {
            line.push(c);
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                quoted = true;
                line.push(c);
            }
            '{' | '[' => {
                line.push(c);
                while chars.next_if(|c| c.is_whitespace()).is_some() {}
                if let Some(end) = chars.next_if(|c| matches!(c, '}' | ']')) {
                    line.push(end);
                } else {
                    depth += 1;
                    begin(&mut line, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                begin(&mut line, depth);
                line.push(c);
            }
            ',' => {
                line.push(c);
                begin(&mut line, depth);
            }
            ':' => line.push_str(": "),
            c if c.is_whitespace() => {}
            c => line.push(c),
        }
    }
    lines.push(line);
    Some(lines)
}

/// A value as people read it: strings without quotes, everything else as it is written.
fn value(raw: &RawValue) -> String {
    match serde_json::from_str::<Cow<str>>(raw.get()) {
        // Escapes like `\u001b` become what they stand for only here.
        Ok(text) => sanitize(&text).into_owned(),
        Err(_) => raw.get().to_owned(),
    }
}

type Fields<'a> = Vec<(Cow<'a, str>, &'a RawValue)>;

/// The fields of an object in their order.
fn fields(text: &str) -> Option<Fields<'_>> {
    struct FieldsVisitor;
    impl<'de> Visitor<'de> for FieldsVisitor {
        type Value = Fields<'de>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
            let mut fields = Vec::new();
            while let Some(key) = map.next_key::<String>()? {
                fields.push((Cow::Owned(key), map.next_value::<&RawValue>()?));
            }
            Ok(fields)
        }
    }
    let text = text.trim();
    if !text.starts_with('{') || !text.ends_with('}') {
        return None;
    }
    // Fields that are not read are checked too: half an object is no object.
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    serde_json::Deserializer::from_str(text).deserialize_map(FieldsVisitor).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_line_begins_with_its_message() {
        for (text, folded) in [
            (r#"{"level":"info","ts":1.5,"msg":"started","port":80}"#, "started  port=80"),
            (r#"{"a":{"b":[1, 2]},"message":"hi \"you\""}"#, "hi \"you\"  a={\"b\":[1, 2]}"),
            (r#"{"level":"error","error":"no such file"}"#, "no such file"),
            (r#"{"level":"loud","msg":"hi"}"#, "hi  level=loud"),
            (r#"{"a":1,"b":"two words"}"#, "a=1  b=two words"),
            ("{}", ""),
        ] {
            assert_eq!(fold(text).as_deref(), Some(folded), "{text}");
        }
        for text in ["", "{", "text", "[1]", "{\"a\":}", "{\"a\":1} and more", "{a}"] {
            assert_eq!(fold(text), None, "{text}");
            assert_eq!(pretty(text), None, "{text}");
        }
    }

    #[test]
    fn escapes_hidden_in_json_are_removed() {
        let text = "{\"msg\":\"a\\u001b[2Jb\\u202ec\"}";
        assert_eq!(fold(text).as_deref(), Some("abc"));
        assert!(pretty(text).unwrap().concat().contains("\\u001b"), "pretty text keeps the spelling");
    }

    #[test]
    fn pretty_lines_keep_order_and_spelling() {
        let text = r#"{"z":1.50,"a":{"b":[1,{"c":"x:,{}\" y"}],"d":[],"e":{ }},"f":null}"#;
        let lines = pretty(text).unwrap();
        assert_eq!(
            lines,
            [
                "{",
                "  \"z\": 1.50,",
                "  \"a\": {",
                "    \"b\": [",
                "      1,",
                "      {",
                "        \"c\": \"x:,{}\\\" y\"",
                "      }",
                "    ],",
                "    \"d\": [],",
                "    \"e\": {}",
                "  },",
                "  \"f\": null",
                "}"
            ]
        );
    }
}
