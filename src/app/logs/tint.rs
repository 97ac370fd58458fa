//! The colours that tell streams apart: each its own, as long as there are enough of them.

use std::collections::BTreeMap;

use crate::domain::log::Hue;

/// A colour, or its bold sister.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tint {
    /// The colour.
    pub hue: Hue,
    /// Whether it is bold.
    pub is_bold: bool,
}

impl Tint {
    /// The colour of a name: its own on every run, or the first after it that nobody has yet.
    pub(super) fn of_name(name: &str, taken: &BTreeMap<String, Self>) -> Self {
        let own = Hue::of_name(name);
        // Red is for errors.
        let hues = &Hue::ALL[1..];
        let from = hues.iter().position(|hue| *hue == own).unwrap_or_default();
        let all = [false, true].into_iter().flat_map(|is_bold| {
            let turned = (0..hues.len()).map(move |step| hues[(from + step) % hues.len()]);
            turned.map(move |hue| Self { hue, is_bold })
        });
        let is_free = |tint: &Self| taken.values().all(|other| other != tint);
        let mut all = all;
        all.find(is_free).unwrap_or(Self { hue: own, is_bold: false })
    }
}
