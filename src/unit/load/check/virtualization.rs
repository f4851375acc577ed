//! In which container or virtual machine the host runs, by the signs that systemd-detect-virt(1) goes by
//! (`detect_virtualization` of virt.c), in its order: the container, which is nearest, then the machine.

use super::{first_line, text};
use crate::os::cpu;
use crate::os::root::Root;
use crate::unit::value::boolean;
use std::path::Path;

/// A machine that has no name here.
const OTHER_MACHINE: &str = "vm-other";
/// A container that has none.
const OTHER_CONTAINER: &str = "container-other";

const CONTAINERS: [&str; 9] =
    ["lxc", "lxc-libvirt", "systemd-nspawn", "docker", "podman", "rkt", "wsl", "proot", "pouch"];

/// What the DMI's words begin with.
const VENDORS: [(&str, &str); 15] = [
    ("KVM", "kvm"),
    ("OpenStack", "kvm"),
    ("KubeVirt", "kvm"),
    ("Amazon EC2", "amazon"),
    ("QEMU", "qemu"),
    ("VMware", "vmware"),
    ("VMW", "vmware"),
    ("innotek GmbH", "oracle"),
    ("VirtualBox", "oracle"),
    ("Xen", "xen"),
    ("Bochs", "bochs"),
    ("Parallels", "parallels"),
    ("BHYVE", "bhyve"),
    ("Hyper-V", "microsoft"),
    ("Apple Virtualization", "apple"),
];

/// Where they stand. The product comes first: it tells KVM below QEMU.
const WORDS: [&str; 5] = ["product_name", "sys_vendor", "board_vendor", "bios_vendor", "product_version"];

/// What a hypervisor says by cpuid.
const SIGNATURES: [(&str, &str); 9] = [
    ("XenVMMXenVMM", "xen"),
    ("KVMKVMKVM", "kvm"),
    ("Linux KVM Hv", "kvm"),
    ("TCGTCGTCGTCG", "qemu"),
    ("VMwareVMware", "vmware"),
    ("Microsoft Hv", "microsoft"),
    ("bhyve bhyve ", "bhyve"),
    ("QNXQVMBSQG", "qnx"),
    ("ACRNACRNACRN", "acrn"),
];

/// `ConditionVirtualization=`: a switch, `vm`, `container`, `private-users` or a name.
pub(super) fn holds(root: &Root, value: &str) -> bool {
    if value == "private-users" {
        return in_user_namespace(root);
    }
    let container = container(root);
    let found = container.or_else(|| machine(root));
    match (boolean::parse(value), value) {
        (Ok(wanted), _) => wanted == found.is_some(),
        (Err(_), "vm") => container.is_none() && found.is_some(),
        (Err(_), "container") => container.is_some(),
        (Err(_), name) => found == Some(name),
    }
}

/// The container that the host is.
pub(super) fn container(root: &Root) -> Option<&'static str> {
    let is_there = |path: &str| root.exists(Path::new(path));
    if is_there("/proc/vz") && !is_there("/proc/bc") {
        return Some("openvz");
    }
    let release = first_line(root, "/proc/sys/kernel/osrelease").unwrap_or_default();
    if release.contains("Microsoft") || release.contains("WSL") {
        return Some("wsl");
    }
    if is_traced_by_proot(root) {
        return Some("proot");
    }
    let by_files = || {
        let signs = [("/run/.containerenv", "podman"), ("/.dockerenv", "docker")];
        signs.into_iter().find(|(path, _)| is_there(path)).map(|(_, name)| name)
    };
    let said = ["/run/host/container-manager", "/run/systemd/container"];
    let said = said.into_iter().find_map(|path| first_line(root, path).filter(|name| !name.is_empty()));
    match said.or_else(|| of_first_process(root)).as_deref() {
        // Of any manager that keeps to the Open Container Initiative.
        Some("oci") => by_files().or(Some(OTHER_CONTAINER)),
        Some(name) => CONTAINERS.into_iter().find(|known| *known == name).or(Some(OTHER_CONTAINER)),
        None => by_files().or_else(|| in_cgroup_namespace(root).then_some(OTHER_CONTAINER)),
    }
}

/// `$container` of process 1.
fn of_first_process(root: &Root) -> Option<String> {
    let variables = text(root, "/proc/1/environ")?;
    let value = variables.split('\0').find_map(|variable| variable.strip_prefix("container="))?;
    (!value.is_empty()).then(|| value.to_owned())
}

fn is_traced_by_proot(root: &Root) -> bool {
    let status = text(root, "/proc/self/status").unwrap_or_default();
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:")).unwrap_or_default().trim();
    tracer != "0"
        && !tracer.is_empty()
        && first_line(root, &format!("/proc/{tracer}/comm")).is_some_and(|name| name.starts_with("proot"))
}

/// Files that only the first, or only the other groups of a hierarchy have, where it is mounted as systemd
/// has it.
fn in_cgroup_namespace(root: &Root) -> bool {
    let has = |name: &str| root.exists(&Path::new("/sys/fs/cgroup").join(name));
    if !root.exists(Path::new("/proc/self/ns/cgroup")) {
        return false;
    }
    if has("cgroup.controllers") {
        let features = root.exists(Path::new("/sys/kernel/cgroup/features"));
        has("cgroup.events") && (has("cgroup.type") || !features)
    } else {
        has("systemd") && !has("systemd/release_agent")
    }
}

