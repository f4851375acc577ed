//! Tests of the machine and of what its kernel guards it with.

use super::compare::{meets, meets_or_lacks, number, parts};
use super::mounts::{mount_of, mounts};
use super::virtualization::{container, in_user_namespace};
use super::{first_line, text};
use crate::os::cpu;
use crate::os::process::has_apparmor;
use crate::os::root::{FileKind, Root};
use crate::os::socket::can_audit;
use crate::unit::specifier::Facts;
use crate::unit::value::{boolean, capability, path, size, words};
use std::path::{Path, PathBuf};

/// `ConditionMemory=`: bytes, by an operator or at least.
pub(super) fn memory(facts: &Facts, value: &str) -> Option<bool> {
    number(&facts.host.memory?, value, |text| size::parse(text).ok().filter(|size| *size != size::INFINITY))
}

/// `ConditionCPUs=`: processors that this process may run on.
pub(super) fn cpus(value: &str) -> Option<bool> {
    number(&cpu::count(), value, |text| text.parse().ok())
}

/// `ConditionCapability=`: in the bounding set of this process.
pub(super) fn capability(root: &Root, value: &str) -> Option<bool> {
    let wanted = capability::bit(value)?;
    let status = text(root, "/proc/self/status")?;
    let set = status.lines().find_map(|line| line.strip_prefix("CapBnd:"))?;
    Some(u64::from_str_radix(set.trim(), 16).ok()? & wanted != 0)
}

/// `ConditionACPower=`.
pub(super) fn ac_power(root: &Root, value: &str) -> Option<bool> {
    Some(boolean::parse(value).ok()? == on_ac_power(root))
}

/// A mains that is on, or no battery that is being emptied (`on_ac_power`).
fn on_ac_power(root: &Root) -> bool {
    let all = Path::new("/sys/class/power_supply");
    let Ok(supplies) = root.list(all) else { return true };
    let (mut mains, mut draining) = (false, false);
    for supply in supplies {
        let said = |name: &str| first_line(root, &all.join(&supply.name).join(name).to_string_lossy());
        if said("type").as_deref() == Some("Battery") {
            // One in a mouse feeds nothing else.
            let feeds = said("scope").as_deref() != Some("Device") && said("present").as_deref() != Some("0");
            draining |= feeds && said("status").is_none_or(|status| status == "Discharging");
        } else {
            mains |= said("online").is_some_and(|online| online != "0");
        }
    }
    mains || !draining
}

/// `ConditionSecurity=`; a word that systemd 252 does not know is not met.
pub(super) fn security(root: &Root, value: &str) -> bool {
    let is_there = |path: &str| root.exists(Path::new(path));
    match value {
        "selinux" => {
            let selinux =
                |all: Vec<super::mounts::Mount>| all.iter().any(|m| m.kind == "selinuxfs" && !m.read_only);
            is_there("/etc/selinux/config") && mounts(root).is_some_and(selinux)
        }
        "smack" => is_there("/sys/fs/smackfs"),
        "apparmor" => has_apparmor(root),
        // In a user namespace of its own a host has no audit, though the kernel gives it a socket.
        "audit" => root.is_host() && can_audit() && !in_user_namespace(root),
        "ima" => is_there("/sys/kernel/security/ima"),
        "tomoyo" => is_there("/sys/kernel/security/tomoyo/version"),
        "uefi-secureboot" => boots_by_uefi(root) && boots_securely(root),
        "tpm2" => container(root).is_none() && has_tpm2(root),
        _ => false,
    }
}

fn boots_by_uefi(root: &Root) -> bool {
    root.exists(Path::new("/sys/firmware/efi")) && container(root).is_none()
}

/// The variable is four bytes of attributes and one that is 1.
fn boots_securely(root: &Root) -> bool {
    let path = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    root.read(Path::new(path), 64).is_ok_and(|bytes| bytes.get(4).is_some_and(|on| *on > 0))
}

/// A device of one, or firmware that tells of one.
fn has_tpm2(root: &Root) -> bool {
    let device = root.list(Path::new("/sys/class/tpmrm")).is_ok_and(|found| !found.is_empty());
    let told = ["/sys/firmware/acpi/tables/TPM2", "/sys/kernel/security/tpm0/binary_bios_measurements"];
    device || boots_by_uefi(root) && told.into_iter().any(|path| root.exists(Path::new(path)))
}

/// `ConditionFirmware=`: `uefi`, `device-tree`, `device-tree-compatible(NAME)`, `smbios-field(NAME=VALUE)`.
pub(super) fn firmware(root: &Root, value: &str) -> Option<bool> {
    let within = |call: &str| value.strip_prefix(call)?.strip_suffix(')');
    if let Some(name) = within("device-tree-compatible(") {
        let names = text(root, "/proc/device-tree/compatible").unwrap_or_default();
        return Some(names.ends_with('\0') && names.split('\0').any(|known| known == name));
    }
    if let Some(expression) = within("smbios-field(") {
        return smbios_field(root, expression);
    }
    Some(match value {
        "uefi" => boots_by_uefi(root),
        "device-tree" => root.exists(Path::new("/sys/firmware/devicetree")),
        _ => false,
    })
}

