//! The names by which a service knows descriptors that it is passed (`LISTEN_FDNAMES`). Pure.

/// May a descriptor be called so? As `fdname_is_valid`, but that it is not empty: ASCII characters that can be seen.
#[must_use]
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 255 && name.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b':')
}
