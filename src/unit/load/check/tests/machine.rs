//! Tests of the machine, on the files by which its kernel tells of it.

use super::*;

type Files<'a> = &'a [(&'a str, &'a str)];

/// Which of the checks hold on a tree; `!` in front is the check's own.
fn holds(files: Files<'_>, checks: &[(&str, bool)]) {
    let tree = Tree::new(files);
    for (text, holds) in checks {
        assert_eq!(unmet(&tree.root, &facts(), &[check(text)]).is_none(), *holds, "{text} with {files:?}");
    }
}

#[test]
fn containers_and_machines() {
    let is = |files: Files<'_>, name: &str| {
        let virtualization = |value: &str| format!("Virtualization={value}");
        let [named, any, none] = [name, "yes", "no"].map(virtualization);
        let is_none = name == "none";
        holds(files, &[(&named, !is_none), (&any, !is_none), (&none, is_none)]);
    };
    is(&[], "none");
    is(&[("/proc/vz/x", "")], "openvz");
    is(&[("/proc/vz/x", ""), ("/proc/bc/x", "")], "none");
    is(&[("/proc/sys/kernel/osrelease", "5.15.90.1-microsoft-standard-WSL2\n")], "wsl");
    is(&[("/proc/self/status", "TracerPid:\t7\n"), ("/proc/7/comm", "proot\n")], "proot");
    is(&[("/proc/self/status", "TracerPid:\t7\n"), ("/proc/7/comm", "gdb\n")], "none");
    is(&[("/run/host/container-manager", "systemd-nspawn\n")], "systemd-nspawn");
    is(&[("/run/systemd/container", "lxc\n")], "lxc");
    is(&[("/proc/1/environ", "A=1\0container=podman\0")], "podman");
    is(&[("/proc/1/environ", "container=garden\0")], "container-other");
    is(&[("/proc/1/environ", "container=oci\0"), ("/.dockerenv", "")], "docker");
    is(&[("/run/.containerenv", "")], "podman");
    is(&[("/proc/self/ns/cgroup", ""), ("/sys/fs/cgroup/systemd/tasks", "")], "container-other");
    is(&[("/proc/self/ns/cgroup", ""), ("/sys/fs/cgroup/systemd/release_agent", "")], "none");

    is(&[("/sys/class/dmi/id/product_name", "KVM\n")], "kvm");
    is(&[("/sys/class/dmi/id/sys_vendor", "QEMU\n")], "qemu");
    is(&[("/sys/class/dmi/id/sys_vendor", "VMware, Inc.\n")], "vmware");
    let amazon = ("/sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
    is(&[amazon, ("/sys/class/dmi/id/product_name", "m5.large\n")], "amazon");
    is(&[amazon, ("/sys/class/dmi/id/product_name", "m5.metal\n")], "none");
    let table = |byte: char| format!("\0\x18{}{byte}\0\0", "\0".repeat(17));
    let raw = "/sys/firmware/dmi/entries/0-0/raw";
    is(&[amazon, (raw, &table('\x10'))], "amazon");
    is(&[amazon, (raw, &table('\0'))], "none");
    is(&[(raw, &table('\x10'))], "vm-other");
    is(&[("/proc/cpuinfo", "processor\t: 0\nvendor_id\t: User Mode Linux\n")], "uml");
    is(&[("/proc/xen/privcmd", "")], "xen");
    is(&[("/proc/xen/capabilities", "control_d\n")], "none");
    is(&[("/proc/xen/privcmd", ""), ("/sys/hypervisor/properties/features", "00002705\n")], "xen");
    is(&[("/proc/xen/privcmd", ""), ("/sys/hypervisor/properties/features", "00002f05\n")], "none");
    is(&[("/sys/hypervisor/type", "xen\n")], "xen");
    is(&[("/proc/device-tree/hypervisor/compatible", "linux,kvm\0")], "kvm");
    is(&[("/proc/device-tree/fw-cfg@9020000/x", "")], "qemu");

    let lxc = [("/run/systemd/container", "lxc\n"), ("/sys/class/dmi/id/sys_vendor", "QEMU\n")];
    holds(
        &lxc,
        &[("Virtualization=container", true), ("Virtualization=vm", false), ("Virtualization=qemu", false)],
    );
    holds(&lxc[1..], &[("Virtualization=container", false), ("Virtualization=vm", true)]);
    let map = |text| [("/proc/self/uid_map", text)];
    holds(&map("         0          0 4294967295\n"), &[("Virtualization=private-users", false)]);
    holds(&map("         0     100000      65536\n"), &[("Virtualization=private-users", true)]);
    holds(&[("/proc/self/setgroups", "deny\n")], &[("Virtualization=private-users", true)]);
}

