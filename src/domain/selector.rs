//! Label selectors: those of objects, and those people type after `-l`.

use std::fmt;

use serde::Deserialize;

use super::object::{Labels, MatchExpression};
use super::text::Text;

/// A label selector of an object (`metav1.LabelSelector`), or of the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Box<[Requirement]>);

/// One requirement on a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The label's key.
    pub key: Text,
    /// What it has to be.
    pub test: Test,
}

/// What a label has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// Present and one of these.
    In(Vec<Text>),
    /// Absent, or none of these.
    NotIn(Vec<Text>),
    /// Present.
    Exists,
    /// Absent.
    DoesNotExist,
}

impl Selector {
    /// Whether labels pass every requirement; an empty selector passes everything.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|requirement| {
            let value = labels.get(&requirement.key);
            match &requirement.test {
                Test::In(values) => value.is_some_and(|v| values.contains(v)),
                Test::NotIn(values) => value.is_none_or(|v| !values.contains(v)),
                Test::Exists => value.is_some(),
                Test::DoesNotExist => value.is_none(),
            }
        })
    }

    /// Whether there is no requirement.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads kubectl's syntax: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, joined by commas.
    ///
    /// # Errors
    /// Says which part cannot be read.
    pub fn parse(raw: &str) -> Result<Self, SelectorError> {
        let parts = split_outside_parentheses(raw);
        let requirements: Result<Vec<Requirement>, SelectorError> =
            parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(parse_requirement).collect();
        Ok(Self(requirements?.into()))
    }
}

/// A part of a selector that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot read \"{part}\" in the label selector; write key=value, key!=value, key in (a,b), key or !key"
)]
pub struct SelectorError {
    /// The part.
    pub part: String,
}

fn split_outside_parentheses(raw: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    raw.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .collect()
}

fn parse_requirement(part: &str) -> Result<Requirement, SelectorError> {
    let wrong = || SelectorError { part: part.to_owned() };
    let one = |value: &str| vec![Text::new(value.trim())];
    let (key, test) = if let Some(key) = part.strip_prefix('!') {
        (key, Test::DoesNotExist)
    } else if let Some((key, value)) = part.split_once("!=") {
        (key, Test::NotIn(one(value)))
    } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        (key, Test::In(one(value)))
    } else if let Some((key, rest)) = part.split_once(char::is_whitespace) {
        let rest = rest.trim();
        let (word, list) = rest.split_at(rest.find([' ', '(']).ok_or_else(wrong)?);
        let list = list.trim().strip_prefix('(').and_then(|l| l.strip_suffix(')')).ok_or_else(wrong)?;
        let values = list.split(',').map(|v| Text::new(v.trim())).collect();
        match word {
            "in" => (key, Test::In(values)),
            "notin" => (key, Test::NotIn(values)),
            _ => return Err(wrong()),
        }
    } else {
        (part, Test::Exists)
    };
    let key = key.trim();
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    if key.is_empty() || !key.chars().all(legal) {
        return Err(wrong());
    }
    let values_legal = match &test {
        Test::In(values) | Test::NotIn(values) => {
            values.iter().all(|v| v.chars().all(|c| legal(c) && c != '/'))
        }
        Test::Exists | Test::DoesNotExist => true,
    };
    if !values_legal {
        return Err(wrong());
    }
    Ok(Requirement { key: Text::new(key), test })
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, requirement) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            let key = &requirement.key;
            let list = |values: &[Text]| values.iter().map(Text::as_str).collect::<Vec<_>>().join(",");
            match &requirement.test {
                Test::In(values) if values.len() == 1 => write!(f, "{key}={}", values[0])?,
                Test::In(values) => write!(f, "{key} in ({})", list(values))?,
                Test::NotIn(values) if values.len() == 1 => write!(f, "{key}!={}", values[0])?,
                Test::NotIn(values) => write!(f, "{key} notin ({})", list(values))?,
                Test::Exists => write!(f, "{key}")?,
                Test::DoesNotExist => write!(f, "!{key}")?,
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Wire {
            match_labels: Labels,
            match_expressions: Option<Vec<MatchExpression>>,
        }
        let wire = Wire::deserialize(deserializer)?;
        let labels = wire
            .match_labels
            .iter()
            .map(|(key, value)| Requirement { key: key.clone(), test: Test::In(vec![value.clone()]) })
            .collect::<Vec<_>>();
        let expressions = wire.match_expressions.unwrap_or_default().into_iter().filter_map(|expression| {
            let test = match expression.operator.as_str() {
                "In" => Test::In(expression.values),
                "NotIn" => Test::NotIn(expression.values),
                "Exists" => Test::Exists,
                "DoesNotExist" => Test::DoesNotExist,
                _ => return None,
            };
            Some(Requirement { key: expression.key, test })
        });
        Ok(Self(labels.into_iter().chain(expressions).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_read_and_print_as_kubectl_does() {
        let labels: Labels = [("app", "x"), ("tier", "a")].into_iter().collect();
        for (raw, printed, matches) in [
            ("", "", true),
            ("app=x", "app=x", true),
            ("app==x,tier!=b", "app=x,tier!=b", true),
            ("app in (x, y)", "app in (x,y)", true),
            ("app notin (x)", "app!=x", false),
            ("gone notin (x)", "gone!=x", true),
            ("app,!gone", "app,!gone", true),
            ("!app", "!app", false),
        ] {
            let selector = Selector::parse(raw).expect(raw);
            assert_eq!(selector.to_string(), printed);
            assert_eq!(selector.matches(&labels), matches, "{raw}");
        }
        for raw in ["=x", "app in x", "app within (x)", "a b", "app=x y", "a=b=c", "\u{1b}[31m"] {
            assert!(Selector::parse(raw).is_err(), "{raw}");
        }
    }
}
