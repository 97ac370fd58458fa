//! Cuts a log's byte stream into lines of bounded length.

use crate::domain::log::LONGEST_LINE;

/// The time before each line, with its space.
const TIME: usize = 40;

/// A line as it came, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RawLine {
    pub(super) bytes: Vec<u8>,
    /// How many bytes more there were.
    pub(super) cut: u64,
}

/// Bytes that came and do not end a line yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    begun: Vec<u8>,
    cut: u64,
}

impl Lines {
    /// Takes what came; gives the lines that it ends.
    pub(super) fn push(&mut self, mut chunk: &[u8]) -> Vec<RawLine> {
        let mut lines = Vec::new();
        while let Some(end) = chunk.iter().position(|byte| *byte == b'\n') {
            self.add(&chunk[..end]);
            lines.extend(self.take());
            chunk = &chunk[end + 1..];
        }
        self.add(chunk);
        lines
    }

    /// The line that a clean end leaves without a line break; empty where there is none.
    pub(super) fn rest(&mut self) -> Option<RawLine> {
        self.take().filter(|line| !line.bytes.is_empty())
    }

    fn add(&mut self, part: &[u8]) {
        let kept = part.len().min((LONGEST_LINE + TIME).saturating_sub(self.begun.len()));
        self.begun.extend_from_slice(&part[..kept]);
        self.cut += u64::try_from(part.len() - kept).unwrap_or(u64::MAX);
    }

    #[expect(clippy::unnecessary_wraps, reason = "both callers want an iterable")]
    fn take(&mut self) -> Option<RawLine> {
        Some(RawLine { bytes: std::mem::take(&mut self.begun), cut: std::mem::take(&mut self.cut) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_cutting_gives_the_same_lines() {
        let stream = "a\n\nb größe\r\nlast".as_bytes();
        for size in 1..=stream.len() {
            let (mut cutter, mut lines) = (Lines::default(), Vec::new());
            for chunk in stream.chunks(size) {
                lines.extend(cutter.push(chunk));
            }
            lines.extend(cutter.rest());
            let texts: Vec<_> = lines.iter().map(|line| String::from_utf8_lossy(&line.bytes)).collect();
            assert_eq!(texts, ["a", "", "b größe\r", "last"], "chunks of {size}");
            assert_eq!(cutter.rest(), None);
        }
    }

    #[test]
    fn an_endless_line_takes_bounded_memory() {
        let mut cutter = Lines::default();
        for _ in 0..100 {
            assert!(cutter.push(&[b'x'; 10_000]).is_empty());
            assert!(cutter.begun.len() <= LONGEST_LINE + TIME);
        }
        let lines = cutter.push(b"\nnext\n");
        assert_eq!(lines[0].bytes.len() + usize::try_from(lines[0].cut).unwrap(), 1_000_000);
        assert_eq!((lines[1].bytes.as_slice(), lines[1].cut), (&b"next"[..], 0));
    }
}