#[test]
fn security_firmware_and_power() {
    let selinux = "1 0 0:20 / /sys/fs/selinux rw - selinuxfs none rw\n";
    let enabled = [("/proc/self/mountinfo", selinux), ("/etc/selinux/config", "")];
    holds(&enabled, &[("Security=selinux", true), ("Security=smack", false)]);
    holds(&enabled[..1], &[("Security=selinux", false)]);
    let parameter = "/sys/module/apparmor/parameters/enabled";
    holds(&[(parameter, "Y\n")], &[("Security=apparmor", true)]);
    holds(&[(parameter, "N\n")], &[("Security=apparmor", false), ("Security=nosuch", false)]);
    let secure = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    holds(&[(secure, "\x06\0\0\0\x01")], &[("Security=uefi-secureboot", true), ("Firmware=uefi", true)]);
    holds(&[(secure, "\x06\0\0\0\0")], &[("Security=uefi-secureboot", false)]);
    holds(&[("/sys/class/tpmrm/tpmrm0/dev", "")], &[("Security=tpm2", true)]);
    let contained = [("/sys/class/tpmrm/tpmrm0/dev", ""), (secure, "\x06\0\0\0\x01"), ("/.dockerenv", "")];
    holds(
        &contained,
        &[("Security=tpm2", false), ("Security=uefi-secureboot", false), ("Firmware=uefi", false)],
    );

    let board = [
        ("/proc/device-tree/compatible", "acme,board\0acme\0"),
        ("/sys/class/dmi/id/bios_version", "1.10\n"),
    ];
    holds(
        &board,
        &[
            ("Firmware=device-tree-compatible(acme)", true),
            ("Firmware=device-tree-compatible(board)", false),
            ("Firmware=smbios-field(bios_version >= 1.9)", true),
            ("Firmware=smbios-field(bios_version = \"1.10\")", true),
            ("Firmware=smbios-field(bios_version $= 2*)", false),
            ("Firmware=smbios-field(../bios_version = 1.10)", false),
            ("!Firmware=smbios-field(bios_version)", false),
        ],
    );

    let supply = |name: &str, text: &'static str| (format!("/sys/class/power_supply/{name}"), text);
    let draining = [supply("BAT0/type", "Battery\n"), supply("BAT0/status", "Discharging\n")];
    let power = |supplies: &[(String, &str)], on: bool| {
        let files: Vec<_> = supplies.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        holds(&files, &[("ACPower=yes", on), ("ACPower=no", !on), ("!ACPower=perhaps", false)]);
    };
    power(&[], true);
    power(&draining, false);
    power(&[&draining[..], &[supply("BAT0/scope", "Device\n")]].concat(), true);
    power(&[&draining[..], &[supply("BAT0/present", "0\n")]].concat(), true);
    power(&[&draining[..], &[supply("AC/type", "Mains\n"), supply("AC/online", "1\n")]].concat(), true);
    power(&[&draining[..], &[supply("AC/type", "Mains\n"), supply("AC/online", "0\n")]].concat(), false);
}

