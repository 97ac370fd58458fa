//! When to draw: a policy as a plain value, so that it can be tested with plain numbers.

use std::time::Duration;

/// At most so many frames a second at a local terminal.
const LOCAL_RATE: u32 = 30;
/// And over SSH, where every byte travels.
const REMOTE_RATE: u32 = 10;

/// Frames that answer keys keep this distance, so that pasted text does not draw a frame a character.
const ANSWER_GAP: Duration = Duration::from_millis(10);

/// Limits how often frames are drawn. Times are durations since some fixed beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameLimiter {
    least_gap: Duration,
    last: Option<Duration>,
}

impl FrameLimiter {
    /// At most `rate` frames a second.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        Self { least_gap: Duration::from_secs(1) / rate.max(1), last: None }
    }

    /// The rate for a terminal that is here, or at the other end of an SSH connection.
    #[must_use]
    pub fn for_terminal(is_remote: bool) -> Self {
        Self::new(if is_remote { REMOTE_RATE } else { LOCAL_RATE })
    }

    /// The earliest moment for a frame that is wanted at `wanted`: at once after a rest, else one gap after the last.
    #[must_use]
    pub fn clamp(&self, wanted: Duration) -> Duration {
        self.last.map_or(wanted, |last| wanted.max(last + self.least_gap))
    }

    /// The earliest moment for the frame that answers a key: at once, unless keys come faster than eyes can follow.
    #[must_use]
    pub fn clamp_answer(&self, wanted: Duration) -> Duration {
        self.last.map_or(wanted, |last| wanted.max(last + ANSWER_GAP.min(self.least_gap)))
    }

    /// A frame was drawn.
    pub fn drawn(&mut self, at: Duration) {
        self.last = Some(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_keep_their_distance_and_the_first_comes_at_once() {
        let ms = Duration::from_millis;
        let mut limiter = FrameLimiter::new(10);
        assert_eq!(limiter.clamp(ms(5)), ms(5));
        limiter.drawn(ms(5));
        assert_eq!(limiter.clamp(ms(6)), ms(105));
        assert_eq!([limiter.clamp_answer(ms(6)), limiter.clamp_answer(ms(50))], [ms(15), ms(50)]);
        assert_eq!(limiter.clamp(ms(105)), ms(105));
        assert_eq!(limiter.clamp(ms(900)), ms(900));
    }

    #[test]
    fn a_second_of_wishes_gives_the_rate() {
        for (limiter, rate) in
            [(FrameLimiter::for_terminal(false), 30), (FrameLimiter::for_terminal(true), 10)]
        {
            let (mut limiter, mut frames) = (limiter, 0);
            for now in (0..1000).map(Duration::from_millis) {
                if limiter.clamp(now) <= now {
                    limiter.drawn(now);
                    frames += 1;
                }
            }
            assert!((rate - 1..=rate).contains(&frames), "{frames} of {rate}");
        }
    }
}
