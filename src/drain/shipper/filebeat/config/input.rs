//! One input that reads files: `log`, `container`, `docker`, `filestream`. Pure.

use super::setting::{Setting, boolean, duration, number, string};
use super::yaml::{Node, Value};
use crate::drain::judge::glob::{Expressions, Pattern};
use std::time::Duration;

/// An input's `type`, as far as it reads files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `log`, and inputs without a type.
    Log,
    /// `container`
    Container,
    /// `docker`
    Docker,
    /// `filestream`
    Filestream,
    /// What a module's fileset makes, where that is not known: `log` or `filestream`.
    Module,
}

/// By what files are recognised (`file_identity`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identification {
    /// `native`: device and inode.
    Native,
    /// Path alone (`path`): a file that is renamed is a new one.
    Path,
    /// `inode_marker`: inode, and the contents of a marker file in place of the device.
    InodeMarker,
    /// `fingerprint`: a digest of the part of the file that [`Fingerprint`](struct@Fingerprint) names.
    Fingerprint,
}

/// `multiline.*`, as far as it holds lines back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiline {
    /// How long an unfinished event waits for more lines.
    pub timeout: Duration,
}

/// What an input that reads files is told: one field for each option that bears on what it owes.
#[derive(Clone, Debug)]
pub struct LogInput {
    /// `type`, or `input_type`.
    pub kind: Kind,
    /// `id`
    pub id: Setting<String>,
    /// `stream` of a container, `containers.stream` of docker.
    pub stream: Setting<String>,
    /// `paths`
    pub paths: Vec<Pattern>,
    /// `exclude_files`: what it matches is not shipped.
    pub exclude_files: Expressions,
    /// `include_files`: if there is any, only what it matches is shipped.
    pub include_files: Expressions,
    /// `ignore_older`
    pub ignore_older: Setting<Duration>,
    /// `symlinks`
    pub symlinks: Setting<bool>,
    /// `encoding`
    pub encoding: Setting<String>,
    /// `line_terminator` or the parser's own.
    pub line_terminator: Setting<String>,
    /// `compression`, or `gzip_experimental`.
    pub compression: Setting<String>,
    /// `harvester_limit`
    pub harvester_limit: Setting<u64>,
    /// `max_bytes`, `message_max_bytes`
    pub max_bytes: Setting<u64>,
    /// `include_lines` or `exclude_lines` is there.
    pub filters_lines: bool,
    /// `multiline.*`
    pub multiline: Setting<Multiline>,
    /// `tail_files`, `seek_to_tail`
    pub tail: Setting<bool>,
    /// `scan_frequency`, `prospector.scanner.check_interval`
    pub scan: Setting<Duration>,
    /// `max_backoff`, `backoff.max`
    pub backoff: Setting<Duration>,
    /// `close_inactive`, `close.on_state_change.inactive`
    pub close_inactive: Setting<Duration>,
    /// `close_removed`, `close.on_state_change.removed`
    pub close_removed: Setting<bool>,
    /// `close_eof`, `close.reader.on_eof`
    pub close_eof: Setting<bool>,
    /// `file_identity`
    pub identity: Setting<Identification>,
    /// `prospector.scanner.fingerprint.enabled`, `.offset`, `.length`, `.growing`
    pub fingerprint: Fingerprint,
    /// Options whose meaning amr cannot know, each as a sentence.
    pub unknown: Vec<String>,
}

/// The scanner's fingerprint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// `enabled`: is the fingerprint taken at all?
    pub enabled: Setting<bool>,
    /// Offset of its first byte; 0 by default.
    pub offset: Setting<u64>,
    /// In bytes; 1024 by default, 64 at least (`filebeat/input/filestream/fswatch.go`).
    pub length: Setting<u64>,
    /// Whether it grows with a file that is shorter.
    pub growing: Setting<bool>,
}

/// What one entry of a list of inputs came to.
pub(super) enum Read {
    /// It reads files.
    Files(Box<LogInput>),
    /// It reads something else, by this name: sockets, queues, journals, services.
    Other(String),
    /// It is switched off.
    Off,
}

