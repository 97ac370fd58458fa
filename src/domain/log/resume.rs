//! Where a broken stream goes on: without a line lost, without one repeated.
//!
//! The API resumes by whole seconds (`sinceTime` is a `metav1.Time`), so the lines of the last second come again. They
//! are known by time and content; a line that was really printed twice at one time is counted, not merged.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;

/// How far a stream was read.
#[derive(Clone, Debug, Default)]
pub struct Resume {
    /// The second of the last line.
    second: Option<Timestamp>,
    /// The lines of that second, and how often each came.
    seen: HashMap<(Timestamp, u64), u32>,
    /// Those of them that may come again since the stream was opened anew.
    expected: HashMap<(Timestamp, u64), u32>,
}

impl Resume {
    /// Takes note of a line as it came; whether it is new.
    ///
    /// A line without a time is always new: nothing tells it from another one.
    pub fn is_new(&mut self, at: Option<Timestamp>, raw: &[u8]) -> bool {
        let Some(at) = at else { return true };
        let mut hasher = DefaultHasher::new();
        raw.hash(&mut hasher);
        let line = (at, hasher.finish());
        if let Some(left) = self.expected.get_mut(&line).filter(|left| **left > 0) {
            *left -= 1;
            return false;
        }
        let second = floor(at);
        if self.second.is_none_or(|last| second > last) {
            self.second = Some(second);
            self.seen.clear();
            self.expected.clear();
        }
        // An older line than the last second would not come again.
        if self.second == Some(second) {
            *self.seen.entry(line).or_default() += 1;
        }
        true
    }

    /// The stream is opened anew: from when on it has to be asked for. None where nothing came yet.
    pub fn reopen(&mut self) -> Option<Timestamp> {
        self.expected.clone_from(&self.seen);
        self.second
    }
}

/// The whole second before.
fn floor(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_nanosecond().div_euclid(1_000_000_000).try_into().unwrap_or_default())
        .unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_second_is_floored_before_1970_too() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(floor(time("2026-01-02T03:04:05.9Z")), time("2026-01-02T03:04:05Z"));
        assert_eq!(floor(time("1969-12-31T23:59:58.1Z")), time("1969-12-31T23:59:58Z"));
    }

    proptest! {
        /// A server that sends everything from the asked second on, cut off at any line, any number of times.
        #[test]
        fn whatever_the_cuts_nothing_is_lost_and_nothing_repeated(
            steps in proptest::collection::vec((prop_oneof![Just(0_i64), 0..400_i64, 900..2500_i64], 0..3_u8), 1..60),
            cuts in proptest::collection::vec(0..20_usize, 0..12),
        ) {
            let mut clock = 1_767_000_000_000_i64;
            let log: Vec<(Timestamp, String)> = steps.iter().map(|(step, text)| {
                clock += step;
                (Timestamp::UNIX_EPOCH + SignedDuration::from_millis(clock), format!("line {text}"))
            }).collect();
            let mut resume = Resume::default();
            let mut shown = Vec::new();
            for cut in cuts.into_iter().map(Some).chain([None]) {
                let since = resume.reopen();
                let sent = log.iter().filter(|(at, _)| since.is_none_or(|since| *at >= since));
                for (at, text) in sent.take(cut.unwrap_or(usize::MAX)) {
                    if resume.is_new(Some(*at), text.as_bytes()) {
                        shown.push((*at, text.clone()));
                    }
                }
            }
            prop_assert_eq!(shown, log);
        }
    }
}
