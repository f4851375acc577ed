//! The version in which a message is said, before its words: `2 start`. Without one it is version 1.
//!
//! Pure.

use super::version::FIRST;

/// The words in a version.
#[must_use]
pub fn frame(version: u32, words: &str) -> String {
    if version == FIRST { words.to_owned() } else { format!("{version} {words}") }
}

/// The version of a message, and its words.
#[must_use]
pub fn unframe(message: &str) -> (u32, &str) {
    let numbered = message.split_once(' ').and_then(|(first, rest)| Some((first.parse().ok()?, rest)));
    numbered.unwrap_or((FIRST, message))
}
