//! Required node affinity (`component-helpers/scheduling/corev1/nodeaffinity`), with every malformed form.

use crate::domain::label::{check_key, check_value};
use crate::domain::object::{Labels, MatchExpression, NodeSelectorTerm};
use crate::domain::text::Text;

/// The `ORed` terms, read once. A malformed term matches nothing, silently, and the others still count.
#[derive(Clone, Debug)]
pub(super) struct Affinity(Vec<Result<Term, Malformed>>);

#[derive(Clone, Debug)]
struct Term {
    labels: Vec<(MatchExpression, Operator)>,
    names: Vec<(MatchExpression, Operator)>,
}

#[derive(Clone, Copy, Debug)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
    Gt(i64),
    Lt(i64),
}

/// Why a term can never match.
#[derive(Clone, Debug)]
struct Malformed {
    key: Text,
    why: String,
}

/// What one term says about a node.
#[derive(Clone, Debug)]
pub(super) struct TermVerdict {
    /// Counted from 1, as people count.
    pub(super) number: usize,
    pub(super) matches: bool,
    /// The expressions that fail, or those that hold.
    pub(super) detail: String,
    /// The key of the deciding expression.
    pub(super) key: Text,
}

impl Affinity {
    pub(super) fn new(terms: &[NodeSelectorTerm]) -> Self {
        Self(terms.iter().map(Term::new).collect())
    }

    pub(super) fn matches(&self, name: &str, labels: &Labels) -> bool {
        self.0.iter().flatten().any(|term| term.matches(name, labels))
    }

    /// Whether every term that can match wants a label, one of those that `telling` accepts, to be there.
    pub(super) fn asks_for_labels(&self, telling: impl Fn(&str) -> bool) -> bool {
        let wants = |(expression, operator): &(MatchExpression, Operator)| {
            !matches!(operator, Operator::NotIn | Operator::DoesNotExist) && telling(&expression.key)
        };
        let mut terms = self.0.iter().flatten().peekable();
        terms.peek().is_some() && terms.all(|term| term.labels.iter().any(wants))
    }

    pub(super) fn terms(&self, name: &str, labels: &Labels) -> Vec<TermVerdict> {
        let verdict = |(at, term): (usize, &Result<Term, Malformed>)| match term {
            Ok(term) => term.verdict(at + 1, name, labels),
            Err(malformed) => TermVerdict {
                number: at + 1,
                matches: false,
                detail: malformed.why.clone(),
                key: malformed.key.clone(),
            },
        };
        self.0.iter().enumerate().map(verdict).collect()
    }
}

impl Term {
    fn new(term: &NodeSelectorTerm) -> Result<Self, Malformed> {
        if term.match_expressions.is_empty() && term.match_fields.is_empty() {
            return Err(Malformed {
                key: Text::default(),
                why: "it is empty, and an empty term matches no node".into(),
            });
        }
        let read = |expressions: &[MatchExpression],
                    operator: fn(&MatchExpression) -> Result<Operator, String>| {
            expressions
                .iter()
                .map(|e| match operator(e) {
                    Ok(operator) => Ok((e.clone(), operator)),
                    Err(why) => {
                        Err(Malformed { key: e.key.clone(), why: format!("\"{e}\" is malformed ({why})") })
                    }
                })
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            labels: read(&term.match_expressions, label_operator)?,
            names: read(&term.match_fields, field_operator)?,
        })
    }

    fn matches(&self, name: &str, labels: &Labels) -> bool {
        self.labels.iter().all(|(e, op)| op.holds(e, labels.get(&e.key).map(Text::as_str)))
            && self.names.iter().all(|(e, op)| op.holds(e, Some(name)))
    }

    fn verdict(&self, number: usize, name: &str, labels: &Labels) -> TermVerdict {
        let labelled = self.labels.iter().map(|(e, op)| (e, op, labels.get(&e.key).map(Text::as_str)));
        let named = self.names.iter().map(|(e, op)| (e, op, Some(name)));
        let all: Vec<_> =
            labelled.chain(named).map(|(e, op, value)| (e, value, op.holds(e, value))).collect();
        let matches = all.iter().all(|(.., holds)| *holds);
        let telling = || all.iter().filter(|(.., holds)| *holds == matches);
        let sentence = |(e, value, holds): &(&MatchExpression, Option<&str>, bool)| match value {
            _ if *holds => e.to_string(),
            Some(value) => format!("{e}, the node has {}={value}", e.key),
            None => format!("{e}, the node has no label {}", e.key),
        };
        TermVerdict {
            number,
            matches,
            detail: telling().map(sentence).collect::<Vec<_>>().join("; "),
            key: telling().next().map(|(e, ..)| e.key.clone()).unwrap_or_default(),
        }
    }
}

impl Operator {
    /// Whether a label with this value (none: no such label) meets the requirement (`labels/selector.go`, `Matches`).
    fn holds(self, expression: &MatchExpression, value: Option<&str>) -> bool {
        let listed = |value: &str| expression.values.iter().any(|v| v == value);
        match self {
            Self::In => value.is_some_and(listed),
            Self::NotIn => value.is_none_or(|v| !listed(v)),
            Self::Exists => value.is_some(),
            Self::DoesNotExist => value.is_none(),
            Self::Gt(bound) => value.and_then(parse_int).is_some_and(|v| v > bound),
            Self::Lt(bound) => value.and_then(parse_int).is_some_and(|v| v < bound),
        }
    }
}

/// Go's `strconv.ParseInt(s, 10, 64)`: a sign and leading zeros are allowed, as in Rust.
fn parse_int(text: &str) -> Option<i64> {
    text.parse().ok()
}

fn label_operator(e: &MatchExpression) -> Result<Operator, String> {
    if check_key(&e.key).is_err() {
        return Err("its key is not a legal label key".into());
    }
    if let Some(value) = e.values.iter().find(|v| check_value(v).is_err()) {
        return Err(format!("\"{value}\" is not a legal label value"));
    }
    let bound = || match e.values.as_slice() {
        [one] => parse_int(one).ok_or_else(|| format!("{} needs an integer", e.operator)),
        _ => Err(format!("{} needs exactly one value", e.operator)),
    };
    match e.operator.as_str() {
        "In" | "NotIn" if e.values.is_empty() => Err(format!("{} needs values", e.operator)),
        "Exists" | "DoesNotExist" if !e.values.is_empty() => Err(format!("{} takes no values", e.operator)),
        "In" => Ok(Operator::In),
        "NotIn" => Ok(Operator::NotIn),
        "Exists" => Ok(Operator::Exists),
        "DoesNotExist" => Ok(Operator::DoesNotExist),
        "Gt" => bound().map(Operator::Gt),
        "Lt" => bound().map(Operator::Lt),
        _ => Err("unknown operator".into()),
    }
}

fn field_operator(e: &MatchExpression) -> Result<Operator, String> {
    if e.key != "metadata.name" {
        return Err("the only field is metadata.name".into());
    }
    if e.values.len() != 1 {
        return Err("a field takes exactly one value".into());
    }
    match e.operator.as_str() {
        "In" => Ok(Operator::In),
        "NotIn" => Ok(Operator::NotIn),
        _ => Err("a field takes only In and NotIn".into()),
    }
}
