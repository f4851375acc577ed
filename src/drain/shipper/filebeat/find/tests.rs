use super::*;
use crate::os::proc::Proc;
use std::fs;
use std::os::unix::fs::symlink;

/// A folder that stands for `/`.
struct Host(PathBuf);

impl Host {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("amr-find-{}-{name}", std::process::id()));
        fs::create_dir_all(path.join("proc")).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn process(&self, pid: i32, exe: &str, line: &str) {
        let words: String = line.split(' ').map(|word| format!("{word}\0")).collect();
        self.write(&format!("proc/{pid}/cmdline"), &words);
        let zeros = " 0".repeat(50);
        self.write(&format!("proc/{pid}/stat"), &format!("{pid} (x) S 1 {pid} {pid}{zeros}\n"));
        symlink(exe, self.0.join(format!("proc/{pid}/exe"))).unwrap();
        fs::create_dir_all(self.0.join(format!("proc/{pid}/fd"))).unwrap();
    }

    fn all(&self) -> Vec<Found> {
        crate::drain::shipper::find(
            &crate::drain::shipper::host::Host::inspect(&Root::at(&self.0).unwrap()).unwrap(),
        )
        .unwrap()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn an_empty_host_has_none() {
    assert!(Host::new("empty").all().is_empty());
}

#[test]
fn the_packaged_one_that_runs_is_found_once() {
    let host = Host::new("package");
    host.write(
        "etc/filebeat/filebeat.yml",
        "filebeat.inputs:\n- paths: [/var/log/*.log]\nfilebeat.config.inputs:\n  path: inputs.d/*.yml\n",
    );
    host.write("etc/filebeat/inputs.d/a.yml", "- type: filestream\n  paths: [/srv/*.log]\n");
    host.write("usr/share/filebeat/README.md", "# Welcome to Filebeat 7.8.1\n\nmore\n");
    host.write("var/lib/filebeat/registry/filebeat/log.json", "");
    host.process(
        707,
        "/usr/share/filebeat/bin/filebeat",
        "/usr/share/filebeat/bin/filebeat -c /etc/filebeat/filebeat.yml --path.home /usr/share/filebeat \
         --path.config /etc/filebeat --path.data /var/lib/filebeat --path.logs /var/log/filebeat",
    );
    host.process(708, "/usr/bin/filebeat-god", "filebeat-god -r / -n");
    host.process(709, "/usr/bin/less", "less filebeat.yml");
    let found = host.all();
    let [one] = &found[..] else { panic!("{found:?}") };
    assert_eq!(one.process.map(ProcessId::get), Some(707));
    assert_eq!(one.positions, Path::new("/var/lib/filebeat/registry"));
    assert_eq!(one.version, Version::parse("7.8.1"));
    assert_eq!(one.inputs.len(), 2);
    assert!(one.unknown.is_empty(), "{:?}", one.unknown);
}

#[test]
fn several_are_several() {
    let host = Host::new("several");
    host.write("opt/fb/filebeat.yml", "path.data: /srv/fb\n");
    host.process(10, "/opt/fb/filebeat", "./filebeat -e");
    host.process(11, "/opt/fb/filebeat", "./filebeat -e --path.data=/srv/other -c none.yml");
    host.process(12, "/opt/Elastic/agentbeat", "agentbeat metricbeat -E x=1");
    host.write("opt/Elastic/Agent/data/elastic-agent-8.1-abc/run/log-default/registry/filebeat/log.json", "");
    host.write("opt/aws/amazon-cloudwatch-agent/logs/state/_var_log_x", "3\n/var/log/x");
    let found = host.all();
    let places: Vec<&Path> = found.iter().map(|one| one.positions.as_path()).collect();
    assert_eq!(
        places,
        [
            Path::new("/srv/fb/registry"),
            Path::new("/srv/other/registry"),
            Path::new("/opt/Elastic/Agent/data/elastic-agent-8.1-abc/run/log-default/registry"),
            Path::new(crate::drain::shipper::cloudwatch::STATES),
        ]
    );
    assert!(found[1].unknown[0].contains("none.yml"), "{:?}", found[1].unknown);
}

/// The registries that are found, each with its process.
fn places(host: &Host) -> Vec<(String, Option<i32>)> {
    let place = |one: &Found| (one.positions.to_str().unwrap().to_owned(), one.process.map(ProcessId::get));
    host.all().iter().map(place).collect()
}

/// The words of a component of the Elastic Agent's, as `start` of its `command.go` has them.
fn component(data: &str) -> String {
    format!("-E setup.ilm.enabled=false -E management.enabled=true -E logging.level=info -E path.data={data}")
}

#[test]
fn components_of_the_elastic_agent_are_found_by_their_process_wherever_they_lie() {
    let host = Host::new("agent-runs");
    // install --base-path /srv, 8.6 and later.
    let home = "srv/Elastic/Agent/data/elastic-agent-8.16.0-3f07f2";
    let data = format!("/{home}/run/filestream-default");
    host.write(&format!("{home}/components/filebeat.yml"), "filebeat.inputs:\n- type: filestream\n");
    host.write(&format!("{home}/run/filestream-default/registry/filebeat/log.json"), "");
    host.write(&format!("{home}/run/log-stopped/registry/filebeat/log.json"), "");
    host.write(&format!("{home}/run/system/metrics-default/registry/metricbeat/log.json"), "");
    host.process(10, &format!("/{home}/elastic-agent"), "elastic-agent");
    let beat = format!("/{home}/components/agentbeat");
    host.process(11, &beat, &format!("{beat} filebeat {}", component(&data)));
    host.process(12, &beat, &format!("{beat} metricbeat {}", component("/x")));
    // 7.10 to 8.5, in a folder of its own.
    let old = "/home/agent/data/elastic-agent-4da1c2";
    let beat = format!("{old}/install/filebeat-7.13.1-linux-x86_64/filebeat");
    host.process(20, &beat, &format!("{beat} {}", component(&format!("{old}/run/default/filebeat--7.13.1"))));
    assert_eq!(
        places(&host),
        [
            (format!("{data}/registry"), Some(11)),
            (format!("{old}/run/default/filebeat--7.13.1/registry"), Some(20)),
            (format!("/{home}/run/log-stopped/registry"), None),
        ]
    );
    let found = host.all();
    assert_eq!(found[0].version, Version::parse("8.16.0"));
    // The file beside it is not what it goes by.
    for one in &found {
        assert!(one.unknown.iter().any(|why| why.contains("inputs")), "{:?}", one.unknown);
    }
}

#[test]
fn components_of_the_elastic_agent_are_found_where_it_installs_them() {
    let host = Host::new("agent-lies");
    for data in [
        // What an update has left, and what it runs now.
        "opt/Elastic/Agent/data/elastic-agent-8.15.0-aaaaaa/run/log-default",
        "opt/Elastic/Agent/data/elastic-agent-8.16.0-bbbbbb/run/log-default",
        // A second one, with a namespace.
        "opt/Elastic/Agent-Development/data/elastic-agent-9.1.5-7bee01/run/log-default",
        // Its packages, 7.x.
        "var/lib/elastic-agent/data/elastic-agent-d99b09/run/default/filebeat--7.17.1",
        // Its image.
        "usr/share/elastic-agent/state/data/run/filestream-monitoring",
    ] {
        host.write(&format!("{data}/registry/filebeat/log.json"), "");
    }
    let now = "data/elastic-agent-8.16.0-bbbbbb/elastic-agent";
    host.write(&format!("opt/Elastic/Agent/{now}"), "");
    symlink(now, host.0.join("opt/Elastic/Agent/elastic-agent")).unwrap();
    let found: Vec<String> = places(&host).into_iter().map(|(place, _)| place).collect();
    assert_eq!(
        found,
        [
            "/usr/share/elastic-agent/state/data/run/filestream-monitoring/registry",
            "/opt/Elastic/Agent/data/elastic-agent-8.16.0-bbbbbb/run/log-default/registry",
            "/opt/Elastic/Agent-Development/data/elastic-agent-9.1.5-7bee01/run/log-default/registry",
            "/var/lib/elastic-agent/data/elastic-agent-d99b09/run/default/filebeat--7.17.1/registry",
        ]
    );
}

#[test]
fn the_elastic_agent_of_a_container_has_its_state_where_it_was_told() {
    let host = Host::new("agent-container");
    for data in ["state/data/run/log-default", "usr/share/x/run/log-other"] {
        host.write(&format!("{data}/registry/filebeat/log.json"), "");
    }
    let exe = "/usr/share/elastic-agent/data/elastic-agent-fc4a15/elastic-agent";
    host.process(7, exe, "elastic-agent container -e");
    host.write("proc/7/environ", "PATH=/bin\0STATE_PATH=/state\0");
    host.process(8, exe, "elastic-agent run --path.home /usr/share/x --path.home.unversioned");
    let found: Vec<String> = places(&host).into_iter().map(|(place, _)| place).collect();
    assert_eq!(found, ["/state/data/run/log-default/registry", "/usr/share/x/run/log-other/registry"]);
}

#[test]
fn what_it_has_open_counts_more_than_what_it_was_told() {
    let host = Host::new("open");
    host.process(10, "/opt/fb/filebeat", "./filebeat");
    symlink("/elsewhere/registry/filebeat/log.json", host.0.join("proc/10/fd/5")).unwrap();
    assert_eq!(host.all()[0].positions, Path::new("/elsewhere/registry"));
}

#[test]
fn whoever_holds_the_lock_is_the_shipper_by_whatever_name() {
    let host = Host::new("locker");
    for data in ["var/lib/filebeat", "opt/Elastic/Agent/data/elastic-agent-9.1-abc/run/log-default"] {
        host.write(&format!("{data}/filebeat.lock"), "");
        host.write(&format!("{data}/registry/filebeat/log.json"), "");
    }
    host.process(7, "/usr/local/bin/shipper", "shipper");
    let root = Root::at(&host.0).unwrap();
    let lock = |data: &str, pid: i32| {
        let stat = root.stat(&Path::new("/").join(data).join("filebeat.lock")).unwrap();
        format!(
            "1: FLOCK  ADVISORY  WRITE {pid} {:02x}:{:02x}:{} 0 EOF\n",
            libc::major(stat.dev),
            libc::minor(stat.dev),
            stat.ino
        )
    };
    let locks = lock("var/lib/filebeat", 7)
        + &lock("opt/Elastic/Agent/data/elastic-agent-9.1-abc/run/log-default", 8);
    host.write("proc/locks", &locks);
    let [packaged, component] = &host.all()[..] else { panic!("two were laid") };
    let runs = |one: &Found| (one.process.map(ProcessId::get), one.runs(&Proc::new(root.clone())));
    // What has ended since then is not there.
    assert_eq!((runs(packaged), runs(component)), ((Some(7), true), (Some(8), false)));
}

#[test]
fn a_number_that_went_to_another_process_is_not_the_shipper() {
    let host = Host::new("reused");
    host.write("opt/fb/filebeat.yml", "path.data: /srv/fb\n");
    host.process(10, "/opt/fb/filebeat", "./filebeat -e");
    let found = host.all();
    let proc = Proc::new(Root::at(&host.0).unwrap());
    assert!(found[0].runs(&proc));
    let fields = |state: &str, started: u64| {
        format!("10 (x) {state} 1 10 10{} {started}{}\n", " 0".repeat(15), " 0".repeat(30))
    };
    host.write("proc/10/stat", &fields("S", 0));
    assert!(found[0].runs(&proc));
    for other in [fields("S", 99), fields("Z", 0)] {
        host.write("proc/10/stat", &other);
        assert!(!found[0].runs(&proc), "{other}");
    }
}
