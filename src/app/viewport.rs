//! Geometry of what is visible, in plain numbers: shared by `update`, which scrolls, and by drawing, which only reads.

/// The first visible item so that `at` is visible, moved as little as possible.
#[must_use]
pub fn follow(first: usize, visible: usize, length: usize, at: usize) -> usize {
    if visible == 0 {
        return 0;
    }
    let least = (at + 1).saturating_sub(visible);
    // Nothing is left empty at the end while something is hidden at the beginning.
    first.clamp(least, at.max(least)).min(length.saturating_sub(visible))
}

/// `at` moved by `delta`, staying inside `length` items.
#[must_use]
pub fn step(at: usize, delta: isize, length: usize) -> usize {
    at.saturating_add_signed(delta).min(length.saturating_sub(1))
}

/// Where each item of some groups stands when there is a gap of one between groups.
#[must_use]
pub fn offset(groups: &[usize], at: usize) -> usize {
    let mut end = 0;
    for (index, size) in groups.iter().enumerate() {
        end += size;
        if at < end {
            return at + index;
        }
    }
    at + groups.len().saturating_sub(1)
}

/// The width of all groups with their gaps.
#[must_use]
pub fn extent(groups: &[usize]) -> usize {
    groups.iter().sum::<usize>() + groups.len().saturating_sub(1)
}

/// A line of the map: some items of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapLine {
    /// The group.
    pub group: usize,
    /// The first item, counted over all groups.
    pub start: usize,
    /// One past the last.
    pub end: usize,
}

/// Groups folded into lines of at most `width` items; each group begins a line.
#[must_use]
pub fn map_lines(groups: &[usize], width: usize) -> Vec<MapLine> {
    let (mut lines, mut start) = (Vec::new(), 0);
    for (group, size) in groups.iter().enumerate() {
        let end = start + size;
        while start < end {
            let next = (start + width.max(1)).min(end);
            lines.push(MapLine { group, start, end: next });
            start = next;
        }
    }
    lines
}

/// The item reached from `at` by going `delta` lines up or down in the map, keeping the place in the line.
#[must_use]
pub fn map_step(lines: &[MapLine], at: usize, delta: isize) -> usize {
    let Some(line) = lines.iter().position(|line| (line.start..line.end).contains(&at)) else { return 0 };
    let (from, to) = (lines[line], lines[step(line, delta, lines.len())]);
    (to.start + at - from.start).min(to.end - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_follows_as_little_as_possible() {
        for (first, visible, length, at, expected) in [
            (0, 10, 30, 5, 0),
            (0, 10, 30, 9, 0),
            (0, 10, 30, 10, 1),
            (15, 10, 30, 12, 12),
            (15, 10, 30, 20, 15),
            (25, 10, 30, 29, 20),
            (5, 10, 8, 3, 0),
            (5, 0, 8, 3, 0),
            (3, 1, 8, 5, 5),
            (0, 10, 0, 0, 0),
        ] {
            assert_eq!(follow(first, visible, length, at), expected, "{first} {visible} {length} {at}");
        }
    }

    #[test]
    fn steps_stay_inside() {
        assert_eq!(
            [step(0, -1, 5), step(4, 1, 5), step(2, 9, 5), step(2, -1, 5), step(0, 1, 0)],
            [0, 4, 4, 1, 0]
        );
    }

    #[test]
    fn gaps_stand_between_groups() {
        let groups = [2, 1, 3];
        let places: Vec<usize> = (0..6).map(|at| offset(&groups, at)).collect();
        assert_eq!(places, [0, 1, 3, 5, 6, 7]);
        assert_eq!((extent(&groups), extent(&[]), extent(&[4])), (8, 0, 4));
    }

    #[test]
    fn the_map_is_folded_group_by_group() {
        let lines = map_lines(&[5, 2], 3);
        let spans: Vec<_> = lines.iter().map(|line| (line.group, line.start, line.end)).collect();
        assert_eq!(spans, [(0, 0, 3), (0, 3, 5), (1, 5, 7)]);
        // From the third item down: the shorter line gives its last.
        assert_eq!([map_step(&lines, 2, 1), map_step(&lines, 1, 2), map_step(&lines, 6, -9)], [4, 6, 1]);
        assert_eq!(map_step(&[], 0, 1), 0);
    }
}
