//! The program: command line only, no logic.

fn main() {}