/// The virtual machine that the host is.
fn machine(root: &Root) -> Option<&'static str> {
    let by_firmware = dmi(root);
    // Those say KVM, or less, of themselves by cpuid.
    if let Some("oracle" | "xen" | "amazon" | "parallels") = by_firmware {
        return by_firmware;
    }
    if is_user_mode(root) {
        return Some("uml");
    }
    let xen = root.exists(Path::new("/proc/xen"));
    let below_xen = xen && is_first_domain(root);
    if xen && !below_xen {
        return Some("xen");
    }
    let signs: [&dyn Fn() -> Option<&'static str>; 4] =
        [&|| by_processor(root), &|| by_firmware, &|| by_hypervisor(root), &|| by_device_tree(root)];
    let mut unnamed = None;
    for sign in signs.into_iter().take(if below_xen { 1 } else { 4 }) {
        match sign() {
            Some(OTHER_MACHINE) => unnamed = Some(OTHER_MACHINE),
            None => {}
            known => return known,
        }
    }
    unnamed
}

fn by_processor(root: &Root) -> Option<&'static str> {
    // The processor is the host's, whatever a tree may say.
    let signature = cpu::hypervisor().filter(|_| root.is_host())?;
    let signature = String::from_utf8_lossy(&signature);
    let signature = signature.trim_end_matches('\0');
    let known = SIGNATURES.into_iter().find(|(text, _)| *text == signature);
    Some(known.map_or(OTHER_MACHINE, |(_, name)| name))
}

fn dmi(root: &Root) -> Option<&'static str> {
    let word = |name: &str| first_line(root, &format!("/sys/class/dmi/id/{name}"));
    let vendor = |text: String| VENDORS.into_iter().find(|(begin, _)| text.starts_with(begin));
    let found = WORDS.into_iter().filter_map(word).find_map(vendor).map(|(_, name)| name);
    match (found, is_virtual_by_bios(root)) {
        // Amazon's bare machines have the same words.
        (Some("amazon"), Some(false)) => None,
        (Some("amazon"), None) if word("product_name").is_some_and(|name| name.ends_with(".metal")) => None,
        (None, Some(true)) => Some(OTHER_MACHINE),
        (found, _) => found,
    }
}

/// Bit 4 of the second extension byte of the BIOS characteristics (SMBIOS, table 0); `None` where it is not
/// told.
fn is_virtual_by_bios(root: &Root) -> Option<bool> {
    let table = root.read(Path::new("/sys/firmware/dmi/entries/0-0/raw"), 4096).ok()?;
    let length = *table.get(1)?;
    let byte = *table.get(19).filter(|_| length >= 20)?;
    Some(byte & 1 << 4 != 0)
}

fn is_user_mode(root: &Root) -> bool {
    let text = text(root, "/proc/cpuinfo").unwrap_or_default();
    let vendor = text.lines().find_map(|line| line.strip_prefix("vendor_id\t: "));
    vendor.is_some_and(|vendor| vendor.starts_with("User Mode Linux"))
}

/// Xen's first domain, which is the host and no guest.
fn is_first_domain(root: &Root) -> bool {
    const FIRST_DOMAIN: u64 = 1 << 11;
    let features = first_line(root, "/sys/hypervisor/properties/features");
    if let Some(features) = features.and_then(|text| u64::from_str_radix(text.trim(), 16).ok()) {
        return features & FIRST_DOMAIN != 0;
    }
    let abilities = first_line(root, "/proc/xen/capabilities").unwrap_or_default();
    abilities.split(',').any(|word| word == "control_d")
}

fn by_hypervisor(root: &Root) -> Option<&'static str> {
    let name = first_line(root, "/sys/hypervisor/type")?;
    Some(if name == "xen" { "xen" } else { OTHER_MACHINE })
}

fn by_device_tree(root: &Root) -> Option<&'static str> {
    let tree = Path::new("/proc/device-tree");
    let Some(name) = first_line(root, "/proc/device-tree/hypervisor/compatible") else {
        let names = root.list(tree).ok()?;
        return names.iter().any(|e| e.name.to_string_lossy().contains("fw-cfg")).then_some("qemu");
    };
    let name = name.trim_end_matches('\0');
    Some(match name {
        "linux,kvm" => "kvm",
        name if name.contains("xen") => "xen",
        name if name.contains("vmware") => "vmware",
        _ => OTHER_MACHINE,
    })
}

/// Are the users of this host others outside of it (`running_in_userns`)?
pub(super) fn in_user_namespace(root: &Root) -> bool {
    let is_mapped = |path: &str| {
        let Some(map) = text(root, path) else { return false };
        map.lines().next().unwrap_or_default().split_whitespace().ne(["0", "0", "4294967295"])
    };
    is_mapped("/proc/self/uid_map")
        || is_mapped("/proc/self/gid_map")
        || first_line(root, "/proc/self/setgroups").is_some_and(|said| said == "deny")
}
