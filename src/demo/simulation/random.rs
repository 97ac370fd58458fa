//! Chance from a seed: the same demo looks the same every time.

use std::time::Duration;

/// A small generator (`SplitMix64`).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator that repeats its sequence for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x5851_f42d_4c95_7f2d)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scramble(self.0)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.draw() % limit }
    }

    /// Something between three quarters and five quarters of `seconds`.
    pub fn around(&mut self, seconds: f64) -> Duration {
        let percent = u32::try_from(75 + self.below(51)).unwrap_or(100);
        seconds_of(seconds).mul_f64(f64::from(percent) / 100.0)
    }
}

/// A duration of so many seconds; nonsense is none, and nothing lasts longer than a day.
#[must_use]
pub fn seconds_of(seconds: f64) -> Duration {
    if seconds.is_finite() { Duration::from_secs_f64(seconds.clamp(0.0, 86_400.0)) } else { Duration::ZERO }
}

fn scramble(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number that depends on a seed and a text, and on nothing else.
#[must_use]
pub fn mix(seed: u64, text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    scramble(hash.wrapping_add(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}
