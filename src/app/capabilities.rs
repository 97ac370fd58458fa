//! What the terminal can show, read from the environment by pure rules.

/// Whether colours may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// The 16 ANSI colours.
    #[default]
    Ansi,
    /// Bold, reverse and underline only.
    Mono,
}

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether characters beyond ASCII are shown, one cell wide.
    pub unicode: bool,
    /// Whether colours may be used.
    pub colour: Colour,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self { unicode: true, colour: Colour::Ansi }
    }
}

impl Capabilities {
    /// Reads the environment through `variable`; `ascii` and `colour` are what the command line asks for.
    #[must_use]
    pub fn detect(variable: impl Fn(&str) -> Option<String>, ascii: bool, colour: Option<Colour>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let terminal = set("TERM").unwrap_or_default();
        // The first that is set decides (locale(7)).
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
        let lower = locale.to_lowercase();
        let utf8 = lower.contains("utf-8") || lower.contains("utf8");
        // There the circles may be two cells wide.
        let wide = ["zh", "ja", "ko"].iter().any(|language| lower.starts_with(language));
        // The Linux console has few glyphs, a dumb terminal none.
        let poor = matches!(terminal.as_str(), "linux" | "dumb");
        let mono = set("NO_COLOR").is_some() || terminal == "dumb" || terminal.starts_with("vt");
        Self {
            unicode: !ascii && utf8 && !wide && !poor,
            colour: colour.unwrap_or(if mono { Colour::Mono } else { Colour::Ansi }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_glyphs_and_colours() {
        let detect = |vars: &[(&str, &str)], ascii| {
            let variable = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            let found = Capabilities::detect(variable, ascii, None);
            (found.unicode, found.colour == Colour::Ansi)
        };
        let xterm = ("TERM", "xterm-256color");
        assert_eq!(detect(&[xterm, ("LANG", "en_US.UTF-8")], false), (true, true));
        assert_eq!(detect(&[xterm, ("LANG", "en_US.UTF-8")], true), (false, true));
        assert_eq!(detect(&[xterm, ("LANG", "C.utf8"), ("NO_COLOR", "1")], false), (true, false));
        assert_eq!(detect(&[xterm, ("LANG", "C.utf8"), ("NO_COLOR", "")], false), (true, true));
        assert_eq!(detect(&[xterm], false), (false, true));
        assert_eq!(detect(&[xterm, ("LANG", "en_US.UTF-8"), ("LC_ALL", "C")], false), (false, true));
        assert_eq!(detect(&[xterm, ("LANG", "ja_JP.UTF-8")], false), (false, true));
        assert_eq!(detect(&[("TERM", "linux"), ("LANG", "C.UTF-8")], false), (false, true));
        assert_eq!(detect(&[("TERM", "dumb"), ("LANG", "C.UTF-8")], false), (false, false));
    }
}
