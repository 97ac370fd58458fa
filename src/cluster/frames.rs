//! Cuts a watch's byte stream into lines, one event each.

use bytes::{Buf, Bytes, BytesMut};

/// The largest event that is read; etcd stores 1.5 MiB, JSON makes more of it.
pub(super) const LARGEST: usize = 16 * 1024 * 1024;

/// Bytes that came and do not end a line yet.
#[derive(Debug, Default)]
pub(super) struct Frames {
    buffer: BytesMut,
    /// Up to here there is no line end.
    scanned: usize,
}

/// A line longer than [`LARGEST`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Frames {
    /// Adds what came.
    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// Takes the next complete line; blank ones are skipped.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, TooLong> {
        loop {
            let Some(at) = self.buffer[self.scanned..].iter().position(|byte| *byte == b'\n') else {
                self.scanned = self.buffer.len();
                return if self.scanned > LARGEST { Err(TooLong) } else { Ok(None) };
            };
            let line = self.buffer.split_to(self.scanned + at).freeze();
            self.buffer.advance(1);
            self.scanned = 0;
            if !line.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some(line));
            }
        }
    }

    /// Whether the stream ended in the middle of a line.
    pub(super) fn is_cut(&self) -> bool {
        !self.buffer.iter().all(u8::is_ascii_whitespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_cutting_gives_the_same_lines() {
        let stream = b"{\"a\":1}\n\n{\"b\":2}\r\n{\"c\":";
        for size in 1..=stream.len() {
            let (mut frames, mut lines) = (Frames::default(), Vec::new());
            for chunk in stream.chunks(size) {
                frames.push(chunk);
                while let Some(line) = frames.next().unwrap() {
                    lines.push(line);
                }
            }
            assert_eq!(lines, [&b"{\"a\":1}"[..], b"{\"b\":2}\r"], "chunks of {size}");
            assert!(frames.is_cut());
        }
        assert!(!Frames::default().is_cut());
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut frames = Frames::default();
        let chunk = vec![b'x'; 1024 * 1024];
        for _ in 0..16 {
            frames.push(&chunk);
            assert_eq!(frames.next(), Ok(None));
        }
        frames.push(&chunk);
        assert_eq!(frames.next(), Err(TooLong));
    }
}
