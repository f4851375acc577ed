//! `amr demo`
use crate::cli::args::Demo;
pub fn run(_a: &Demo) -> u8 {
    0
}
pub fn stand_in(_r: &str) -> u8 {
    0
}
