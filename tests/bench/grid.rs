//! Benchmarks of the grid.

fn main() {}
