//! Label selectors: as written in URLs (`a=b,c in (d,e),!f`) and as written in objects.

use serde_json::Value;

use super::object::Labels;

/// How a label is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Present and one of the values.
    In,
    /// Absent, or none of the values.
    NotIn,
    /// Present.
    Exists,
    /// Absent.
    DoesNotExist,
    /// Present, a number, and greater than the value.
    GreaterThan,
    /// Present, a number, and less than the value.
    LessThan,
}

/// One condition of a selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The label.
    pub key: String,
    /// The comparison.
    pub operator: Operator,
    /// What it is compared with.
    pub values: Vec<String>,
}

/// Conditions that must all hold; none of them means everything is selected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSelector(pub Vec<Requirement>);

impl Requirement {
    fn holds(&self, value: Option<&str>) -> bool {
        let listed = |v: &str| self.values.iter().any(|x| x == v);
        let compare = |f: fn(&i64, &i64) -> bool| {
            let value = value.and_then(|v| v.parse::<i64>().ok());
            let bound = self.values.first().and_then(|v| v.parse::<i64>().ok());
            value.zip(bound).is_some_and(|(v, b)| f(&v, &b))
        };
        match self.operator {
            Operator::In => value.is_some_and(listed),
            Operator::NotIn => !value.is_some_and(listed),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => compare(i64::gt),
            Operator::LessThan => compare(i64::lt),
        }
    }
}

impl LabelSelector {
    /// Whether an object with these labels is selected.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|r| r.holds(labels.get(&r.key)))
    }

    /// Whether an object with this JSON map of labels is selected.
    #[must_use]
    pub fn matches_value(&self, labels: &Value) -> bool {
        self.0.iter().all(|r| r.holds(labels[&r.key].as_str()))
    }

    /// Reads the `matchLabels` and `matchExpressions` of an object's selector.
    ///
    /// # Errors
    /// The path of the expression that cannot be read.
    pub fn from_value(selector: &Value) -> Result<Self, String> {
        let mut requirements = Vec::new();
        for (key, value) in selector["matchLabels"].as_object().into_iter().flatten() {
            let value = value.as_str().ok_or_else(|| format!("matchLabels[{key}]"))?;
            let values = vec![value.to_owned()];
            requirements.push(Requirement { key: key.clone(), operator: Operator::In, values });
        }
        let expressions = selector["matchExpressions"].as_array().into_iter().flatten();
        for (index, expression) in expressions.enumerate() {
            let requirement =
                expression_of(expression).ok_or_else(|| format!("matchExpressions[{index}]"))?;
            requirements.push(requirement);
        }
        Ok(Self(requirements))
    }

    /// Reads the form of URLs.
    ///
    /// # Errors
    /// A sentence that says what cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { tokens: tokens(text), at: 0 };
        let mut requirements = Vec::new();
        if parser.peek().is_none() {
            return Ok(Self(requirements));
        }
        loop {
            requirements.push(parser.requirement()?);
            match parser.next() {
                None => return Ok(Self(requirements)),
                Some(Token::Comma) => {}
                Some(other) => return Err(format!("found '{other}', expected: ',' or 'end of string'")),
            }
        }
    }
}

