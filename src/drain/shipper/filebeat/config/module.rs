//! Modules: each fileset that is on makes an input of its paths, or of the default paths that its
//! manifest names. Pure: whoever calls reads the manifests.
//!
//! A fileset that is not named is on before 8.0, and off since (elastic/beats#27526); one that is named
//! without a value is on.

use super::input::{Kind, LogInput};
use super::setting::{Setting, boolean};
use super::yaml::{self, Node, Value};
use super::{Config, Unknown};

/// A fileset of a module, on or perhaps on, whose paths are not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fileset {
    /// The file that switches it on.
    pub file: String,
    /// Line in that file, from 1.
    pub line: usize,
    /// Name of the module, `nginx`.
    pub module: String,
    /// The fileset; `None`: whichever are not `named`, in the versions where these are on.
    pub name: Option<String>,
    /// Those that are named, of all that are not.
    pub named: Vec<String>,
    /// `var.paths`, where it is there.
    pub paths: Option<Node>,
}

/// What the files of a fileset say.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// Text of `manifest.yml`.
    pub manifest: String,
    /// Text of the template of its input, which the manifest names by `input`.
    pub template: String,
}

impl Config {
    /// Gathers the filesets of modules.
    pub(super) fn modules(&mut self, file: &str, list: &Node) {
        for module in list.list() {
            let name = module.get("module").and_then(Node::text).unwrap_or("?").to_owned();
            if module.get("enabled").is_some_and(|node| boolean(node) == Setting::Set(false)) {
                continue;
            }
            let Value::Map(pairs) = &module.value else {
                self.unknown(file, module, "expected a map for a module, found a list or a value");
                continue;
            };
            let of = |line: usize, fileset: Option<String>, named: Vec<String>, paths: Option<Node>| {
                Fileset { file: file.to_owned(), line, module: name.clone(), name: fileset, named, paths }
            };
            let mut named = Vec::new();
            for (fileset, node) in pairs {
                if matches!(node.value, Value::Text(_) | Value::List(_)) {
                    continue;
                }
                named.push(fileset.clone());
                match node.get("enabled").map_or(Setting::Default, boolean) {
                    Setting::Set(false) => continue,
                    Setting::Set(true) | Setting::Default => {}
                    Setting::Unknown(text) => {
                        let what = format!("module '{name}', fileset '{fileset}', enabled: {text}");
                        self.unknown(file, node, &what);
                    }
                }
                self.overridden(file, &name, fileset, node);
                let paths = node.get("var.paths").filter(|paths| !paths.list().is_empty()).cloned();
                self.filesets.push(of(node.line, Some(fileset.clone()), Vec::new(), paths));
            }
            self.filesets.push(of(module.line, None, named, None));
        }
    }

    /// Settings of its input that a fileset lays over its template, where they bear on which files that takes.
    fn overridden(&mut self, file: &str, module: &str, fileset: &str, node: &Node) {
        let Some(input) = node.get("input") else { return };
        let known = ["paths", "exclude_files", "prospector", "type", "enabled", "id", "ignore_older"];
        for name in known.into_iter().filter(|name| input.get(name).is_some()) {
            self.unknown(file, input, &format!("module '{module}', fileset '{fileset}', input.{name}"));
        }
    }

    /// Adds the input of a fileset, by what its files say, if they could be read.
    pub fn add_fileset(&mut self, fileset: &Fileset, files: Option<&Manifest>) {
        let what = || {
            let name = fileset.name.as_deref().unwrap_or("?");
            format!("module '{}', fileset '{name}'", fileset.module)
        };
        let unknown = |what: String| Unknown { file: fileset.file.clone(), line: fileset.line, what };
        let kind = files.map_or(Kind::Module, |files| kind_of(&files.template));
        let paths = match (&fileset.paths, files.map(|files| default_paths(&files.manifest))) {
            (Some(paths), _) => paths.clone(),
            (None, Some(Ok(Some(paths)))) => paths,
            (None, Some(Ok(None))) => return self.others.push(what()),
            (None, Some(Err(()))) | (None, None) => {
                return self.unknown.push(unknown(format!("{}: its default paths", what())));
            }
        };
        self.take_input(&fileset.file, fileset.line, LogInput::of_module(kind, &paths));
    }
}

/// The default of the variable `paths`; `None` where there is no such variable: it reads no files.
fn default_paths(manifest: &str) -> Result<Option<Node>, ()> {
    let tree = yaml::read(manifest).map_err(drop)?;
    let vars = tree.get("var").map_or(&[][..], Node::list);
    let named = |var: &&Node| var.get("name").and_then(Node::text) == Some("paths");
    let Some(paths) = vars.iter().find(named) else { return Ok(None) };
    let default = paths.get("default").cloned().ok_or(())?;
    let plain = |path: &Node| path.text().is_some_and(|text| !text.contains("{{"));
    if default.list().iter().all(plain) { Ok(Some(default)) } else { Err(()) }
}

/// The input's type, where the template names one alone.
fn kind_of(template: &str) -> Kind {
    let types = template.lines().filter_map(|line| line.trim().strip_prefix("type:")).map(str::trim);
    let mut types: Vec<&str> = types.map(|kind| kind.trim_matches(['"', '\''])).collect();
    types.dedup();
    if types == ["log"] { Kind::Log } else { Kind::Module }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "module_version: 1.0\nvar:\n  - name: paths\n    default:\n      - /var/log/messages*\n    \
        os.darwin: [/x]\ninput: config/syslog.yml\n";

    fn with(manifest: &str, template: &str) -> Config {
        let mut config = Config::default();
        config.modules("m.yml", &yaml::read("- module: system\n  syslog:\n").unwrap());
        let files = Manifest { manifest: manifest.into(), template: template.into() };
        let fileset = config.filesets.remove(0);
        config.add_fileset(&fileset, Some(&files));
        config
    }

    #[test]
    fn a_fileset_without_paths_has_those_of_its_manifest() {
        let config = with(MANIFEST, "type: log\npaths:\n");
        assert!(config.unknown.is_empty(), "{:?}", config.unknown);
        assert!(config.inputs[0].paths[0].matches(b"/var/log/messages.1"));
        assert_eq!(config.inputs[0].kind, Kind::Log);
        let two = with(MANIFEST, "{{ if .x }}\ntype: journald\n{{ else }}\ntype: log\n{{ end }}");
        assert_eq!(two.inputs[0].kind, Kind::Module);
    }

    /// "Override input settings" of Filebeat's manual of modules.
    #[test]
    fn what_is_laid_over_the_input_of_a_fileset_is_not_known() {
        let of = |yaml: &str| {
            let mut config = Config::default();
            config.modules("m.yml", &yaml::read(&format!("- module: nginx\n  access:\n{yaml}")).unwrap());
            config.unknown.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of("    input.paths: [/x]\n"), ["m.yml:3: module 'nginx', fileset 'access', input.paths"]);
        assert_eq!(of("    input:\n      exclude_files: [x]\n").len(), 1);
        assert_eq!(of("    input.close_eof: true\n"), <[String; 0]>::default());
    }

    #[test]
    fn one_whose_paths_are_not_plainly_there_is_not_known() {
        let config = with(&MANIFEST.replace("/var/log/messages*", "'{{.home}}/x'"), "");
        assert!(config.unknown[0].what.contains("default paths"), "{:?}", config.unknown);
        let config = with("var:\n  - name: port\n    default: 1\n", "");
        assert_eq!(config.others, ["module 'system', fileset 'syslog'"]);
    }
}
