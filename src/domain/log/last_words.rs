//! The last line before a container ended, made alike across nodes, so that causes can be counted.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::decode::Line;
use super::json::fold;
use super::level::Level;
use crate::domain::id::NodeName;

/// How one node's container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The node.
    pub node: NodeName,
    /// What it said last, or why that is not known.
    pub words: String,
}

/// Nodes whose containers ended alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastWords {
    /// What they said, without what differs from node to node.
    pub words: String,
    /// The nodes, by name.
    pub nodes: Vec<NodeName>,
}

/// The longest text that is compared, in characters.
const LONGEST: usize = 300;
/// So many lines before the end are looked at for the one that says why.
const LOOKED_AT: usize = 20;

/// The line that says why a container ended: the last bad one of its last lines, else the last one.
///
/// What follows an error is often only the shutdown it caused.
#[must_use]
pub fn last_line<'a>(lines: impl DoubleEndedIterator<Item = &'a Line>) -> Option<&'a Line> {
    let last: Vec<&Line> = lines.rev().filter(|line| !line.text.trim().is_empty()).take(LOOKED_AT).collect();
    let worst = last.iter().filter_map(|line| line.level).max().filter(|level| *level >= Level::Error);
    last.iter().find(|line| worst.is_some() && line.level == worst).or(last.first()).copied()
}

/// A text without what differs from run to run and node to node: times, ids, addresses, numbers; JSON is folded.
#[must_use]
pub fn normalise(text: &str) -> String {
    static HEADER: LazyLock<Regex> = LazyLock::new(|| {
        // klog's header, and the time that many loggers begin with.
        pattern(
            r"^(?:[IWEF]\d{4} [\d:.]+ +\d+ [\w./-]+:\d+\] |\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]? +)",
        )
    });
    static LOGFMT: LazyLock<Regex> =
        LazyLock::new(|| pattern(r#"\b(?:time|ts|level|lvl|caller)=(?:"[^"]*"|\S+) ?"#));
    static PARTS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"(?P<time>\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?|\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b)",
            r"|(?P<uuid>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b0x[0-9a-fA-F]+\b)",
            r"|(?P<address>\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:/\d+|:\d+)?\b|\[[0-9a-f:]{3,}\](?::\d+)?|\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b)",
            r"|(?P<hex>\b[0-9a-f]{7,}\b)",
            r"|(?P<number>\d+(?:\.\d+)*)",
        ))
    });
    let folded = fold(text);
    let text = folded.as_deref().unwrap_or(text).trim();
    let text = HEADER.replace(text, "");
    let text = LOGFMT.replace_all(&text, "");
    let short: String = text.chars().take(LONGEST).collect();
    let same = PARTS.replace_all(&short, |found: &Captures| {
        let replaced = if found.name("time").is_some() {
            "<time>"
        } else if found.name("uuid").is_some() {
            "<id>"
        } else if found.name("address").is_some() {
            "<address>"
        } else if let Some(hex) = found.name("hex") {
            // `defaced` is a word, `12345678` a number.
            let digits = hex.as_str().bytes().filter(u8::is_ascii_digit).count();
            return match digits {
                0 => hex.as_str().to_owned(),
                all if all == hex.len() => "<n>".to_owned(),
                _ => "<id>".to_owned(),
            };
        } else {
            "<n>"
        };
        replaced.to_owned()
    });
    let words: Vec<&str> = same.split_whitespace().collect();
    let joined = words.join(" ");
    // A message alone needs no name and no quotes.
    match joined.strip_prefix("msg=\"").and_then(|rest| rest.strip_suffix('"')) {
        Some(message) if !message.contains('"') => message.to_owned(),
        _ => joined,
    }
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is fixed and tested")
}

/// Groups endings that are alike, the most frequent first; node names within the words count as alike too.
#[must_use]
pub fn group(endings: &[Ending]) -> Vec<LastWords> {
    let mut groups: Vec<LastWords> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for ending in endings {
        let named = ending.words.replace(ending.node.as_str(), "<node>");
        let words = normalise(&named);
        let place = *places.entry(words.clone()).or_insert_with(|| {
            groups.push(LastWords { words, nodes: Vec::new() });
            groups.len() - 1
        });
        groups[place].nodes.push(ending.node.clone());
    }
    for group in &mut groups {
        group.nodes.sort();
    }
    groups.sort_by(|a, b| b.nodes.len().cmp(&a.nodes.len()).then_with(|| a.words.cmp(&b.words)));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line::read(text.as_bytes(), 0)
    }

    #[test]
    fn what_differs_from_node_to_node_is_replaced() {
        for (text, same) in [
            ("open /var/log: permission denied", "open /var/log: permission denied"),
            (
                "dial tcp 10.0.3.17:2379: connect: connection refused",
                "dial tcp <address>: connect: connection refused",
            ),
            ("dial tcp [fd00::1]:443: i/o timeout", "dial tcp <address>: i/o timeout"),
            ("E0102 03:04:05.678901       1 server.go:12] failed after 12.5s", "failed after <n>s"),
            ("2026-01-02T03:04:05.123Z failed", "failed"),
            ("[2026/01/02 03:04:05] [error] no route", "[error] no route"),
            ("level=error ts=1 msg=\"exiting\" code=1", "msg=\"exiting\" code=<n>"),
            ("time=\"2026-01-02T03:04:05Z\" level=fatal msg=\"cannot listen\"", "cannot listen"),
            ("pod f73c4e28-301d-4d91-8ae8-079b4b9fb0a8 at 0xc000123", "pod <id> at <id>"),
            ("commit 0a1b2c3d by defaced 12345678", "commit <id> by defaced <n>"),
            ("{\"level\":\"fatal\",\"msg\":\"cannot bind\",\"port\":9100}", "cannot bind port=<n>"),
            ("   spaced    out  ", "spaced out"),
        ] {
            assert_eq!(normalise(text), same, "{text}");
        }
    }

    #[test]
    fn the_line_that_says_why_is_the_last_bad_one() {
        let lines = ["level=info msg=a", "level=error msg=b", "level=error msg=c", "level=info msg=bye", ""]
            .map(line);
        assert_eq!(&*last_line(lines.iter()).unwrap().text, "level=error msg=c");
        let lines = ["a", "b", "  "].map(line);
        assert_eq!(&*last_line(lines.iter()).unwrap().text, "b");
        assert_eq!(last_line([].iter()), None);
    }

    #[test]
    fn nodes_that_ended_alike_are_one_group() {
        let ending = |node: &str, words: &str| Ending { node: NodeName::from(node), words: words.to_owned() };
        let groups = group(&[
            ending("node-3", "out of memory"),
            ending("node-2", "node-2: cannot reach 10.0.0.2"),
            ending("node-1", "node-1: cannot reach 10.0.0.1"),
        ]);
        let words: Vec<_> = groups.iter().map(|group| (group.nodes.len(), group.words.as_str())).collect();
        assert_eq!(words, [(2, "<node>: cannot reach <address>"), (1, "out of memory")]);
        assert_eq!(groups[0].nodes, [NodeName::from("node-1"), NodeName::from("node-2")]);
    }
}
