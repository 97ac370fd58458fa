//! A line of small bars: how many nodes of how many, over time.

use jiff::Timestamp;

use crate::domain::progress::Sample;

/// From none to all.
const UNICODE: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// The bars from the first sample until now, one a column: what was last known by then.
pub(super) fn sparkline(
    samples: &[Sample],
    value: impl Fn(&Sample) -> u32,
    now: Timestamp,
    (width, has_unicode): (usize, bool),
) -> String {
    let Some(first) = samples.first() else { return String::new() };
    let marks = if has_unicode { UNICODE } else { ASCII };
    let span = now.duration_since(first.at).as_secs().max(1);
    let columns = i64::try_from(width.max(2)).unwrap_or(2);
    let bar = |column: i64| {
        let passed = span.saturating_mul(column) / (columns - 1);
        let known =
            samples.iter().rev().find(|sample| sample.at.duration_since(first.at).as_secs() <= passed);
        let known = known.unwrap_or(first);
        let top = known.desired.max(1);
        // All is only what is all.
        let height = value(known).min(top) as usize * (marks.len() - 1) / top as usize;
        marks[height]
    };
    (0..columns).map(bar).collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn bars_are_spread_over_time() {
        let sample = |seconds: i64, updated: u32| Sample {
            at: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds),
            updated,
            available: 8,
            desired: 8,
        };
        let samples = [sample(0, 0), sample(50, 4), sample(100, 8)];
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(100);
        let line = |unicode| sparkline(&samples, |sample| sample.updated, now, (5, unicode));
        assert_eq!((line(true).as_str(), line(false).as_str()), ("▁▁▄▄█", "__--#"));
        assert_eq!(sparkline(&[], |sample| sample.updated, now, (5, true)), "");
        // Not quite all is not drawn as all.
        let nearly = [Sample { desired: 1000, updated: 999, ..sample(0, 0) }];
        assert_eq!(sparkline(&nearly, |sample| sample.updated, now, (2, true)), "▇▇");
    }
}
