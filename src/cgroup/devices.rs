//! Which device nodes a unit's processes may open: rules from its `DevicePolicy=` and `DeviceAllow=`
//! (`cgroup_apply_devices` of systemd 252), told to the devices controller of v1 or, on the unified hierarchy,
//! made into a small program that the kernel asks (`crate::os::bpf`, Linux 4.15).

use super::device;
use crate::os::bpf::{self, Rule};
use crate::os::cgroup::{Group, Version};
use crate::os::error::Error;
use crate::os::root::Root;
use crate::unit::cgroup::devices::{Allow, Devices, Policy};

/// What `closed` leaves: null, zero, full, random, urandom, tty, ptmx, and the terminals below /dev/pts.
const STANDARD: [(u32, Option<u32>, &str); 8] = [
    (1, Some(3), "rwm"),
    (1, Some(5), "rwm"),
    (1, Some(7), "rwm"),
    (1, Some(8), "rwm"),
    (1, Some(9), "rwm"),
    (5, Some(0), "rwm"),
    (5, Some(2), "rwm"),
    (136, None, "rw"),
];

/// The lines of the unit; what other directives imply is none.
pub(super) fn lines(devices: &Devices) -> Vec<String> {
    let policy = match devices.policy {
        Policy::Auto => None,
        Policy::Closed if devices.is_implied => None,
        Policy::Closed => Some("DevicePolicy=closed".to_owned()),
        Policy::Strict => Some("DevicePolicy=strict".to_owned()),
    };
    policy.into_iter().chain(devices.allow.iter().map(line)).collect()
}

fn line(allow: &Allow) -> String {
    format!("DeviceAllow={} {}", allow.device, allow.access).trim_end().to_owned()
}

/// What may be opened, and each line that names nothing, with the reason.
pub(super) fn rules(host: &Root, devices: &Devices) -> (Vec<Rule>, Vec<(String, String)>) {
    let (mut rules, mut unknown) = (Vec::new(), Vec::new());
    if devices.has_standard_nodes() {
        let standard = |(major, minor, access): &(u32, Option<u32>, &'static str)| Rule {
            kind: 'c',
            major: Some(*major),
            minor: *minor,
            access: (*access).to_owned(),
        };
        rules.extend(STANDARD.iter().map(standard));
    }
    for allow in &devices.allow {
        match allowed(host, allow) {
            Ok(more) => rules.extend(more),
            Err(why) => unknown.push((line(allow), why)),
        }
    }
    (rules, unknown)
}

fn allowed(host: &Root, allow: &Allow) -> Result<Vec<Rule>, String> {
    let access = if allow.access.is_empty() { "rwm".to_owned() } else { allow.access.clone() };
    let group = ["char-", "block-"].into_iter().find_map(|kind| allow.device.strip_prefix(kind));
    let Some(pattern) = group else {
        let (kind, (major, minor)) = device::node(host, &allow.device)?;
        return Ok(vec![Rule { kind, major: Some(major), minor: Some(minor), access }]);
    };
    let kind = if allow.device.starts_with("char-") { 'c' } else { 'b' };
    let rule = |major| Rule { kind, major, minor: None, access: access.clone() };
    if pattern == "*" {
        return Ok(vec![rule(None)]);
    }
    let majors = match pattern.parse() {
        Ok(major) => vec![major],
        Err(_) => device::majors(host, kind, pattern),
    };
    if majors.is_empty() {
        return Err(format!("/proc/devices has no '{pattern}'"));
    }
    Ok(majors.into_iter().map(|major| rule(Some(major))).collect())
}

/// Nothing but what the rules allow can be opened from now on by those in the group.
///
/// # Errors
/// The kernel's.
pub(super) fn limit(group: &Group, rules: &[Rule]) -> Result<(), Error> {
    match group.dir().1 {
        Version::V1 => {
            group.set("devices.deny", "a")?;
            rules.iter().try_for_each(|rule| group.set("devices.allow", &text(rule)))
        }
        Version::V2 => bpf::allow_devices(group, rules),
    }
}

/// Takes back what an earlier run was limited to.
pub(super) fn release(group: &Group) {
    // A group that never had a limit, or not this controller, needs nothing.
    let _ = match group.dir().1 {
        Version::V1 => group.set("devices.allow", "a"),
        Version::V2 => bpf::allow_all_devices(group),
    };
}

/// As `devices.allow` takes it.
fn text(rule: &Rule) -> String {
    let number = |number: Option<u32>| number.map_or_else(|| "*".to_owned(), |n| n.to_string());
    format!("{} {}:{} {}", rule.kind, number(rule.major), number(rule.minor), rule.access)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(policy: Policy, allow: &[(&str, &str)]) -> Devices {
        let allow = allow
            .iter()
            .map(|(device, access)| Allow { device: (*device).to_owned(), access: (*access).to_owned() });
        Devices { policy, allow: allow.collect(), is_implied: false }
    }

    fn texts(devices: &Devices) -> (Vec<String>, Vec<(String, String)>) {
        let (rules, unknown) = rules(&Root::host().unwrap(), devices);
        (rules.iter().map(text).collect(), unknown)
    }

    #[test]
    fn closed_leaves_what_is_harmless_and_strict_nothing() {
        let standard = [
            "c 1:3 rwm",
            "c 1:5 rwm",
            "c 1:7 rwm",
            "c 1:8 rwm",
            "c 1:9 rwm",
            "c 5:0 rwm",
            "c 5:2 rwm",
            "c 136:* rw",
        ];
        assert_eq!(texts(&devices(Policy::Closed, &[])).0, standard);
        assert_eq!(texts(&devices(Policy::Auto, &[("/dev/null", "r")])).0[..8], standard);
        assert_eq!(texts(&devices(Policy::Strict, &[("/dev/zero", "")])).0, ["c 1:5 rwm"]);
        assert!(texts(&devices(Policy::Auto, &[])).0.is_empty());
    }

    #[test]
    fn groups_of_drivers_are_looked_up_and_what_is_not_there_is_named() {
        let strict = |device: &str| texts(&devices(Policy::Strict, &[(device, "rw")]));
        assert_eq!(strict("char-mem").0, ["c 1:* rw"]);
        assert_eq!(strict("char-me[m]").0, ["c 1:* rw"]);
        assert_eq!(strict("block-8").0, ["b 8:* rw"]);
        assert_eq!(strict("char-*").0, ["c *:* rw"]);
        let (rules, unknown) = strict("char-nothing-of-this-name");
        assert!(rules.is_empty());
        assert_eq!(unknown[0].0, "DeviceAllow=char-nothing-of-this-name rw");
        assert!(strict("/dev/nothing").1[0].1.contains("/dev/nothing"), "{:?}", strict("/dev/nothing"));
    }
}
