//! filebeat.yml, as far as a drain needs it: where the registry is, which files are shipped, and how.
//!
//! Only what is plainly there is taken. A value that depends on a variable whose value is not known
//! (`${…}`) or on what is found at run time (autodiscover) is [`Setting::Unknown`] and listed by name
//! in [`Config::unknown`]: a file that no known input asks for may then still be shipped by an unknown
//! one. Overrides (`-E`) and command-line flags count as Filebeat counts them, after the files. Pure:
//! whoever calls reads the files that [`Config::includes`] and [`Config::filesets`] name.

pub mod flags;
mod input;
pub mod module;
mod queue;
mod setting;
pub mod vars;
pub mod yaml;

pub use flags::Flags;
pub use input::{Identification, Kind, LogInput, Multiline};
pub use module::Fileset;
pub use queue::Queue;
pub use setting::{Setting, go_duration};

use setting::{boolean, duration, string};
use std::time::Duration;
use vars::Vars;
use yaml::Node;

/// Something in the configuration that amr does not know the meaning of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct Unknown {
    /// Path of the file it stands in, as it is printed.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is not understood, for people.
    pub what: String,
}

/// Further files that hold inputs or modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// A pattern; relative to the configuration's folder unless it begins with `/`.
    pub pattern: String,
    /// What the files hold.
    pub holds: IncludeKind,
    /// `reload.period`, where they are read again as they change.
    pub reload: Option<Duration>,
}

/// What an included file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncludeKind {
    /// A list of inputs.
    Inputs,
    /// A list of modules.
    Modules,
    /// A whole configuration (`config_dir` of 5.x and 6.x).
    Configuration,
}

/// `http.*`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// `http.host`
    pub host: String,
    /// `http.port`
    pub port: u16,
}

/// What the configuration says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `path.home`
    pub home: Setting<String>,
    /// `path.data`
    pub data: Setting<String>,
    /// `path.logs`
    pub logs: Setting<String>,
    /// `filebeat.registry.path` (7.0 and later; relative to `path.data`) or `registry_file`.
    pub registry: Setting<String>,
    /// `filebeat.registry.flush` or `registry_flush`
    pub registry_flush: Setting<Duration>,
    /// `filebeat.registry.backend`
    pub backend: Setting<String>,
    /// `http.*`, if it is switched on.
    pub http: Setting<Http>,
    /// `queue.mem.flush.timeout`, at the top or below the output.
    pub queue_flush: Setting<Duration>,
    /// `logging.metrics.enabled` and its period; zero when it is off.
    pub metrics_period: Setting<Duration>,
    /// Its queues but the one in memory: each may acknowledge to the inputs before the output does.
    pub queues: Vec<Queue>,
    /// The output waits for no answer, so that its acknowledgements prove no delivery.
    pub unanswered: bool,
    /// The inputs that read files and are switched on.
    pub inputs: Vec<LogInput>,
    /// Those that read no files, by their names.
    pub others: Vec<String>,
    /// What modules make inputs of, with [`Config::add_fileset`].
    pub filesets: Vec<Fileset>,
    /// Further files to read, with [`Config::add`].
    pub includes: Vec<Include>,
    /// What is not known.
    pub unknown: Vec<Unknown>,
}

/// Reads filebeat.yml with the flags of its process. `file` is its name in messages.
///
/// # Errors
/// It is not YAML.
pub fn read(file: &str, text: &str, flags: &Flags) -> Result<Config, yaml::Error> {
    Ok(from_tree(file, yaml::read(text)?, flags, &Vars::default()))
}

/// Of the tree of filebeat.yml, or of several that were laid over one another.
#[must_use]
pub fn from_tree(file: &str, mut tree: Node, flags: &Flags, vars: &Vars) -> Config {
    flags.override_config(&mut tree);
    vars.resolve(&mut tree);
    let mut config = Config::default();
    config.whole(file, &tree);
    config
}

impl Config {
    /// Adds an included file.
    ///
    /// # Errors
    /// It is not YAML.
    pub fn add(
        &mut self,
        holds: IncludeKind,
        file: &str,
        text: &str,
        vars: &Vars,
    ) -> Result<(), yaml::Error> {
        let mut tree = yaml::read(text)?;
        vars.resolve(&mut tree);
        match holds {
            IncludeKind::Inputs => self.inputs(file, &tree),
            IncludeKind::Modules => self.modules(file, &tree),
            IncludeKind::Configuration => self.whole(file, &tree),
        }
        Ok(())
    }

