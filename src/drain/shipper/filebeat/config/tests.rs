use super::*;
use crate::drain::judge::glob::Answer;

fn parse(text: &str) -> Config {
    read("filebeat.yml", text, &Flags::default()).unwrap()
}

fn unknown(config: &Config) -> Vec<String> {
    config.unknown.iter().map(ToString::to_string).collect()
}

#[test]
fn a_configuration_of_8_x() {
    let config = parse(
        r#"
path.data: /srv/filebeat
filebeat.inputs:
- type: filestream
  id: app
  paths:
    - /var/log/app/*.log
    - /srv/**/*.log
  prospector.scanner:
    exclude_files: ['\.gz$']
    check_interval: 3s
    fingerprint: {enabled: true, length: 64}
  file_identity.fingerprint: ~
  parsers:
    - multiline: {type: pattern, pattern: '^\[', timeout: 2s}
- type: log
  enabled: false
  paths: [/x]
- type: udp
  host: "localhost:1"
filebeat.registry.flush: 0
filebeat.config.modules:
  path: ${path.config}/modules.d/*.yml
http: {enabled: true, port: 5067}
queue.mem.flush.timeout: 1h1.5s
"#,
    );
    assert!(config.is_known(), "{:?}", unknown(&config));
    assert_eq!(config.data, Setting::Set("/srv/filebeat".into()));
    assert_eq!(config.registry_flush, Setting::Set(Duration::ZERO));
    assert_eq!(config.http, Setting::Set(Http { host: "localhost".into(), port: 5067 }));
    assert_eq!(config.queue_flush, Setting::Set(Duration::from_millis(3_601_500)));
    assert_eq!(
        config.includes,
        [Include { pattern: "modules.d/*.yml".into(), holds: IncludeKind::Modules, reload: None }]
    );
    let [input] = &config.inputs[..] else { panic!("{:?}", config.inputs) };
    assert_eq!((input.kind, &input.id), (Kind::Filestream, &Setting::Set("app".into())));
    assert!(input.paths.iter().any(|pattern| pattern.matches(b"/srv/a/b/c.log")));
    assert_eq!(input.exclude_files.match_path(b"/x.gz"), Answer::Yes);
    assert_eq!(input.scan, Setting::Set(Duration::from_secs(3)));
    assert_eq!(input.fingerprint.length, Setting::Set(64));
    assert_eq!(input.identity, Setting::Set(Identification::Fingerprint));
    assert_eq!(input.multiline, Setting::Set(Multiline { timeout: Duration::from_secs(2) }));
}

#[test]
fn configurations_of_1_x_to_6_x() {
    let old = parse(
        "filebeat:\n  prospectors:\n    -\n      paths:\n        - /var/log/*.log\n      input_type: log\n      ignore_older: 24h\n  registry_file: /var/lib/filebeat/registry\n",
    );
    assert_eq!(old.registry, Setting::Set("/var/lib/filebeat/registry".into()));
    assert_eq!(old.inputs[0].ignore_older, Setting::Set(Duration::from_secs(86_400)));
    let six = parse(
        "filebeat.prospectors:\n- type: docker\n  containers.ids: ['*']\nfilebeat.registry_flush: 1s\nfilebeat.config_dir: /etc/filebeat/conf.d/\n",
    );
    assert!(six.inputs[0].paths[0].matches(b"/var/lib/docker/containers/abc/abc-json.log"));
    assert_eq!(six.registry_flush, Setting::Set(Duration::from_secs(1)));
    assert_eq!(six.includes[0].pattern, "/etc/filebeat/conf.d/*.yml");
}

#[test]
fn what_is_not_plainly_there_is_named() {
    let config = parse(
        r#"filebeat.inputs:
- type: log
  paths: ["${LOGS}/*.log", "logs/*.log", "/a/**/b/**"]
- type: ${KIND}
- enabled: ${ON}
- paths: /x
  exclude_files: ['\p{Greek}']
filebeat.autodiscover:
  providers: []
filebeat.modules:
- module: nginx
  access: {enabled: true}
- module: system
filebeat.registry.path: ${D}/r
"#,
    );
    assert_eq!(config.registry, Setting::Unknown("${D}/r".into()));
    let all = unknown(&config);
    for part in [
        "filebeat.yml:2: path '${LOGS}/*.log'",
        "relative to the folder",
        "more than one '**'",
        "filebeat.yml:4: input, type: ${KIND}",
        "filebeat.yml:5: input, enabled: ${ON}",
        "expression '\\p{Greek}'",
        "autodiscover",
    ] {
        assert!(all.iter().any(|text| text.contains(part)), "{part}: {all:?}");
    }
}

#[test]
fn modules_and_inputs_of_other_files() {
    let mut config = parse("");
    let modules = "- module: nginx\n  access:\n    enabled: true\n    var.paths: ['/var/log/nginx/*.log']\n  error:\n    enabled: false\n- module: apache\n  enabled: false\n";
    let vars = Vars::default();
    config.add(IncludeKind::Modules, "modules.d/nginx.yml", modules, &vars).unwrap();
    let container = "- type: container\n  paths: /var/log/containers/*.log\n  symlinks: false\n";
    config.add(IncludeKind::Inputs, "inputs.d/a.yml", container, &vars).unwrap();
    let names: Vec<_> = config.filesets.iter().map(|fileset| fileset.name.as_deref()).collect();
    assert_eq!(names, [Some("access"), None]);
    let access = config.filesets[0].clone();
    config.add_fileset(&access, None);
    assert!(config.is_known(), "{:?}", unknown(&config));
    assert_eq!((config.inputs[0].kind, &config.inputs[0].symlinks), (Kind::Container, &Setting::Set(true)));
    assert!(config.inputs[1].paths[0].matches(b"/var/log/nginx/a.log"));
}

#[test]
fn flags_are_laid_over_the_file() {
    let flags = Flags::parse(["--path.data", "/d", "-E", "http.enabled=true", "-E", "http.port=1"]);
    let config = read("f", "path.data: /file\nhttp.port: 2\n", &flags).unwrap();
    assert_eq!(config.data, Setting::Set("/d".into()));
    assert_eq!(config.http, Setting::Set(Http { host: "localhost".into(), port: 1 }));
    assert_eq!(read("f", "", &flags).unwrap().data, Setting::Set("/d".into()));
}

#[test]
fn durations_of_go() {
    for (text, millis) in [("5", 5000), ("1m", 60_000), ("1h1m1s", 3_661_000), ("1.5s", 1500), ("300ms", 300)]
    {
        assert_eq!(go_duration(text), Some(Duration::from_millis(millis)), "{text}");
    }
    for text in ["", "-1s", "5x", "s", "1e9h", "99999999999999999999h"] {
        assert_eq!(go_duration(text), None, "{text}");
    }
}

#[test]
fn a_file_that_is_no_yaml_names_its_place() {
    let error = read("filebeat.yml", "filebeat.inputs:\n- type: [\n", &Flags::default()).unwrap_err();
    assert!(error.to_string().starts_with("3:"), "{error}");
}
