//! The syntax of label keys and values, told precisely (`apimachinery/pkg/util/validation`).

/// The longest name of a key, and the longest value, in characters.
const LONGEST: usize = 63;
/// The longest prefix of a key, and the longest name of an object, in characters.
const LONGEST_SUBDOMAIN: usize = 253;

/// Checks a label's or taint's key: an optional DNS subdomain and `/`, then a name.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_key(key: &str) -> Result<(), String> {
    let wrong = |why: String| Err(format!("{key:?} is no valid key: {why}"));
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if let Some(Err(why)) = prefix.map(subdomain) {
        return wrong(format!("the part before the / {why}"));
    }
    if name.is_empty() {
        return wrong("its name is empty".to_owned());
    }
    word(name).or_else(|why| wrong(format!("its name {why}")))
}

/// Checks a label's or taint's value; empty is one.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_value(value: &str) -> Result<(), String> {
    word(value).map_err(|why| format!("{value:?} is no valid value: it {why}"))
}

/// Checks a DNS subdomain, which the names of most objects are.
///
/// # Errors
/// Says what is wrong with it, as in "the name …".
pub fn subdomain(name: &str) -> Result<(), String> {
    let legal = |part: &str| {
        let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !part.is_empty() && part.bytes().all(inside) && !part.starts_with('-') && !part.ends_with('-')
    };
    if name.len() > LONGEST_SUBDOMAIN {
        return Err(format!("has {} characters, and {LONGEST_SUBDOMAIN} are the most", name.len()));
    }
    if !name.split('.').all(legal) {
        return Err("has to be lower-case letters, digits, - and ., each part beginning and ending with a \
                    letter or digit"
            .to_owned());
    }
    Ok(())
}

fn word(word: &str) -> Result<(), String> {
    let count = word.chars().count();
    if count > LONGEST {
        return Err(format!("has {count} characters, and {LONGEST} are the most"));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if let Some(bad) = word.chars().find(|c| !legal(*c)) {
        return Err(format!("holds {bad:?}; letters, digits, -, _ and . are allowed"));
    }
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    if !edge(word.chars().next()) || !edge(word.chars().last()) {
        return Err("has to begin and end with a letter or digit".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_checked_as_the_api_checks_them() {
        let long = "a".repeat(63);
        let longest_prefix = format!("{}/x", ["b".repeat(62).as_str(); 4].join(".").as_str());
        for key in ["a", "A_b.c-9", "example.com/pool", "a-b.c/x", &long, &longest_prefix] {
            assert_eq!(check_key(key), Ok(()), "{key}");
        }
        let (longer, prefix) = ("a".repeat(64), format!("{}/x", "b.".repeat(127) + "b"));
        for (key, told) in [
            ("", "empty"),
            ("a/", "empty"),
            ("/a", "before the /"),
            ("a/b/c", "'/'"),
            ("Example.com/a", "lower-case"),
            ("a b", "' '"),
            ("-a", "begin and end"),
            ("a.", "begin and end"),
            ("größe", "'ö'"),
            (&longer, "64 characters"),
            (&prefix, "255 characters"),
        ] {
            let why = check_key(key).unwrap_err();
            assert!(why.contains(told), "{key}: {why}");
        }
        for value in ["", "a", "1.2", "A-b_c", &long] {
            assert_eq!(check_value(value), Ok(()), "{value}");
        }
        for value in ["-", "a-", ".a", "a/b", "a b", &longer] {
            assert!(check_value(value).is_err(), "{value}");
        }
    }
}