    /// Every file that amr knows to be shipped is known: nothing is left in [`Config::unknown`].
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.unknown.is_empty()
    }

    fn whole(&mut self, file: &str, tree: &Node) {
        self.settings(tree);
        self.http(tree);
        self.queues.extend(queue::of(tree));
        self.output(tree);
        self.sources(file, tree);
    }

    /// Single values. A file of `config_dir` says nothing where it is silent.
    fn settings(&mut self, tree: &Node) {
        let registry = ["filebeat.registry_file", "filebeat.registry.path"];
        for (setting, names) in [
            (&mut self.home, &["path.home"][..]),
            (&mut self.data, &["path.data"]),
            (&mut self.logs, &["path.logs"]),
            (&mut self.registry, &registry),
            (&mut self.backend, &["filebeat.registry.backend"]),
        ] {
            if let Some(node) = last(tree, names) {
                *setting = string(node);
            }
        }
        let flush = ["filebeat.registry_flush", "filebeat.registry.flush"];
        for (setting, names) in
            [(&mut self.registry_flush, &flush[..]), (&mut self.metrics_period, &["logging.metrics.period"])]
        {
            if let Some(node) = last(tree, names) {
                *setting = duration(node);
            }
        }
        if let Some(node) = queue::flush(tree) {
            self.queue_flush = duration(node);
        }
        if tree.get("logging.metrics.enabled").is_some_and(|node| boolean(node) == Setting::Set(false)) {
            self.metrics_period = Setting::Set(Duration::ZERO);
        }
    }

    /// Where inputs come from, what is not known of that included.
    fn sources(&mut self, file: &str, tree: &Node) {
        for name in ["filebeat.inputs", "filebeat.prospectors"] {
            if let Some(node) = tree.get(name) {
                self.inputs(file, node);
            }
        }
        if let Some(node) = tree.get("filebeat.modules") {
            self.modules(file, node);
        }
        let autodiscover = ["filebeat.autodiscover.providers", "filebeat.autodiscover"];
        if let Some(node) = last(tree, &autodiscover) {
            self.unknown(file, node, "autodiscover: its inputs are found at run time");
        }
        for (name, holds) in [
            ("filebeat.config.inputs", IncludeKind::Inputs),
            ("filebeat.config.prospectors", IncludeKind::Inputs),
            ("filebeat.config.modules", IncludeKind::Modules),
        ] {
            self.include(file, tree, name, holds);
        }
        if let Some(node) = tree.get("filebeat.config_dir") {
            match string(node) {
                Setting::Set(folder) => self.includes.push(Include {
                    pattern: format!("{}/*.yml", folder.trim_end_matches('/')),
                    holds: IncludeKind::Configuration,
                    reload: None,
                }),
                Setting::Default => {}
                Setting::Unknown(text) => self.unknown(file, node, &format!("config_dir {text}")),
            }
        }
        if let Some(node) = tree.get("management.enabled").filter(|node| boolean(node) != Setting::Set(false))
        {
            self.unknown(file, node, "central management: the inputs come from a server");
        }
    }

    /// Kafka's brokers answer nothing where none of them is to (`required_acks`, -1 and 1 are the others).
    fn output(&mut self, tree: &Node) {
        let Some(kafka) = tree.get("output.kafka") else { return };
        let off = kafka.get("enabled").is_some_and(|node| boolean(node) == Setting::Set(false));
        let acks = kafka.get("required_acks").map_or(Setting::Default, string);
        self.unanswered = !off
            && !matches!(&acks, Setting::Default)
            && !matches!(acks.set().map(String::as_str), Some("1" | "-1"));
    }

    fn http(&mut self, tree: &Node) {
        let Some(enabled) = tree.get("http.enabled") else { return };
        let host = tree.get("http.host").map_or(Setting::Default, string);
        let port = tree.get("http.port").map_or(Setting::Default, string);
        self.http = match (boolean(enabled), host.or("localhost".into()), port.or("5066".into())) {
            (Setting::Set(false) | Setting::Default, _, _) => Setting::Default,
            (Setting::Set(true), Some(host), Some(port)) => match port.parse() {
                Ok(port) => Setting::Set(Http { host, port }),
                Err(_) => Setting::Unknown(format!("http.port {port}")),
            },
            (Setting::Set(true) | Setting::Unknown(_), _, _) => Setting::Unknown("http".into()),
        };
    }

    /// `config.inputs`, `config.modules`: a pattern of further files, if it is switched on.
    fn include(&mut self, file: &str, tree: &Node, name: &str, holds: IncludeKind) {
        let Some(path) = tree.get(&format!("{name}.path")) else { return };
        match tree.get(&format!("{name}.enabled")).map_or(Setting::Default, boolean) {
            Setting::Set(false) => return,
            Setting::Default | Setting::Set(true) => {}
            Setting::Unknown(text) => return self.unknown(file, path, &format!("{name}.enabled: {text}")),
        }
        let reloads = tree.get(&format!("{name}.reload.enabled")).map(boolean) == Some(Setting::Set(true));
        let period = tree.get(&format!("{name}.reload.period")).map_or(Setting::Default, duration);
        let reload = reloads.then(|| period.or(RELOAD).unwrap_or(RELOAD));
        match string(path) {
            Setting::Set(pattern) => self.includes.push(Include { pattern, holds, reload }),
            Setting::Default => {}
            // The packages' own file has it like this, and there is one thing it means.
            Setting::Unknown(text) => match text.strip_prefix("${path.config}/") {
                Some(rest) if !rest.contains("${") => {
                    self.includes.push(Include { pattern: rest.into(), holds, reload });
                }
                Some(_) | None => self.unknown(file, path, &format!("{name}.path: {text}")),
            },
        }
    }

    fn inputs(&mut self, file: &str, list: &Node) {
        for node in list.list() {
            match input::read(node) {
                Ok(input::Read::Files(input)) => self.take_input(file, node.line, *input),
                Ok(input::Read::Other(kind)) => self.others.push(kind),
                Ok(input::Read::Off) => {}
                Err(what) => self.unknown(file, node, &what),
            }
        }
    }

    fn take_input(&mut self, file: &str, line: usize, input: LogInput) {
        let unknown = |what: &String| Unknown { file: file.into(), line, what: what.clone() };
        self.unknown.extend(input.unknown.iter().map(unknown));
        self.inputs.push(input);
    }

    fn unknown(&mut self, file: &str, node: &Node, what: &str) {
        self.unknown.push(Unknown { file: file.into(), line: node.line, what: what.into() });
    }
}

/// `reload.period` by default.
const RELOAD: Duration = Duration::from_secs(10);

/// The value under one of these names; of several the last one counts.
fn last<'t>(tree: &'t Node, names: &[&str]) -> Option<&'t Node> {
    names.iter().rev().find_map(|name| tree.get(name))
}

#[cfg(test)]
mod tests;