/// Reads one input.
///
/// # Errors
/// What it is cannot be known.
pub(super) fn read(node: &Node) -> Result<Read, String> {
    match node.get("enabled").map_or(Setting::Default, boolean) {
        Setting::Set(false) => return Ok(Read::Off),
        Setting::Default | Setting::Set(true) => {}
        Setting::Unknown(text) => return Err(format!("input, enabled: {text}")),
    }
    let kind = match node.get("type").or_else(|| node.get("input_type")).map_or(Setting::Default, string) {
        Setting::Default => Kind::Log,
        Setting::Unknown(text) => return Err(format!("input, type: {text}")),
        Setting::Set(kind) => match kind.as_str() {
            "log" => Kind::Log,
            "container" => Kind::Container,
            "docker" => Kind::Docker,
            "filestream" => Kind::Filestream,
            _ => return Ok(Read::Other(kind)),
        },
    };
    let mut input = LogInput::with_defaults(kind);
    input.options(node);
    match node.get("paths") {
        Some(paths) => input.take_paths(paths, is_recursive(kind, node)),
        None if kind == Kind::Docker => input.docker_paths(node),
        None => input.unknown.push("input without paths".into()),
    }
    Ok(Read::Files(Box::new(input)))
}

impl LogInput {
    fn with_defaults(kind: Kind) -> Self {
        Self {
            kind,
            id: Setting::Default,
            stream: Setting::Default,
            paths: Vec::new(),
            exclude_files: Expressions::default(),
            include_files: Expressions::default(),
            ignore_older: Setting::Default,
            symlinks: Setting::Default,
            encoding: Setting::Default,
            line_terminator: Setting::Default,
            compression: Setting::Default,
            harvester_limit: Setting::Default,
            max_bytes: Setting::Default,
            filters_lines: false,
            multiline: Setting::Default,
            tail: Setting::Default,
            scan: Setting::Default,
            backoff: Setting::Default,
            close_inactive: Setting::Default,
            close_removed: Setting::Default,
            close_eof: Setting::Default,
            identity: Setting::Default,
            fingerprint: Fingerprint::default(),
            unknown: Vec::new(),
        }
    }

    /// The input that a module's fileset makes of its paths; its other options lie in a template.
    pub(super) fn of_module(kind: Kind, paths: &Node) -> Self {
        let mut input = Self::with_defaults(kind);
        input.take_paths(paths, true);
        input.multiline = Setting::Unknown("the module's own".into());
        input.exclude_files = Expressions::new([r"\.gz$"]);
        input
    }

    /// An option counts only for the kinds that read it: filestream has its own names, and what it asks of
    /// files stands below `prospector.scanner`.
    fn options(&mut self, node: &Node) {
        let filestream = self.kind == Kind::Filestream;
        let by_kind = |log: &str, other: &str| node.get(if filestream { other } else { log });
        let scanner = |name: &str| node.get(&format!("prospector.scanner.{name}"));
        self.id = node.get("id").map_or(Setting::Default, string);
        self.stream = match self.kind {
            Kind::Docker => node.get("containers.stream").map_or(Setting::Default, string),
            Kind::Container => node.get("stream").map_or(Setting::Default, string),
            Kind::Log | Kind::Filestream | Kind::Module => Setting::Default,
        };
        self.ignore_older = node.get("ignore_older").map_or(Setting::Default, duration);
        // A container's logs are links into another folder; the input sets this itself.
        self.symlinks = if matches!(self.kind, Kind::Container | Kind::Docker) {
            Setting::Set(true)
        } else {
            by_kind("symlinks", "prospector.scanner.symlinks").map_or(Setting::Default, boolean)
        };
        self.encoding = node.get("encoding").map_or(Setting::Default, string);
        self.line_terminator = node.get("line_terminator").map_or(Setting::Default, string);
        self.compression = node.get("compression").map_or(Setting::Default, string);
        if node.get("gzip_experimental").map(boolean) == Some(Setting::Set(true)) {
            self.compression = Setting::Set("auto".into());
        }
        self.harvester_limit = node.get("harvester_limit").map_or(Setting::Default, number);
        self.max_bytes = by_kind("max_bytes", "message_max_bytes").map_or(Setting::Default, number);
        self.filters_lines = ["include_lines", "exclude_lines"].iter().any(|name| node.get(name).is_some());
        let tail = node.get("tail_files").or_else(|| node.get("seek_to_tail"));
        self.tail = tail.map_or(Setting::Default, boolean);
        let scan = by_kind("scan_frequency", "prospector.scanner.check_interval");
        self.scan = scan.map_or(Setting::Default, duration);
        self.backoff = by_kind("max_backoff", "backoff.max").map_or(Setting::Default, duration);
        self.closing(node);
        if !filestream {
            self.multiline = multiline(node, "multiline.");
        }
        self.identity = identification(node);
        let part = |name: &str| scanner(&format!("fingerprint.{name}"));
        self.fingerprint = Fingerprint {
            enabled: part("enabled").map_or(Setting::Default, boolean),
            offset: part("offset").map_or(Setting::Default, number),
            length: part("length").map_or(Setting::Default, number),
            growing: part("growing").map_or(Setting::Default, boolean),
        };
        self.exclude_files = self.expressions(by_kind("exclude_files", "prospector.scanner.exclude_files"));
        if filestream {
            self.include_files = self.expressions(scanner("include_files"));
            self.parsers(node.get("parsers"));
        }
    }

