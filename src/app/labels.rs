//! Node names without what they all share, so that what tells them apart can be read.

use unicode_width::UnicodeWidthStr;

use crate::domain::grid::Grid;
use crate::domain::inventory::Inventory;

/// How many characters all shown node names share at their beginning and end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeLabels {
    prefix: usize,
    suffix: usize,
    /// The width of the longest shortened name.
    pub width: u16,
    /// The width of the longest whole name.
    pub whole: u16,
}

impl NodeLabels {
    /// Reads the shown names.
    #[must_use]
    pub fn of(inventory: &Inventory, grid: &Grid) -> Self {
        let names = || {
            grid.columns
                .iter()
                .filter_map(|slot| inventory.column_at(*slot))
                .map(|column| column.name.as_str())
        };
        let Some(first) = names().next() else { return Self::default() };
        let (mut prefix, mut suffix, mut several) = (first.len(), first.len(), false);
        for name in names().skip(1) {
            several = true;
            prefix = first.bytes().zip(name.bytes()).take(prefix).take_while(|(a, b)| a == b).count();
            let ends = first.bytes().rev().zip(name.bytes().rev());
            suffix = ends.take(suffix).take_while(|(a, b)| a == b).count();
        }
        if !several {
            (prefix, suffix) = (0, 0);
        }
        // A number is not cut in two, and an end is only cut where a name's part ends.
        prefix =
            first[..floor(first, prefix)].trim_end_matches(|c: char| c.is_ascii_digit() && c != '0').len();
        let tail = &first[floor(first, first.len() - suffix)..];
        suffix = tail.find('.').map_or(0, |dot| tail.len() - dot);
        let mut labels = Self { prefix, suffix, width: 0, whole: 0 };
        let width = |text: &str| u16::try_from(text.width()).unwrap_or(u16::MAX);
        labels.width = names().map(|name| width(labels.short(name))).max().unwrap_or_default();
        labels.whole = names().map(width).max().unwrap_or_default();
        labels
    }

    /// A name without what all names share; never empty.
    #[must_use]
    pub fn short<'a>(&self, name: &'a str) -> &'a str {
        let end = floor(name, name.len().saturating_sub(self.suffix));
        let start = floor(name, self.prefix.min(end));
        if start < end { &name[start..end] } else { name }
    }
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::{Change, ClusterEvent, Scope};
    use crate::domain::grid::Lens;
    use crate::domain::object::Node;
    use crate::domain::text::Text;

    fn shorts(names: &[&str]) -> Vec<String> {
        let mut inventory = Inventory::new(jiff::Timestamp::UNIX_EPOCH);
        let nodes = names.iter().map(|name| {
            let mut node = Node::default();
            node.meta.key.name = Text::new(name);
            node.meta.uid = crate::domain::id::Uid::new(name);
            node
        });
        inventory.apply(ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, nodes.collect())));
        let labels = NodeLabels::of(&inventory, &Grid::project(&inventory, &Lens::default()));
        names.iter().map(|name| labels.short(name).to_owned()).collect()
    }

    #[test]
    fn what_all_names_share_is_cut() {
        assert_eq!(shorts(&["node-00001", "node-00012"]), ["01", "12"]);
        assert_eq!(shorts(&["ip-10-0-1-7.eu.internal", "ip-10-0-2-7.eu.internal"]), ["1-7", "2-7"]);
        assert_eq!(shorts(&["alone"]), ["alone"]);
        assert_eq!(shorts(&["node-110", "node-115"]), ["110", "115"]);
        assert_eq!(shorts(&["edge", "edge-2"]), ["edge", "-2"]);
        assert_eq!(shorts(&["größe-1", "größe-2"]), ["1", "2"]);
    }
}