fn expression_of(expression: &Value) -> Option<Requirement> {
    let key = expression["key"].as_str()?.to_owned();
    let values: Option<Vec<String>> = match expression.get("values") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(list) => list.as_array()?.iter().map(|v| v.as_str().map(str::to_owned)).collect(),
    };
    let values = values?;
    let (operator, needs_values) = match expression["operator"].as_str()? {
        "In" => (Operator::In, true),
        "NotIn" => (Operator::NotIn, true),
        "Exists" => (Operator::Exists, false),
        "DoesNotExist" => (Operator::DoesNotExist, false),
        _ => return None,
    };
    (values.is_empty() != needs_values).then_some(Requirement { key, operator, values })
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Comma,
    Open,
    Close,
    Equal,
    NotEqual,
    Not,
    Greater,
    Less,
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Word(word) => word,
            Self::Comma => ",",
            Self::Open => "(",
            Self::Close => ")",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Not => "!",
            Self::Greater => ">",
            Self::Less => "<",
        })
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let token = match c {
            c if c.is_whitespace() => continue,
            ',' => Token::Comma,
            '(' => Token::Open,
            ')' => Token::Close,
            '>' => Token::Greater,
            '<' => Token::Less,
            '=' => {
                chars.next_if_eq(&'=');
                Token::Equal
            }
            '!' => match chars.next_if_eq(&'=') {
                Some(_) => Token::NotEqual,
                None => Token::Not,
            },
            first => {
                let mut word = String::from(first);
                while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !",()<>=!".contains(*c)) {
                    word.push(c);
                }
                Token::Word(word)
            }
        };
        tokens.push(token);
    }
    tokens
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn word(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Word(word)) => Ok(word),
            Some(other) => Err(format!("found '{other}', expected: identifier")),
            None => Err("found '', expected: identifier".to_owned()),
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        if self.peek() == Some(&Token::Not) {
            self.next();
            let key = self.word()?;
            return Ok(Requirement { key, operator: Operator::DoesNotExist, values: Vec::new() });
        }
        let key = self.word()?;
        let (operator, values) = match self.peek().cloned() {
            None | Some(Token::Comma) => (Operator::Exists, Vec::new()),
            Some(Token::Equal) => (Operator::In, self.single()),
            Some(Token::NotEqual) => (Operator::NotIn, self.single()),
            Some(Token::Greater) => (Operator::GreaterThan, self.number()?),
            Some(Token::Less) => (Operator::LessThan, self.number()?),
            Some(Token::Word(word)) if word == "in" => (Operator::In, self.set()?),
            Some(Token::Word(word)) if word == "notin" => (Operator::NotIn, self.set()?),
            Some(other) => {
                return Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt"));
            }
        };
        Ok(Requirement { key, operator, values })
    }

    /// `key=` selects the empty value.
    fn single(&mut self) -> Vec<String> {
        self.next();
        match self.peek().cloned() {
            Some(Token::Word(word)) => {
                self.next();
                vec![word]
            }
            _ => vec![String::new()],
        }
    }

    fn number(&mut self) -> Result<Vec<String>, String> {
        self.next();
        let word = self.word()?;
        match word.parse::<i64>() {
            Ok(_) => Ok(vec![word]),
            Err(_) => Err(format!(
                "values[0]: Invalid value: \"{word}\": for 'Gt', 'Lt' operators, the value must be an integer"
            )),
        }
    }

    fn set(&mut self) -> Result<Vec<String>, String> {
        self.next();
        if self.next() != Some(Token::Open) {
            return Err("expected: '(' after in or notin".to_owned());
        }
        let mut values = Vec::new();
        loop {
            match self.next() {
                Some(Token::Word(word)) => values.push(word),
                // An empty element is the empty value, as in `a in (,b)`.
                Some(Token::Comma) => {
                    values.push(String::new());
                    continue;
                }
                Some(Token::Close) => {
                    values.push(String::new());
                    return Ok(values);
                }
                Some(other) => return Err(format!("found '{other}', expected: ',', ')' or identifier")),
                None => return Err("found '', expected: ',' or ')'".to_owned()),
            }
            match self.next() {
                Some(Token::Comma) => {}
                Some(Token::Close) => return Ok(values),
                Some(other) => return Err(format!("found '{other}', expected: ',' or ')'")),
                None => return Err("found '', expected: ',' or ')'".to_owned()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_of_the_url_selects_as_the_api_does() {
        let labels = json!({"app": "a", "zone": "", "n": "7"});
        for (selector, selected) in [
            ("", true),
            ("app", true),
            ("!app", false),
            ("!q", true),
            ("app=a", true),
            ("app==a", true),
            ("app = a , zone=", true),
            ("q=", false),
            ("app!=a", false),
            ("q!=a", true),
            ("app in (a,b)", true),
            ("app in (b)", false),
            ("app notin (a)", false),
            ("q notin (a)", true),
            ("zone in ()", true),
            ("zone in (,x)", true),
            ("n>5", true),
            ("n<5", false),
            ("app>5", false),
            ("app in (a),!q,n", true),
        ] {
            let parsed = LabelSelector::parse(selector).unwrap_or_else(|e| panic!("{selector}: {e}"));
            assert_eq!(parsed.matches_value(&labels), selected, "{selector}");
        }
        for bad in ["app=a,", "=a", "app in a", "app in (a", "!", "a b", "n>x", "a,,b", "a in (b c)"] {
            assert!(LabelSelector::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn object_selectors_are_read_or_refused() {
        let selector = json!({"matchLabels": {"app": "a"},
            "matchExpressions": [{"key": "zone", "operator": "Exists"}]});
        let parsed = LabelSelector::from_value(&selector).unwrap();
        assert!(parsed.matches_value(&json!({"app": "a", "zone": "x"})));
        assert!(!parsed.matches_value(&json!({"app": "a"})));
        for bad in [
            json!({"key": "a", "operator": "In"}),
            json!({"key": "a", "operator": "Exists", "values": ["x"]}),
            json!({"key": "a", "operator": "Gt", "values": ["1"]}),
        ] {
            assert!(LabelSelector::from_value(&json!({"matchExpressions": [bad]})).is_err());
        }
    }
}
