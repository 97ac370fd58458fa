//! Quantities in a form in which equal means equal to the server (`apimachinery/pkg/api/resource`).

/// The value in billionths with the letter of its format; as written where it is no quantity.
///
/// `0.5` and `500m` are one quantity, as the server writes both the same; `1024` and `1Ki` are two, as it keeps them
/// apart.
pub(super) fn normal(written: &str) -> String {
    read(written).unwrap_or_else(|| written.to_owned())
}

fn read(written: &str) -> Option<String> {
    let digits = written.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '+' | '-'));
    let (number, suffix) = written.split_at(digits.unwrap_or(written.len()));
    let (format, factor_mul, factor_div) = factor(suffix)?;
    let (negative, number) = match number.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let digits: i128 = format!("{whole}{part}").parse().ok()?;
    let below = 10_i128.checked_pow(u32::try_from(part.len()).ok()?)?.checked_mul(factor_div)?;
    let above = digits.checked_mul(factor_mul)?.checked_mul(1_000_000_000)?;
    // Finer than a billionth is rounded up.
    let nanos = above.checked_add(below - 1)?.div_euclid(below);
    // Small numbers lose their binary suffix.
    let format = if format == 'b' && nanos < 1024 * 1_000_000_000 { 'd' } else { format };
    Some(format!("{}{nanos}{format}", if negative { "-" } else { "" }))
}

/// The format, and what to multiply and divide by.
fn factor(suffix: &str) -> Option<(char, i128, i128)> {
    const THOUSAND: i128 = 1000;
    let decimal = |power: u32| ('d', THOUSAND.pow(power), 1);
    let binary = |power: u32| ('b', 1024_i128.pow(power), 1);
    Some(match suffix {
        "n" => ('d', 1, THOUSAND.pow(3)),
        "u" => ('d', 1, THOUSAND.pow(2)),
        "m" => ('d', 1, THOUSAND),
        "" => decimal(0),
        "k" => decimal(1),
        "M" => decimal(2),
        "G" => decimal(3),
        "T" => decimal(4),
        "P" => decimal(5),
        "E" => decimal(6),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        exponent => {
            let power: i32 = exponent.strip_prefix(['e', 'E'])?.parse().ok()?;
            let size = 10_i128.checked_pow(power.unsigned_abs())?;
            if power < 0 { ('e', 1, size) } else { ('e', size, 1) }
        }
    })
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
