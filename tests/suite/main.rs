//! The integration suite: one binary, so that the loop stays fast.
