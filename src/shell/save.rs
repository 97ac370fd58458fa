//! Saves a text to a new file, and never over another.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// So many files of one name are enough.
const MOST: u32 = 1000;

/// Saves to a file of this name, or with a number in it where that is taken; its path, or why not.
///
/// # Errors
/// The words say what failed and what to do.
pub(super) fn save(directory: &Path, name: &str, text: &str) -> Result<String, String> {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, "txt"));
    for number in 0..MOST {
        let numbered = if number == 0 { String::new() } else { format!("-{number}") };
        let path = directory.join(format!("{stem}{numbered}.{ending}"));
        let cannot = |error: std::io::Error| {
            format!("cannot save to {}: {error}; start dsgrid where you may write", path.display())
        };
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes()).map_err(cannot)?;
                return Ok(path.display().to_string());
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(cannot(error)),
        }
    }
    Err(format!("there are {MOST} files named like {name} already; remove some"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten() {
        let directory = std::env::temp_dir().join(format!("dsgrid-save-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory for the test");
        let first = save(&directory, "node-a.yaml", "one").expect("it saves");
        let second = save(&directory, "node-a.yaml", "two").expect("it saves");
        assert!(first.ends_with("node-a.yaml") && second.ends_with("node-a-1.yaml"), "{first} {second}");
        assert_eq!(std::fs::read_to_string(first).expect("it is there"), "one");
        assert_eq!(std::fs::read_to_string(second).expect("it is there"), "two");
        let nowhere = save(&directory.join("missing"), "node-a.yaml", "");
        assert!(nowhere.expect_err("there is no such directory").contains("cannot save to"));
        std::fs::remove_dir_all(directory).expect("the test may clean up");
    }
}
