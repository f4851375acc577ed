//! The arms of `[Service]` that say what each process gets (systemd.exec(5)).

use super::line::{Line, Trouble, set};
use super::{Arm, Draft};
use crate::sort;
use crate::unit::model::{
    Directories, EnvironmentFile, ExecContext, Resource, RuntimePreserve, StandardInput, StandardOutput,
    WorkingDirectory,
};
use crate::unit::value::{Expand, ValueError, boolean, capability, cpu_set, env, limits, mode, path};

pub(super) const ARMS: &[(&str, Arm)] = &[
    ("CPUAffinity", cpu_affinity),
    ("CacheDirectory", |d, l| d.directories(l, |c| &mut c.cache_directory)),
    ("CacheDirectoryMode", |d, l| set(&mut d.context().cache_directory.mode, l.mode())),
    ("CapabilityBoundingSet", capability_bounding_set),
    ("ConfigurationDirectory", |d, l| d.directories(l, |c| &mut c.configuration_directory)),
    ("ConfigurationDirectoryMode", |d, l| set(&mut d.context().configuration_directory.mode, l.mode())),
    ("Environment", environment),
    ("EnvironmentFile", environment_file),
    ("ExecSearchPath", exec_search_path),
    ("Group", |d, l| {
        d.context().group = d.principal(l)?;
        Ok(())
    }),
    ("IgnoreSIGPIPE", |d, l| set(&mut d.context().ignore_sigpipe, l.boolean())),
    ("LimitAS", |d, l| d.limit(l, Resource::As)),
    ("LimitCORE", |d, l| d.limit(l, Resource::Core)),
    ("LimitCPU", |d, l| d.limit(l, Resource::Cpu)),
    ("LimitDATA", |d, l| d.limit(l, Resource::Data)),
    ("LimitFSIZE", |d, l| d.limit(l, Resource::Fsize)),
    ("LimitLOCKS", |d, l| d.limit(l, Resource::Locks)),
    ("LimitMEMLOCK", |d, l| d.limit(l, Resource::Memlock)),
    ("LimitMSGQUEUE", |d, l| d.limit(l, Resource::Msgqueue)),
    ("LimitNICE", |d, l| d.limit(l, Resource::Nice)),
    ("LimitNOFILE", |d, l| d.limit(l, Resource::Nofile)),
    ("LimitNPROC", |d, l| d.limit(l, Resource::Nproc)),
    ("LimitRSS", |d, l| d.limit(l, Resource::Rss)),
    ("LimitRTPRIO", |d, l| d.limit(l, Resource::Rtprio)),
    ("LimitRTTIME", |d, l| d.limit(l, Resource::Rttime)),
    ("LimitSIGPENDING", |d, l| d.limit(l, Resource::Sigpending)),
    ("LimitSTACK", |d, l| d.limit(l, Resource::Stack)),
    ("LogsDirectory", |d, l| d.directories(l, |c| &mut c.logs_directory)),
    ("LogsDirectoryMode", |d, l| set(&mut d.context().logs_directory.mode, l.mode())),
    ("Nice", |d, l| set(&mut d.context().nice, l.integer(-20, 19))),
    ("NoNewPrivileges", |d, l| set(&mut d.context().no_new_privileges, l.boolean())),
    ("OOMScoreAdjust", |d, l| set(&mut d.context().oom_score_adjust, l.integer(-1000, 1000))),
    ("PassEnvironment", |d, l| d.variables(l, env::parse_pass, |c| &mut c.pass_environment)),
    ("PrivateTmp", |d, l| set(&mut d.context().private_tmp, l.boolean())),
    ("RuntimeDirectory", |d, l| d.directories(l, |c| &mut c.runtime_directory)),
    ("RuntimeDirectoryMode", |d, l| set(&mut d.context().runtime_directory.mode, l.mode())),
    ("RuntimeDirectoryPreserve", |d, l| {
        d.context().runtime_directory_preserve = match l.text {
            "restart" => RuntimePreserve::Restart,
            text if boolean::parse(text)? => RuntimePreserve::Yes,
            _ => RuntimePreserve::No,
        };
        Ok(())
    }),
    ("StandardError", |d, l| {
        let output = d.output(l)?;
        d.context().stderr = output.unwrap_or(StandardOutput::Inherit);
        Ok(())
    }),
    ("StandardInput", standard_input),
    ("StandardOutput", |d, l| {
        let output = d.output(l)?;
        d.context().stdout = output.unwrap_or(StandardOutput::Journal);
        Ok(())
    }),
    ("StateDirectory", |d, l| d.directories(l, |c| &mut c.state_directory)),
    ("StateDirectoryMode", |d, l| set(&mut d.context().state_directory.mode, l.mode())),
    ("SupplementaryGroups", supplementary_groups),
    ("SyslogIdentifier", |d, l| {
        d.context().syslog_identifier = if l.text.is_empty() { None } else { Some(d.expand(0, l.text)?) };
        Ok(())
    }),
    ("UMask", |d, l| set(&mut d.context().umask, l.mode())),
    ("UnsetEnvironment", |d, l| d.variables(l, env::parse_unset, |c| &mut c.unset_environment)),
    ("User", |d, l| {
        d.context().user = d.principal(l)?;
        Ok(())
    }),
    ("WorkingDirectory", working_directory),
];

