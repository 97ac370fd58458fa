//! Quantities in a form in which equal means equal to the server (`apimachinery/pkg/api/resource`).

use crate::domain::quantity::Quantity;

/// The value in billionths with the letter of its format; as written where it is no quantity.
///
/// `0.5` and `500m` are one quantity, as the server writes both the same; `1024` and `1Ki` are two, as it keeps them
/// apart.
pub(super) fn normal(written: &str) -> String {
    let read = Quantity::parse(written);
    read.map_or_else(|| written.to_owned(), |quantity| format!("{}{}", quantity.nanos(), quantity.format()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_is_what_the_server_writes_the_same() {
        for (a, b) in [
            ("0.5", "500m"),
            ("1", "1000m"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("+2k", "2000"),
            ("0.1n", "1n"),
            ("1e3", "1E3"),
            ("0Ki", "0"),
        ] {
            assert_eq!(normal(a), normal(b), "{a} {b}");
        }
        for (a, b) in [("1024", "1Ki"), ("1", "2"), ("1M", "1Mi"), ("1k", "1e3"), ("-1", "1"), ("x", "y")] {
            assert_ne!(normal(a), normal(b), "{a} {b}");
        }
        assert_eq!(normal("no quantity"), "no quantity");
    }
}
