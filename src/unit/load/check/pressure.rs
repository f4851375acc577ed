//! `ConditionCPUPressure=` and its kin: does the host, or a slice, wait less for a resource than so much of its
//! time (`condition_test_psi`)? Where the kernel does not measure it, the condition is met, as for systemd.

use super::controllers::Hierarchies;
use super::text;
use crate::os::root::Root;
use crate::unit::name::{UnitKind, UnitName};
use crate::unit::value::size::parse_permyriad;
use std::path::{Path, PathBuf};

/// What is waited for.
#[derive(Clone, Copy)]
pub(super) enum Resource {
    Cpu,
    Memory,
    Io,
}

impl Resource {
    fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Io => "io",
        }
    }
}

/// `50%`, `50%/10sec`, `system.slice:50%/1min`.
pub(super) fn holds(root: &Root, resource: Resource, value: &str) -> Option<bool> {
    let measured = |kind: &str| root.exists(&Path::new("/proc/pressure").join(kind));
    if !["cpu", "io", "memory"].into_iter().all(measured) {
        return Some(true);
    }
    let (path, limit) = match value.split_once(':') {
        None => (Path::new("/proc/pressure").join(resource.name()), value),
        Some((slice, limit)) => match in_slice(root, resource, slice.trim())? {
            None => return Some(true),
            Some(path) => (path, limit),
        },
    };
    let (limit, span) = limit.split_once('/').unwrap_or((limit, "5min"));
    let known = [("10sec", "avg10="), ("1min", "avg60="), ("5min", "avg300=")];
    let (_, field) = known.into_iter().find(|(name, _)| span.trim_start().starts_with(name))?;
    let limit = parse_permyriad(limit.trim()).filter(|limit| *limit <= 10_000)?;
    let Some(text) = text(root, &path.to_string_lossy()) else { return Some(true) };
    let line = |begin: &str| text.lines().find(|line| line.starts_with(begin));
    // Older kernels do not say of the processor when all have waited.
    let line = line("full ").or_else(|| line("some "))?;
    let now = line.split(' ').find_map(|word| word.strip_prefix(field))?;
    Some(hundredths(now)? <= limit)
}

/// Where a slice's is told; inside `None` where it cannot be.
fn in_slice(root: &Root, resource: Resource, slice: &str) -> Option<Option<PathBuf>> {
    let all = Hierarchies::find(root)?;
    let Some(top) = all.unified_only() else { return Some(None) };
    if !all.has(resource.name()) {
        return Some(None);
    }
    let name = UnitName::parse(slice).ok().filter(|name| name.kind() == UnitKind::Slice)?;
    let mut path = top.to_owned();
    // a-b.slice lies in a.slice.
    for (at, _) in name.stem().match_indices('-') {
        path.push(format!("{}.slice", name.stem().get(..at)?));
    }
    if name.stem() != "-" {
        path.push(name.as_str());
    }
    Some(Some(path.join(format!("{}.pressure", resource.name()))))
}

/// `1.50` as hundredths.
fn hundredths(text: &str) -> Option<u32> {
    let (whole, part) = text.split_once('.')?;
    let part: u32 = part.get(..2)?.parse().ok()?;
    whole.parse::<u32>().ok()?.checked_mul(100)?.checked_add(part)
}
