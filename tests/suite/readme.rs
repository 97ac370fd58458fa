//! The README says what the code says.

use std::fs;
use std::path::Path;

use dsgrid::app::keymap::key_table_markdown;

const BEGIN: &str = "<!-- keys: made from the code's own table; `cargo test` keeps it true -->\n";
const END: &str = "<!-- /keys -->";

#[test]
fn the_key_table_is_the_codes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).expect("the README is there");
    let (before, rest) = readme.split_once(BEGIN).expect("the table's beginning is marked");
    let (table, after) = rest.split_once(END).expect("the table's end is marked");
    let wanted = format!("\n{}\n", key_table_markdown().trim_end());
    // As snapshots do: on request the file is brought up to date.
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&path, format!("{before}{BEGIN}{wanted}\n{END}{after}"))
            .expect("the README can be written");
    } else {
        assert_eq!(
            table.trim(),
            wanted.trim(),
            "run `INSTA_UPDATE=always cargo test readme` and look at the change"
        );
    }
}
