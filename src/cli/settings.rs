//! The configuration file.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use serde::Deserialize;

use super::args::ColorChoice;
use super::failure::Failure;
use super::paths::Paths;
use crate::domain::absence::Everywhere;
use crate::domain::log::MOST_STREAMS;
use crate::shell::logging::Level;

/// The commented default configuration.
pub(super) const DEFAULT: &str = include_str!("../../assets/default-config.yaml");

/// What the configuration file says; flags win over it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Settings {
    /// Draw with ASCII characters only.
    pub(super) ascii: bool,
    /// When to colour.
    pub(super) color: ColorChoice,
    /// What is logged.
    pub(super) log_level: Level,
    /// The node label by which the monitor groups its columns; empty is none.
    pub(super) group_by: String,
    /// How many logs the monitor reads at once.
    pub(super) log_streams: Option<usize>,
    /// How much of logs the monitor holds, in MiB.
    pub(super) log_memory: Option<usize>,
    /// The DaemonSets that have to be on every node, as patterns.
    everywhere: Vec<String>,
    /// What holds for single contexts, by their names in the kubeconfig.
    pub(super) contexts: BTreeMap<String, ContextSettings>,
}

/// What the configuration file says of one context.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ContextSettings {
    /// Change nothing there.
    pub(super) read_only: bool,
}

impl Settings {
    /// Reads the configuration file, if there is one.
    pub(super) fn load(paths: Option<&Paths>) -> Result<Self, Failure> {
        let Some(paths) = paths else { return Ok(Self::default()) };
        let wrong = |why: String| {
            let path = paths.config.display();
            Failure::Usage(format!(
                "cannot read the configuration {path}: {why}; `dsgrid config` prints a valid one"
            ))
        };
        match std::fs::read_to_string(&paths.config) {
            Ok(text) => Self::parse(&text).map_err(wrong),
            Err(error) if error.kind() == ErrorKind::NotFound && !paths.config_is_named => {
                Ok(Self::default())
            }
            Err(error) => Err(wrong(error.to_string())),
        }
    }

    /// Whether nothing may be changed in a context.
    pub(super) fn is_read_only(&self, context: &str) -> bool {
        self.contexts.get(context).is_some_and(|settings| settings.read_only)
    }

    fn parse(text: &str) -> Result<Self, String> {
        // A file of comments alone is no mapping, and as good as none.
        let settings: Option<Self> = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        let settings = settings.unwrap_or_default();
        Everywhere::new(&settings.everywhere)?;
        if settings.log_streams.is_some_and(|streams| !(1..=MOST_STREAMS).contains(&streams)) {
            return Err(format!("logStreams has to be a number from 1 to {MOST_STREAMS}"));
        }
        if settings.log_memory.is_some_and(|megabytes| !(4..=1024).contains(&megabytes)) {
            return Err("logMemory has to be a number from 4 to 1024, in MiB".to_owned());
        }
        Ok(settings)
    }

    /// How much of logs the monitor holds, in bytes.
    pub(super) fn log_bytes(&self) -> Option<usize> {
        self.log_memory.map(|megabytes| megabytes * 1024 * 1024)
    }

    /// The DaemonSets that have to be on every node.
    pub(super) fn everywhere(&self) -> Everywhere {
        Everywhere::new(&self.everywhere).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commented_defaults_are_the_defaults() {
        assert_eq!(Settings::parse(DEFAULT).unwrap(), Settings::default());
        // Each commented setting, taken in, is what is so without it.
        let lines: Vec<&str> = DEFAULT
            .lines()
            .map(|line| line.strip_prefix('#').filter(|line| !line.starts_with(' ')).unwrap_or(line))
            .filter(|line| !line.starts_with('#'))
            .collect();
        let taken_in = lines.join("\n");
        for key in ["ascii:", "color:", "logLevel:", "groupBy:", "logStreams:", "everywhere:", "contexts:"] {
            assert!(taken_in.contains(key), "{key} in {taken_in}");
        }
        assert_eq!(Settings::parse(&taken_in).unwrap(), Settings::default());
    }

    #[test]
    fn a_context_can_be_read_only() {
        let settings = Settings::parse("contexts:\n  prod-eu-1:\n    readOnly: true\n  dev: {}\n").unwrap();
        assert_eq!(
            ["prod-eu-1", "dev", "other"].map(|name| settings.is_read_only(name)),
            [true, false, false]
        );
        assert!(
            Settings::parse("contexts:\n  prod:\n    readonly: true\n").unwrap_err().contains("readonly")
        );
    }

    #[test]
    fn a_mistake_names_its_line() {
        let unknown = Settings::parse("ascii: true\ncolour: never\n").unwrap_err();
        assert!(unknown.contains("colour") && unknown.contains("line 2"), "{unknown}");
        let wrong = Settings::parse("\n\nlogLevel: loud\n").unwrap_err();
        assert!(wrong.contains("loud") && wrong.contains("line 3"), "{wrong}");
        let wrong = Settings::parse("logStreams: 65").unwrap_err();
        assert!(wrong.contains("from 1 to 64"), "{wrong}");
        let wrong = Settings::parse("everywhere: [kube-proxy]").unwrap_err();
        assert!(wrong.contains("kube-proxy") && wrong.contains("NAMESPACE/NAME"), "{wrong}");
    }
}
