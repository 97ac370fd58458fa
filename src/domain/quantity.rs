//! Amounts of resources (`apimachinery/pkg/api/resource`).

use serde::{Deserialize, Deserializer};

use super::text::Text;

/// A billion.
const NANO: i128 = 1_000_000_000;

/// An amount, like `250m` or `1.5Gi`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantity {
    nanos: i128,
    format: char,
}

impl Quantity {
    /// Reads what is written; none where it is no quantity. Finer than a billionth is rounded up.
    #[must_use]
    pub fn parse(written: &str) -> Option<Self> {
        let digits = written.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '+' | '-'));
        let (number, suffix) = written.split_at(digits.unwrap_or(written.len()));
        let (format, factor_mul, factor_div) = factor(suffix)?;
        let (negative, number) = match number.strip_prefix('-') {
            Some(number) => (true, number),
            None => (false, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && part.is_empty()) || number.contains(['+', '-']) {
            return None;
        }
        let digits: i128 = format!("{whole}{part}").parse().ok()?;
        let below = 10_i128.checked_pow(u32::try_from(part.len()).ok()?)?.checked_mul(factor_div)?;
        let above = digits.checked_mul(factor_mul)?.checked_mul(1_000_000_000)?;
        // Finer than a billionth is rounded up.
        let nanos = above.checked_add(below - 1)?.div_euclid(below);
        // Small numbers lose their binary suffix.
        let format = if format == 'b' && nanos < 1024 * 1_000_000_000 { 'd' } else { format };
        Some(Self { nanos: if negative { -nanos } else { nanos }, format })
    }

    /// The value in billionths.
    #[must_use]
    pub fn nanos(self) -> i128 {
        self.nanos
    }

    /// The letter of its format: `d` decimal, `b` binary, `e` with an exponent.
    #[must_use]
    pub fn format(self) -> char {
        self.format
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { nanos: self.nanos.saturating_add(other.nanos), format: other.format }
    }

    /// The share of another amount in percent, rounded down; none of nothing.
    #[must_use]
    pub fn percent_of(self, whole: Self) -> Option<i128> {
        self.nanos.checked_mul(100)?.checked_div(whole.nanos)
    }

    /// As processors are counted: `2`, `350m`.
    #[must_use]
    pub fn as_cpu(self) -> String {
        let millis = (self.nanos + NANO / 1000 - 1).div_euclid(NANO / 1000);
        if millis % 1000 == 0 { (millis / 1000).to_string() } else { format!("{millis}m") }
    }

    /// As memory is counted: `512Mi`, `15.5Gi`.
    #[must_use]
    pub fn as_bytes(self) -> String {
        let bytes = self.nanos / NANO;
        let units = [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)];
        let Some((unit, shift)) = units.into_iter().find(|(_, shift)| bytes >> shift > 0) else {
            return bytes.to_string();
        };
        let tenths = (bytes * 10) >> shift;
        if tenths % 10 == 0 || tenths >= 1000 {
            format!("{}{unit}", tenths / 10)
        } else {
            format!("{}.{}{unit}", tenths / 10, tenths % 10)
        }
    }
}

impl<'de> Deserialize<'de> for Quantity {
    /// What is no quantity counts as none.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Wire {
            Text(Text),
            Whole(i64),
            Part(f64),
        }
        let written = match Option::<Wire>::deserialize(deserializer)? {
            Some(Wire::Text(text)) => text.to_string(),
            Some(Wire::Whole(number)) => number.to_string(),
            Some(Wire::Part(number)) => number.to_string(),
            None => return Ok(Self::default()),
        };
        Ok(Self::parse(&written).unwrap_or_default())
    }
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
    fn amounts_read_as_people_write_them() {
        let cpu = |text| Quantity::parse(text).expect("a quantity").as_cpu();
        assert_eq!(["250m", "2", "0.35", "1500m", "1u"].map(cpu), ["250m", "2", "350m", "1500m", "1m"]);
        let bytes = |text| Quantity::parse(text).expect("a quantity").as_bytes();
        assert_eq!(
            ["512Mi", "1.5Gi", "16393244Ki", "100", "1G"].map(bytes),
            ["512Mi", "1.5Gi", "15.6Gi", "100", "953Mi"]
        );
        for text in ["", "x", "1x", "1.2.3", "--1"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
        let whole = Quantity::parse("4").expect("a quantity");
        assert_eq!(Quantity::parse("350m").and_then(|part| part.percent_of(whole)), Some(8));
        assert_eq!(whole.percent_of(Quantity::default()), None);
    }
}
