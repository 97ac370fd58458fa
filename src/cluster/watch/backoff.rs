//! How long to wait before the next try.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(15);
/// Never at once: a server that fails fast must not be hammered by an unlucky draw.
const SHORTEST: Duration = Duration::from_millis(25);
/// A server that asks for more than this is asked again all the same.
const LONGEST_ASKED: Duration = Duration::from_secs(120);

/// Doubling limits with full jitter: after an outage a thousand clients must not come back together.
#[derive(Debug, Default)]
pub(in crate::cluster) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The time to wait after one more failure; `asked` is the server's `Retry-After`.
    pub(in crate::cluster) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let limit = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let drawn = between(SHORTEST, limit);
        drawn.max(asked.unwrap_or_default().min(LONGEST_ASKED))
    }

    /// Things went well for long enough.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// A random duration, to the millisecond.
pub(super) fn between(low: Duration, high: Duration) -> Duration {
    // Every RandomState has other keys: randomness enough for jitter, without another dependency.
    let random = RandomState::new().hash_one(0_u8);
    let span = u64::try_from(high.saturating_sub(low).as_millis()).unwrap_or(u64::MAX).saturating_add(1);
    low + Duration::from_millis(random % span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_start_again() {
        let mut backoff = Backoff::default();
        for limit in [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000] {
            let wait = backoff.next(None);
            assert!(wait >= SHORTEST && wait <= Duration::from_millis(limit), "{wait:?} of {limit}");
        }
        assert!(backoff.next(Some(Duration::from_secs(30))) == Duration::from_secs(30));
        assert!(backoff.next(Some(Duration::from_secs(9999))) == LONGEST_ASKED);
        backoff.reset();
        assert!(backoff.next(None) <= FIRST);
    }
}
