//! The `dsgrid` binary.

fn main() {}