/// Reads a list of variables: those that count, and what is wrong with the others.
type ParseNames = fn(&str, Expand<'_>) -> Result<(Vec<String>, Vec<ValueError>), ValueError>;

/// Lists and ranges add up: `0-3,8 10`; an empty value clears them.
fn cpu_affinity(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), Trouble> {
    if l.text.is_empty() {
        d.context().cpu_affinity.clear();
        return Ok(());
    }
    if l.text == "numa" {
        d.unapplied(l.setting, "amr sets no NUMA policy");
        return Ok(());
    }
    let cpus = cpu_set::parse(l.text)?;
    let set = &mut d.context().cpu_affinity;
    set.extend(cpus);
    sort::slice(set);
    set.dedup();
    Ok(())
}

/// As `config_parse_capability_set`: the first line replaces, further ones add, or with `~` take away.
fn capability_bounding_set(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), Trouble> {
    let (invert, text) = l.text.strip_prefix('~').map_or((false, l.text), |rest| (true, rest));
    let (sum, errors) = capability::parse(text);
    for error in errors {
        d.warn(l, Trouble::from(error).within(usize::from(invert)));
    }
    let set = &mut d.context().capability_bounding_set;
    *set = match (*set, invert) {
        (Some(before), true) if sum != 0 => Some(before & !sum),
        (Some(before), false) if sum != 0 => Some(before | sum),
        (_, true) if sum == 0 => None,
        (_, true) => Some(!sum),
        (_, false) => Some(sum),
    };
    Ok(())
}

fn environment(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), Trouble> {
    if l.text.is_empty() {
        d.context().environment.clear();
        return Ok(());
    }
    let expand = |text: &str| crate::unit::specifier::expand(text, d.facts, &d.unit.name);
    let (pairs, errors) = env::parse_assignments(l.text, &expand)?;
    for error in errors {
        d.warn(l, error.into());
    }
    let list = &mut d.context().environment;
    for (name, value) in pairs {
        list.retain(|(n, _)| *n != name);
        list.push((name, value));
    }
    Ok(())
}

fn environment_file(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), Trouble> {
    if l.text.is_empty() {
        d.context().environment_files.clear();
        return Ok(());
    }
    let (missing_ok, text) = optional(l.text);
    let path = d.absolute(l.text.len() - text.len(), text)?;
    let origin = l.origin(0, l.text.len());
    d.context().environment_files.push(EnvironmentFile { path, missing_ok, origin });
    Ok(())
}

fn exec_search_path(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), Trouble> {
    if l.text.is_empty() {
        d.context().exec_search_path.clear();
    }
    let mut at = 0;
    for part in l.text.split(':') {
        if !part.is_empty() {
            match d.absolute(at, part) {
                Ok(path) => d.context().exec_search_path.push(path),
                Err(trouble) => d.warn(l, trouble),
            }
        }
        at += part.len() + 1;
    }
    Ok(())
}

fn standard_input(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), Trouble> {
    d.context().stdin = match l.text {
        "" | "null" => StandardInput::Null,
        "tty" | "tty-force" | "tty-fail" => StandardInput::Tty,
        "data" => StandardInput::Data(Vec::new()),
        text if text == "socket" || text == "fd" || text.starts_with("fd:") => {
            d.unapplied(l.setting, "amr passes no file descriptors");
            StandardInput::Null
        }
        text => match text.strip_prefix("file:") {
            Some(path) => StandardInput::File(d.absolute("file:".len(), path)?),
            None => return Err(l.trouble(format!("'{text}' is not a value of {}=", l.key))),
        },
    };
    Ok(())
}

fn supplementary_groups(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), Trouble> {
    if l.text.is_empty() {
        d.context().supplementary_groups.clear();
    }
    for word in l.words()? {
        let group = d.valid_principal(word.at, &word.text)?;
        d.context().supplementary_groups.push(group);
    }
    Ok(())
}

/// As `config_parse_working_directory`: what cannot be used is fatal, unless it may be missing.
fn working_directory(d: &mut Draft<'_>, l: &Line<'_>) -> Result<(), Trouble> {
    let (missing_ok, text) = optional(l.text);
    d.context().working_directory = match text {
        "" => WorkingDirectory::Root,
        "~" => WorkingDirectory::Home { missing_ok },
        text => match d.absolute(l.text.len() - text.len(), text) {
            Ok(path) => WorkingDirectory::Path { path, missing_ok },
            Err(trouble) if missing_ok => return Err(trouble),
            Err(trouble) => return Err(trouble.fatal()),
        },
    };
    Ok(())
}

/// A leading `-`, and what follows.
fn optional(text: &str) -> (bool, &str) {
    text.strip_prefix('-').map_or((false, text), |rest| (true, rest))
}

impl Line<'_> {
    fn mode(&self) -> Result<u32, Trouble> {
        Ok(mode::parse(self.text)?)
    }

    /// A number in a range; an empty value restores the default.
    fn integer(&self, min: i32, max: i32) -> Result<Option<i32>, Trouble> {
        if self.text.is_empty() {
            return Ok(None);
        }
        let number = self.text.parse().ok().filter(|n| (min..=max).contains(n));
        number.map(Some).ok_or_else(|| {
            self.trouble(format!("{}= goes from {min} to {max}, not '{}'", self.key, self.text))
        })
    }
}

