//! An `updateStrategy` as the API has it: what is refused, and how it reads.
//!
//! It stays JSON here, since what was saved by a pause goes back exactly as it was.

use serde_json::Value;

use super::text::sanitize;

/// Everything that the API server refuses in an `updateStrategy` (`ValidateDaemonSetUpdateStrategy`,
/// `ValidateRollingUpdateDaemonSet`), each with its field.
#[must_use]
pub fn check(strategy: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    match strategy.get("type").and_then(Value::as_str).unwrap_or_default() {
        // Under OnDelete the limits are not even looked at.
        "OnDelete" => return wrong,
        "" | "RollingUpdate" => {}
        other => {
            wrong.push(format!(
                "spec.updateStrategy.type {other:?} is not supported; there are RollingUpdate and OnDelete"
            ));
            return wrong;
        }
    }
    let limits = strategy.get("rollingUpdate");
    let mut limit = |field: &str, default: i64| {
        let value = limits.and_then(|limits| limits.get(field)).filter(|value| !value.is_null());
        let Some(value) = value else { return Some(default) };
        limit(value)
            .map_err(|why| wrong.push(format!("spec.updateStrategy.rollingUpdate.{field} {why}")))
            .ok()
    };
    // Defaults of the API (`SetDefaults_DaemonSet`).
    let (unavailable, surge) = (limit("maxUnavailable", 1), limit("maxSurge", 0));
    match (unavailable, surge) {
        (Some(0), Some(0)) => wrong.push(
            "spec.updateStrategy.rollingUpdate.maxUnavailable cannot be 0 when maxSurge is 0".to_owned(),
        ),
        (Some(1..), Some(1..)) => wrong.push(
            "spec.updateStrategy.rollingUpdate.maxSurge may not be set when maxUnavailable is non-zero (it is 1 \
             unless set to 0)"
                .to_owned(),
        ),
        _ => {}
    }
    wrong
}

/// The number of nodes, or of a hundred, in a limit; or what is wrong with it.
fn limit(value: &Value) -> Result<i64, String> {
    let count = match value {
        Value::String(text) => {
            let digits = text
                .strip_suffix('%')
                .filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
            let Some(digits) = digits else {
                return Err(format!("{text:?} is neither a number nor a percentage like 10%"));
            };
            match digits.parse() {
                Ok(percent @ 0..=100) => percent,
                _ => return Err("may not be more than 100%".to_owned()),
            }
        }
        // The API's type is a 32-bit integer.
        value => match value.as_i64().filter(|count| *count <= i64::from(i32::MAX)) {
            Some(count) => count,
            None => return Err(format!("{value} is neither a number nor a percentage like 10%")),
        },
    };
    if count < 0 { Err("has to be 0 or more".to_owned()) } else { Ok(count) }
}

/// Reads a limit as people type it: `3` or `10%`.
///
/// # Errors
/// Says what is wrong with it.
pub fn read_limit(raw: &str) -> Result<Value, String> {
    let value = raw.parse::<i64>().map_or_else(|_| Value::from(raw), Value::from);
    limit(&value).map(|_| value).map_err(|why| match raw.parse::<i64>() {
        Ok(count) => format!("{count} {why}"),
        Err(_) if why.starts_with('"') => why,
        Err(_) => format!("{:?} {why}", sanitize(raw)),
    })
}

/// Whether a limit is none: 0 or 0 %.
#[must_use]
pub fn is_zero(limit: &Value) -> bool {
    matches!(limit_words(limit).as_str(), "0" | "0%" | "")
}

/// A limit as it is written.
#[must_use]
pub fn limit_words(limit: &Value) -> String {
    match limit {
        Value::Null => String::new(),
        Value::String(text) => sanitize(text).into_owned(),
        other => sanitize(&other.to_string()).into_owned(),
    }
}

