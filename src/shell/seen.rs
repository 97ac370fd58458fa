//! The file that remembers, by context, what was wanted where at the last look.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::absence::{Memory, Sighting};

/// The part of the file that belongs to one context.
#[derive(Clone, Debug)]
pub struct SeenFile {
    path: PathBuf,
    context: String,
}

impl SeenFile {
    /// The file at a path, for a context.
    #[must_use]
    pub fn new(path: PathBuf, context: &str) -> Self {
        Self { path, context: context.to_owned() }
    }

    /// The last look, if there was one and it can be read: what is remembered is a convenience, never an obstacle.
    #[must_use]
    pub fn last_look(&self) -> Option<Sighting> {
        read(&self.path).remove(&self.context)
    }

    /// Puts a look in the place of the last one. What other contexts, or other instances on this one, have seen stays.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn remember(&self, sighting: &Sighting) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        // The lock is a file of its own, since the other is replaced. It ends with this function, or with the process.
        let lock = File::create(self.path.with_extension("lock"))?;
        lock.lock()?;
        let mut memory = read(&self.path);
        let older = memory.remove(&self.context).unwrap_or_default();
        memory.insert(self.context.clone(), sighting.clone().over(&older));
        let fresh = self.path.with_extension("json.new");
        fs::write(&fresh, serde_json::to_vec(&memory)?)?;
        fs::rename(&fresh, &self.path)
    }
}

/// Everything in the file; nothing where it is missing or spoilt.
fn read(path: &Path) -> Memory {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!(path = %path.display(), %error, "the last look cannot be read");
            }
            return Memory::new();
        }
    };
    serde_json::from_slice(&text).unwrap_or_else(|error| {
        tracing::warn!(path = %path.display(), %error, "the last look is spoilt and is forgotten");
        Memory::new()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::absence::SeenSet;
    use crate::domain::text::Text;

    fn sighting(set: &str) -> Sighting {
        let seen = SeenSet { at: 7, desired: 1, wanted: vec![(0, 0)], ..SeenSet::default() };
        Sighting { nodes: vec![Text::new("a")], sets: [(set.to_owned(), seen)].into() }
    }

    #[test]
    fn instances_do_not_lose_each_others_looks() {
        let folder = std::env::temp_dir().join(format!("dsgrid-seen-{}", std::process::id()));
        let path = folder.join("state").join("seen.json");
        let file = |context: &str| SeenFile::new(path.clone(), context);
        assert_eq!(file("prod").last_look(), None);
        let writers: Vec<_> = (0..8)
            .map(|at| {
                let file = file(if at % 2 == 0 { "prod" } else { "test" });
                std::thread::spawn(move || file.remember(&sighting(&at.to_string())))
            })
            .collect();
        for writer in writers {
            writer.join().expect("it does not panic").expect("it writes");
        }
        for (context, sets) in [("prod", ["0", "2", "4", "6"]), ("test", ["1", "3", "5", "7"])] {
            let look = file(context).last_look().expect("it was remembered");
            assert_eq!(look.sets.keys().collect::<Vec<_>>(), sets);
        }
        fs::write(&path, b"{\"prod\": 5").expect("it can be spoilt");
        assert_eq!(file("prod").last_look(), None);
        file("prod").remember(&sighting("9")).expect("it is written anew");
        assert!(file("prod").last_look().is_some());
        fs::remove_dir_all(folder).expect("it can be removed");
    }
}