impl Draft<'_> {
    fn context(&mut self) -> &mut ExecContext {
        &mut self.service.service.context
    }

    /// `User=`, `Group=`: a name or number, or nothing; anything else is fatal.
    fn principal(&self, l: &Line<'_>) -> Result<Option<String>, Trouble> {
        if l.text.is_empty() { Ok(None) } else { self.valid_principal(0, l.text).map(Some) }
    }

    fn valid_principal(&self, at: usize, text: &str) -> Result<String, Trouble> {
        let name = self.expand(at, text).map_err(Trouble::fatal)?;
        if is_principal(&name) {
            return Ok(name);
        }
        Err(Trouble::new(at, text, format!("'{name}' is not a valid name or number of a user or group"))
            .fatal())
    }

    fn limit(&mut self, l: &Line<'_>, resource: Resource) -> Result<(), Trouble> {
        let list = &mut self.context().limits;
        if l.text.is_empty() {
            list.retain(|(r, _)| *r != resource);
            return Ok(());
        }
        let limit = limits::parse(resource, l.text)?;
        list.retain(|(r, _)| *r != resource);
        list.push((resource, limit));
        Ok(())
    }

    fn variables(
        &mut self,
        l: &Line<'_>,
        parse: ParseNames,
        list: fn(&mut ExecContext) -> &mut Vec<String>,
    ) -> Result<(), Trouble> {
        if l.text.is_empty() {
            list(self.context()).clear();
            return Ok(());
        }
        let expand = |text: &str| crate::unit::specifier::expand(text, self.facts, &self.unit.name);
        let (names, errors) = parse(l.text, &expand)?;
        list(self.context()).extend(names);
        for error in errors {
            self.warn(l, error.into());
        }
        Ok(())
    }

    /// `RuntimeDirectory=` and its kin: relative names, `..` not among them.
    fn directories(
        &mut self,
        l: &Line<'_>,
        which: fn(&mut ExecContext) -> &mut Directories,
    ) -> Result<(), Trouble> {
        if l.text.is_empty() {
            which(self.context()).names.clear();
        }
        for word in l.words()? {
            let (name, link) = word.text.split_once(':').map_or((&*word.text, None), |(n, k)| (n, Some(k)));
            let checked = self.expand(word.at, name).and_then(|name| {
                let name = path::relative(&name).map_err(|e| Trouble::new(word.at, &word.text, e.message))?;
                if name == "private" || name.starts_with("private/") {
                    return Err(Trouble::new(word.at, &word.text, "'private' is systemd's own folder"));
                }
                Ok(name)
            });
            match checked {
                Ok(name) => which(self.context()).names.push(name),
                Err(trouble) => self.warn(l, trouble),
            }
            if link.is_some() {
                self.unapplied(l.setting, "amr makes no links to directories");
            }
        }
        Ok(())
    }

    /// `StandardOutput=`, `StandardError=`; `None` for an empty value.
    fn output(&mut self, l: &Line<'_>) -> Result<Option<StandardOutput>, Trouble> {
        Ok(Some(match l.text {
            "" => return Ok(None),
            "inherit" => StandardOutput::Inherit,
            "null" => StandardOutput::Null,
            "tty" => StandardOutput::Tty,
            "journal" | "kmsg" | "syslog" => StandardOutput::Journal,
            "journal+console" | "kmsg+console" | "syslog+console" => StandardOutput::JournalConsole,
            text if text == "socket" || text == "fd" || text.starts_with("fd:") => {
                self.unapplied(l.setting, "amr passes no file descriptors");
                StandardOutput::Journal
            }
            text => match text.split_once(':') {
                Some(("file", path)) => StandardOutput::File(self.absolute("file:".len(), path)?),
                Some(("append", path)) => StandardOutput::Append(self.absolute("append:".len(), path)?),
                Some(("truncate", path)) => StandardOutput::Truncate(self.absolute("truncate:".len(), path)?),
                _ => return Err(l.trouble(format!("'{text}' is not a value of {}=", l.key))),
            },
        }))
    }
}

/// As `valid_user_group_name` with its relaxed rules: numbers but for 65535 and 2^32-1, and names
/// without blanks at their ends, control characters, `:` and `/`.
fn is_principal(name: &str) -> bool {
    if name.bytes().all(|b| b.is_ascii_digit()) {
        return name.parse::<u32>().is_ok_and(|id| id != 0xffff && id != u32::MAX);
    }
    let odd = |c: char| c.is_control() || c == ':' || c == '/';
    !name.starts_with('-') && name.trim() == name && name != "." && name != ".." && !name.contains(odd)
}