/// The strategy in words: `RollingUpdate, maxUnavailable 10%`.
#[must_use]
pub fn words(strategy: &Value) -> String {
    let kind = strategy.get("type").and_then(Value::as_str).unwrap_or("RollingUpdate");
    let limits = strategy.get("rollingUpdate").filter(|_| kind != "OnDelete");
    let told = ["maxUnavailable", "maxSurge"].into_iter().filter_map(|field| {
        let limit = limits?.get(field).filter(|limit| !limit.is_null())?;
        Some(format!(", {field} {}", limit_words(limit)))
    });
    format!("{}{}", sanitize(kind), told.collect::<String>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The table of semantics §8.4, observed on a real server.
    #[test]
    fn what_the_server_refuses_is_refused() {
        let rolling = |limits: Value| json!({"type": "RollingUpdate", "rollingUpdate": limits});
        for (strategy, told) in [
            (rolling(json!({"maxSurge": 1})), Some("maxSurge may not be set")),
            (rolling(json!({"maxUnavailable": 1, "maxSurge": 0})), None),
            (rolling(json!({"maxUnavailable": 0, "maxSurge": 1})), None),
            (rolling(json!({"maxUnavailable": 10_000})), None),
            (rolling(json!({"maxUnavailable": "50%"})), None),
            (rolling(json!({"maxUnavailable": 0})), Some("cannot be 0 when maxSurge is 0")),
            (rolling(json!({"maxUnavailable": "0%", "maxSurge": "0%"})), Some("cannot be 0")),
            (rolling(json!({"maxUnavailable": 2, "maxSurge": 1})), Some("may not be set")),
            (rolling(json!({"maxUnavailable": "150%"})), Some("more than 100%")),
            (rolling(json!({"maxUnavailable": "5"})), Some("neither a number nor a percentage")),
            (rolling(json!({"maxUnavailable": "%"})), Some("neither a number nor a percentage")),
            (rolling(json!({"maxUnavailable": -1})), Some("has to be 0 or more")),
            (rolling(json!({"maxUnavailable": 1.5})), Some("neither a number nor a percentage")),
            (rolling(json!({"maxUnavailable": 2_147_483_648_i64})), Some("neither a number")),
            (json!({"type": "Recreate"}), Some("\"Recreate\" is not supported")),
            (json!({"type": "OnDelete", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 0}}), None),
            (json!({}), None),
        ] {
            let wrong = check(&strategy).join("; ");
            assert_eq!(wrong.is_empty(), told.is_none(), "{strategy}: {wrong}");
            assert!(wrong.contains(told.unwrap_or_default()), "{strategy}: {wrong}");
        }
    }

    #[test]
    fn limits_are_typed_as_numbers_and_percentages() {
        assert_eq!(read_limit("3"), Ok(json!(3)));
        assert_eq!(read_limit("0"), Ok(json!(0)));
        assert_eq!(read_limit("10%"), Ok(json!("10%")));
        for (raw, told) in [
            ("", "neither a number"),
            ("three", "neither a number"),
            ("-1", "-1 has to be 0 or more"),
            ("101%", "\"101%\" may not be more than 100%"),
            ("-5%", "neither a number"),
            ("1.5", "neither a number"),
            ("99999999999", "neither a number"),
        ] {
            let error = read_limit(raw).unwrap_err();
            assert!(error.contains(told), "{raw}: {error}");
        }
    }

    #[test]
    fn a_strategy_reads_as_people_speak() {
        for (strategy, told) in [
            (json!({"type": "OnDelete", "rollingUpdate": {"maxUnavailable": 3}}), "OnDelete"),
            (
                json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "10%"}}),
                "RollingUpdate, maxUnavailable 10%, maxSurge 0",
            ),
            (json!({"type": "RollingUpdate"}), "RollingUpdate"),
            (json!({"type": "a\u{1b}[2Jb"}), "ab"),
        ] {
            assert_eq!(words(&strategy), told);
        }
    }
}