fn smbios_field(root: &Root, expression: &str) -> Option<bool> {
    let (name, how, wanted) = parts(expression)?;
    let wanted = words::split_with(wanted, words::Escapes::Dropped).ok()?.0;
    let [wanted] = wanted.as_slice() else { return None };
    let name = name.trim_end();
    if !path::is_file_name(name) {
        return None;
    }
    let Some(actual) = text(root, &format!("/sys/class/dmi/id/{name}")) else { return Some(false) };
    Some(meets(how, actual.trim_end(), &wanted.text))
}

/// `ConditionOSRelease=`: fields of os-release, all of which must be as they are asked to be.
pub(super) fn os_release(facts: &Facts, value: &str) -> Option<bool> {
    let fields = facts.host.os_release.as_ref()?;
    for word in words::split_with(value, words::Escapes::Dropped).ok()?.0 {
        let (name, how, wanted) = parts(&word.text)?;
        let is_name = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_name || wanted.is_empty() || wanted.starts_with([' ', '\t']) {
            return None;
        }
        let actual = fields.iter().rfind(|(key, _)| key == name).map(|(_, value)| value.as_str());
        if !meets_or_lacks(how, actual, wanted) {
            return Some(false);
        }
    }
    Some(true)
}

/// `ConditionKernelModuleLoaded=`: it is there and ready, or is built in and has a parameter or a version.
pub(super) fn module_loaded(root: &Root, value: &str) -> bool {
    let module = Path::new("/sys/module").join(value.replace('-', "_"));
    let state = first_line(root, &module.join("initstate").to_string_lossy());
    !value.contains('/') && root.is_dir(&module) && state.is_none_or(|state| state == "live")
}

/// `ConditionCredential=`: among those of the system, which only its init is given.
pub(super) fn credential(root: &Root, value: &str) -> bool {
    let given = ["/run/credentials/@system", "/run/credentials/@encrypted"];
    path::is_file_name(value) && given.into_iter().any(|folder| root.exists(&Path::new(folder).join(value)))
}

/// `ConditionNeedsUpdate=`: /usr is newer than the mark that was left in the folder when it was last updated.
pub(super) fn needs_update(root: &Root, value: &Path) -> bool {
    if let Some(said) = from_command_line(root) {
        return said;
    }
    if root.exists(Path::new("/etc/initrd-release")) || mount_of(root, value).is_some_and(|m| m.read_only) {
        return false;
    }
    let mark = value.join(".updated");
    let (Ok(updated), Ok(usr)) = (root.lstat(&mark), root.lstat(Path::new("/usr"))) else { return true };
    let (at, usr) = (updated.mtime, usr.mtime);
    if usr.0 != at.0 || usr.1 == 0 || at.1 > 0 {
        return usr > at;
    }
    // The file system of the mark has no parts of a second; its text has them.
    let noted = text(root, &mark.to_string_lossy()).unwrap_or_default();
    let noted =
        noted.lines().find_map(|line| line.strip_prefix("TIMESTAMP_NSEC=")?.trim().parse::<i128>().ok());
    noted.is_none_or(|noted| i128::from(usr.0) * 1_000_000_000 + i128::from(usr.1) > noted)
}

/// `systemd.condition-needs-update`, which comes before all else.
fn from_command_line(root: &Root) -> Option<bool> {
    let line = text(root, "/proc/cmdline")?;
    let mut said = line.split_ascii_whitespace().filter_map(|word| {
        let rest = word.replace('_', "-");
        let rest = rest.strip_prefix("systemd.condition-needs-update")?;
        if rest.is_empty() { Some(true) } else { boolean::parse(rest.strip_prefix('=')?).ok() }
    });
    said.next_back()
}

/// `ConditionPathIsEncrypted=`: the file system lies on a device of dm-crypt, or on devices all of which do.
pub(super) fn is_encrypted(root: &Root, path: &Path) -> bool {
    let Ok(stat) = root.stat(path) else { return false };
    let (mut major, mut minor) = stat.device();
    if major == 0 {
        // One that has no number of a device, as btrfs: what was mounted is one.
        let mounted = mount_of(root, path).and_then(|m| root.stat(&m.source).ok());
        match mounted.filter(|s| s.kind == FileKind::BlockDevice) {
            Some(device) => (major, minor) = device.node(),
            None => return false,
        }
    }
    is_encrypted_device(root, &PathBuf::from(format!("/sys/dev/block/{major}:{minor}")), 10)
}

fn is_encrypted_device(root: &Root, device: &Path, depth: u8) -> bool {
    let id = first_line(root, &device.join("dm/uuid").to_string_lossy());
    if id.is_some_and(|id| id.starts_with("CRYPT-")) {
        return true;
    }
    let below = device.join("slaves");
    let slaves = root.list(&below).unwrap_or_default();
    depth > 0
        && !slaves.is_empty()
        && slaves.iter().all(|slave| is_encrypted_device(root, &below.join(&slave.name), depth - 1))
}