    fn closing(&mut self, node: &Node) {
        let filestream = self.kind == Kind::Filestream;
        let by_kind = |log: &str, other: &str| node.get(if filestream { other } else { log });
        self.close_inactive =
            by_kind("close_inactive", "close.on_state_change.inactive").map_or(Setting::Default, duration);
        self.close_removed =
            by_kind("close_removed", "close.on_state_change.removed").map_or(Setting::Default, boolean);
        self.close_eof = by_kind("close_eof", "close.reader.on_eof").map_or(Setting::Default, boolean);
    }

    /// Filestream's `parsers` may put lines together, and may know another end of a line.
    fn parsers(&mut self, parsers: Option<&Node>) {
        for parser in parsers.map_or(&[][..], Node::list) {
            if parser.get("multiline").is_some() {
                self.multiline = multiline(parser, "multiline.");
            }
            if parser.get("include_message").is_some() {
                self.filters_lines = true;
            }
            // Lines of a stream that is not taken are left out, and parts of a line are put together.
            if parser.get("container").is_some() {
                self.filters_lines = true;
            }
        }
    }

    fn expressions(&mut self, node: Option<&Node>) -> Expressions {
        let list = node.map_or(&[][..], Node::list);
        let known: Vec<&str> = list.iter().filter_map(Node::text).collect();
        let expressions = Expressions::new(known.iter().copied());
        let unknown = expressions.unknown().iter().map(|text| format!("expression '{text}'"));
        self.unknown.extend(unknown);
        if known.len() != list.len() || known.iter().any(|text| text.contains("${")) {
            self.unknown.push("exclude_files or include_files".into());
        }
        expressions
    }

    fn take_paths(&mut self, node: &Node, recursive: bool) {
        for path in node.list() {
            match string(path) {
                Setting::Set(text) => match Pattern::parse(&text, recursive) {
                    Ok(pattern) => self.paths.push(pattern),
                    Err(error) => self.unknown.push(format!("path {error}")),
                },
                Setting::Default => {}
                Setting::Unknown(text) => self.unknown.push(format!("path '{text}'")),
            }
        }
    }

    fn docker_paths(&mut self, node: &Node) {
        let folder = node.get("containers.path").map_or(Setting::Default, string);
        let Some(folder) = folder.or("/var/lib/docker/containers".into()) else {
            return self.unknown.push("containers.path".into());
        };
        for id in node.get("containers.ids").map_or(&[][..], Node::list) {
            let pattern = id.text().map(|id| Pattern::parse(&format!("{folder}/{id}/*.log"), true));
            match pattern {
                Some(Ok(pattern)) => self.paths.push(pattern),
                Some(Err(_)) | None => self.unknown.push("containers.ids".into()),
            }
        }
    }
}

/// `recursive_glob` is on unless it is switched off.
fn is_recursive(kind: Kind, node: &Node) -> bool {
    let name =
        if kind == Kind::Filestream { "prospector.scanner.recursive_glob" } else { "recursive_glob.enabled" };
    node.get(name).map_or(Setting::Default, boolean) != Setting::Set(false)
}

/// Names that begin with `prefix`, nested or dotted.
fn multiline(node: &Node, prefix: &str) -> Setting<Multiline> {
    let get = |name: &str| node.get(&format!("{prefix}{name}"));
    if get("pattern").is_none() && get("type").is_none() {
        return Setting::Default;
    }
    match get("timeout").map_or(Setting::Default, duration) {
        Setting::Set(timeout) => Setting::Set(Multiline { timeout }),
        Setting::Default => Setting::Set(Multiline { timeout: Duration::from_secs(5) }),
        Setting::Unknown(text) => Setting::Unknown(text),
    }
}

/// `file_identity.NAME`, with or without settings of its own.
fn identification(node: &Node) -> Setting<Identification> {
    for (name, identity) in [
        ("native", Identification::Native),
        ("path", Identification::Path),
        ("inode_marker", Identification::InodeMarker),
        ("fingerprint", Identification::Fingerprint),
    ] {
        let said = node.get(&format!("file_identity.{name}"));
        if said.is_some() || node.get("file_identity").and_then(Node::text) == Some(name) {
            return Setting::Set(identity);
        }
    }
    match node.get("file_identity").map(|node| &node.value) {
        None | Some(Value::Null) => Setting::Default,
        Some(Value::Text(text)) => Setting::Unknown(text.clone()),
        Some(Value::List(_) | Value::Map(_)) => Setting::Unknown("file_identity".into()),
    }
}
