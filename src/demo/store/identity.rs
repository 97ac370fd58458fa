//! Names and uids made from a seed, so that the same demo always looks the same.

/// The characters of a generated name's suffix: no vowels, nothing that looks like something else.
const SUFFIX: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// A generator of identities (`SplitMix64`: small, and the same on every machine).
#[derive(Debug, Clone)]
pub struct Identities {
    state: u64,
}

impl Identities {
    /// A generator that always repeats the same sequence for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A well-formed version 4 UUID in lower case.
    pub fn uid(&mut self) -> String {
        let high = (self.next() & 0xffff_ffff_ffff_0fff) | 0x4000;
        let low = (self.next() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }

    /// Five characters for a `generateName`.
    pub fn suffix(&mut self) -> String {
        let mut bits = self.next();
        let mut text = String::with_capacity(5);
        for _ in 0..5 {
            let index = usize::try_from(bits % 27).unwrap_or(0);
            text.push(char::from(SUFFIX[index]));
            bits /= 27;
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_are_well_formed_and_repeat_with_the_seed() {
        let (mut a, mut b, mut c) = (Identities::new(7), Identities::new(7), Identities::new(8));
        for _ in 0..100 {
            let uid = a.uid();
            assert_eq!(uid, b.uid());
            assert_ne!(uid, c.uid());
            assert_eq!(uid.len(), 36);
            assert_eq!(&uid[14..15], "4");
            assert!("89ab".contains(&uid[19..20]), "{uid}");
            assert!(a.suffix().bytes().all(|x| SUFFIX.contains(&x)));
            b.suffix();
        }
    }
}
