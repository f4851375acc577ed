//! Which version of systemd is installed.

use crate::os::root::Root;
use std::path::Path;

/// Where the library lies whose name has the version (since 231).
const LIBRARIES: [&str; 4] = [
    "/usr/lib/systemd/libsystemd-shared-*.so",
    "/usr/lib64/systemd/libsystemd-shared-*.so",
    "/usr/lib/*/systemd/libsystemd-shared-*.so",
    "/lib/systemd/libsystemd-shared-*.so",
];

/// The program, for those before.
const PROGRAMS: [&str; 2] = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];

/// A systemd of that time is 1 to 3 MB.
const LIMIT: u64 = 32 << 20;

/// The major version, found without running anything, so that it works for any tree. `None` where
/// there is no systemd. Of several (an upgrade under way) the newest.
pub fn systemd_version(root: &Root) -> Option<u32> {
    let by_library = LIBRARIES
        .iter()
        .flat_map(|pattern| root.glob(pattern).unwrap_or_default())
        .filter_map(|path| leading_number(path.file_name()?.to_str()?.strip_prefix("libsystemd-shared-")?))
        .max();
    by_library
        .or_else(|| PROGRAMS.iter().find_map(|path| in_program(&root.read(Path::new(path), LIMIT).ok()?)))
}

/// `systemd 219` as what `--version` prints, a string of its own in the program.
fn in_program(bytes: &[u8]) -> Option<u32> {
    let words = bytes.split(|&b| b == 0 || b == b'\n').filter_map(|text| text.strip_prefix(b"systemd "));
    let mut numbers = words.filter_map(|text| std::str::from_utf8(text).ok()?.parse().ok());
    numbers.find(|number| (1..1000).contains(number))
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}
