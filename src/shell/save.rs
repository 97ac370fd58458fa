//! Writes a new file, never over one that is there.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// So many names are tried.
const TRIES: u32 = 1000;

/// Writes `text` into a new file in `folder`; where there is one called `name`, a number is put before its ending.
/// Only its owner may read it: logs hold secrets.
///
/// # Errors
/// The file cannot be written, or there are too many of that name.
pub fn save(folder: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    // A name made of what a server said must not lead out of the folder.
    let name: String = name.chars().map(|c| if c == '/' || c == '\\' { '-' } else { c }).collect();
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, "txt"));
    for number in 1..TRIES {
        let name = if number == 1 { format!("{stem}.{ending}") } else { format!("{stem}-{number}.{ending}") };
        let path = folder.join(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes())?;
                return Ok(path);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::from(ErrorKind::AlreadyExists))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_ever_overwritten() {
        let folder = std::env::temp_dir().join(format!("dsgrid-save-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let first = save(&folder, "../a.log", "one").unwrap();
        let second = save(&folder, "../a.log", "two").unwrap();
        assert_ne!(first, second);
        assert_eq!(first.parent(), Some(folder.as_path()));
        assert_eq!(std::fs::read_to_string(&first).unwrap(), "one");
        assert_eq!(std::fs::read_to_string(&second).unwrap(), "two");
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(save(&folder, "a.log", "x").is_err(), "there is no such folder");
    }
}