#[test]
fn control_groups_and_pressure() {
    let v1 = "1 0 0:20 / /cgroup/a rw - cgroup cgroup rw,cpu,cpuacct\n2 0 0:21 / /u rw - cgroup2 c rw\n";
    holds(
        &[("/proc/self/mountinfo", v1)],
        &[
            ("ControlGroupController=v1", true),
            ("ControlGroupController=v2", false),
            ("ControlGroupController=cpu cpuacct", true),
            ("ControlGroupController=cpu memory", false),
            ("ControlGroupController=cpu nosuch", true),
        ],
    );
    holds(&[], &[("ControlGroupController=v1", false), ("!ControlGroupController=v2", false)]);
    let pressure = |name: &str| format!("/proc/pressure/{name}");
    let [cpu, io, memory] = ["cpu", "io", "memory"].map(pressure);
    let some = "some avg10=1.00 avg60=20.50 avg300=30.00 total=1\n";
    let both =
        "some avg10=90.00 avg60=90.00 avg300=90.00 total=1\nfull avg10=0.00 avg60=0.10 avg300=7.00 total=1\n";
    let unified = "1 0 0:20 / /cg rw - cgroup2 cgroup rw\n";
    let files = [
        (cpu.as_str(), some),
        (io.as_str(), both),
        (memory.as_str(), both),
        ("/proc/self/mountinfo", unified),
        ("/cg/cgroup.controllers", "cpu memory\n"),
        ("/cg/a.slice/a-b.slice/memory.pressure", both),
    ];
    holds(
        &files,
        &[
            ("ControlGroupController=v2", true),
            ("ControlGroupController=io", false),
            ("CPUPressure=30%", true),
            ("CPUPressure=29.99%", false),
            ("CPUPressure=20.5%/1min", true),
            ("CPUPressure=0.9%/10sec", false),
            ("MemoryPressure=7%", true),
            ("MemoryPressure=0.05%/1min", false),
            ("MemoryPressure=a-b.slice:6%", false),
            ("MemoryPressure=a-b.slice:7%", true),
            ("MemoryPressure=c.slice:0%", true),
            ("!MemoryPressure=a:0%", false),
            ("IOPressure=a-b.slice:0%", true),
            ("!IOPressure=101%", false),
        ],
    );
    holds(&files[1..], &[("CPUPressure=0%", true)]);
}

#[test]
fn disks_modules_and_updates() {
    let credential = ("/run/credentials/@system/token", "x");
    holds(
        &[credential],
        &[("Credential=token", true), ("Credential=other", false), ("Credential=..", false)],
    );
    let modules = [("/sys/module/loop/parameters/x", ""), ("/sys/module/dm_mod/initstate", "coming\n")];
    holds(&modules, &[("KernelModuleLoaded=loop", true), ("KernelModuleLoaded=dm-mod", false)]);
    let status = [("/proc/self/status", "CapBnd:\t0000000000000001\n")];
    holds(
        &status,
        &[("Capability=CAP_CHOWN", true), ("Capability=CAP_KILL", false), ("!Capability=x", false)],
    );
    let told = |word: &'static str| [("/proc/cmdline", word)];
    holds(&told("quiet systemd.condition-needs-update=no\n"), &[("NeedsUpdate=/etc", false)]);
    holds(&told("systemd.condition_needs_update\n"), &[("NeedsUpdate=/etc", true)]);
    holds(&[("/etc/initrd-release", "")], &[("NeedsUpdate=/etc", false)]);
    holds(&[], &[("NeedsUpdate=/etc", true), ("PathIsEncrypted=/", false)]);
}

/// Of the device that the tree itself lies on: what its own /sys says of that.
#[test]
fn an_encrypted_device_is_one_all_of_whose_parts_are() {
    let dir = Tree::new(&[("/x", "")]);
    let (major, minor) = dir.root.stat(Path::new("/x")).unwrap().device();
    let device = format!("/sys/dev/block/{major}:{minor}");
    let file = |rest: &str, text: &'static str| (format!("{device}/{rest}"), text);
    let is = |files: &[(String, &str)], holds: bool| {
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let tree = Tree::new(&[&[("/x", "")], &files[..]].concat());
        assert_eq!(
            unmet(&tree.root, &facts(), &[check("PathIsEncrypted=/x")]).is_none(),
            holds && major != 0
        );
    };
    is(&[file("dm/uuid", "CRYPT-LUKS2-1\n")], true);
    is(&[file("dm/uuid", "LVM-1\n")], false);
    is(&[file("dm/uuid", "LVM-1\n"), file("slaves/a/dm/uuid", "CRYPT-1\n")], true);
    let half = [file("slaves/a/dm/uuid", "CRYPT-1\n"), file("slaves/b/size", "1\n")];
    is(&half, false);
}
