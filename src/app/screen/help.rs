//! Every key, from the one table.

use crate::app::keymap::{Context, bindings};
use crate::app::page::Page;

/// The keys' column.
const KEYS: usize = 22;

/// The table of keys.
pub(super) fn page() -> Page {
    let mut page = Page::new("every key");
    for context in Context::ALL {
        page.heading(context.title());
        for binding in bindings().filter(|binding| binding.context == context) {
            let keys = binding.key_names().join(" ");
            page.told(false, &keys, KEYS, binding.description);
        }
    }
    page
}
