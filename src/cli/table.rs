//! Columns of text, as kubectl prints them.

use unicode_width::UnicodeWidthStr;

/// A table; the last column is not padded.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Begins with the head.
    pub(super) fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|word| (*word).to_owned()).collect()] }
    }

    /// Adds a line; an empty cell prints as `<none>`, except in the last column.
    pub(super) fn push(&mut self, mut row: Vec<String>) {
        let last = row.len().saturating_sub(1);
        row.iter_mut().take(last).filter(|cell| cell.is_empty()).for_each(|cell| "<none>".clone_into(cell));
        self.rows.push(row);
    }

    /// The text, with a line end after each line.
    pub(super) fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|at| {
                self.rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.width()).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.push_str(&" ".repeat(width + 3 - cell.width()));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_width_not_by_bytes() {
        let mut table = Table::new(&["NAME", "N", "WHY"]);
        table.push(vec!["größe".to_owned(), "1".to_owned(), "because".to_owned()]);
        table.push(vec!["日本".to_owned(), String::new(), String::new()]);
        assert_eq!(table.render(), "NAME    N        WHY\ngröße   1        because\n日本    <none>\n");
    }
}
