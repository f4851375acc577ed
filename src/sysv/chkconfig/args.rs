//! The words of chkconfig's command line, as popt takes them: options anywhere, `--` ends them. Pure.

use super::command::{Command, Kind, Redirect, SPEAKS, State, Strictness};
use crate::sysv::level::Levels;
use crate::sysv::links::shown;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// A command line that asks for nothing that can be done; the exit code is 1, also for `--help`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// For stderr, with its newline.
    pub stderr: String,
}

#[derive(Default)]
struct Options {
    add: bool,
    del: bool,
    over: bool,
    list: bool,
    no_redirect: bool,
    help: bool,
    version: bool,
    levels: Option<OsString>,
    kind: Option<OsString>,
    words: Vec<OsString>,
}

/// Reads the words behind the program's name. `program` is the name it was called by, without
/// folder: `install_initd`, `remove_initd` and `systemd-sysv-install` mean what they mean in
/// chkconfig. `skip_redirect` says that SYSTEMCTL_SKIP_REDIRECT is set, to whatever.
///
/// # Errors
/// What chkconfig prints before it ends with 1.
pub fn parse(program: &str, args: &[OsString], skip_redirect: bool) -> Result<Command, Usage> {
    let mut options = options(args)?;
    let strictness = match program {
        "install_initd" => {
            options.add = true;
            Strictness::Lsb
        }
        "remove_initd" => {
            options.del = true;
            Strictness::Lsb
        }
        _ => Strictness::Lax,
    };
    let usage = || Usage { stderr: usage(program) };
    if options.version {
        return Ok(Command::Version);
    }
    if options.help {
        return Err(usage());
    }
    let kind = match options.kind.as_deref().map(OsStr::as_bytes) {
        None => Kind::Any,
        Some(b"sysv") => Kind::Sysv,
        Some(b"xinetd") => Kind::Xinetd,
        Some(_) => return Err(line("--type must be 'sysv' or 'xinetd'")),
    };
    let asked = [options.list, options.add, options.del, options.over];
    if asked.iter().filter(|a| **a).count() > 1 {
        return Err(line("only one of --list, --add, --del, or --override may be specified"));
    }
    let redirect = if options.no_redirect || skip_redirect { Redirect::Forbidden } else { Redirect::Allowed };
    if options.list || (args.is_empty() && program != "systemd-sysv-install" && !options.add && !options.del)
    {
        return match options.words.as_slice() {
            [] => Ok(Command::List { name: None, kind }),
            [name] => Ok(Command::List { name: Some(name.clone()), kind }),
            _ => Err(usage()),
        };
    }
    if options.add || options.del || options.over {
        let [name] = options.words.as_slice() else { return Err(usage()) };
        let name = base_name(name).ok_or_else(usage)?;
        return Ok(match (options.add, options.del) {
            (true, _) => Command::Add { name, strictness },
            (false, true) => Command::Del { name, strictness },
            (false, false) => Command::Override { name },
        });
    }
    service_command(program, options, redirect).unwrap_or_else(|| Err(usage()))
}

/// `NAME [STATE]`; `None` for a usage error.
fn service_command(program: &str, options: Options, redirect: Redirect) -> Option<Result<Command, Usage>> {
    let mut words = options.words.into_iter();
    let (first, second) = (words.next()?, words.next());
    let levels = match &options.levels {
        None => None,
        Some(word) => Some(Levels::parse(word.as_bytes())?),
    };
    if program == "systemd-sysv-install" {
        return sysv_install(&first, second?, levels);
    }
    let state = match second.as_deref().map(OsStr::as_bytes) {
        None => return Some(query(first, levels, redirect)),
        Some(b"on") => State::On,
        Some(b"off") => State::Off,
        Some(b"reset") => State::Reset,
        Some(b"resetpriorities") => State::ResetPriorities,
        Some(_) => return None,
    };
    Some(Ok(Command::Set { name: first, levels, state, redirect }))
}

/// systemd calls it with the verb first.
fn sysv_install(verb: &OsStr, name: OsString, levels: Option<Levels>) -> Option<Result<Command, Usage>> {
    let redirect = Redirect::Forbidden;
    let set = |name, state| Some(Ok(Command::Set { name, levels, state, redirect }));
    match verb.as_bytes() {
        b"enable" => set(name, State::On),
        b"disable" => set(name, State::Off),
        b"is-enabled" => Some(query(name, levels.or(Levels::parse(b"5")), redirect)),
        _ => None,
    }
}

fn query(name: OsString, levels: Option<Levels>, redirect: Redirect) -> Result<Command, Usage> {
    let Some(levels) = levels else { return Ok(Command::Query { name, level: None, redirect }) };
    let mut all = levels.iter();
    match (all.next(), all.next()) {
        (level, None) => Ok(Command::Query { name, level, redirect: Redirect::Forbidden }),
        (_, Some(_)) => Err(line("only one runlevel may be specified for a chkconfig query")),
    }
}

fn options(args: &[OsString]) -> Result<Options, Usage> {
    let mut found = Options::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let bytes = arg.as_bytes();
        if bytes == b"--" {
            found.words.extend(args.by_ref().cloned());
        } else if let Some(long) = bytes.strip_prefix(b"--") {
            let (name, value) = match long.iter().position(|b| *b == b'=') {
                Some(at) => (long.get(..at), long.get(at + 1..).map(|v| OsStr::from_bytes(v).to_owned())),
                None => (Some(long), None),
            };
            found.long(arg, name.unwrap_or_default(), value, &mut args)?;
        } else if let (Some(b'-'), short @ [_, ..]) = (bytes.first(), bytes.get(1..).unwrap_or_default()) {
            for letter in short {
                match letter {
                    b'h' => found.help = true,
                    b'v' => found.version = true,
                    _ => return Err(line(&format!("{}: unknown option", shown(arg)))),
                }
            }
        } else {
            found.words.push(arg.clone());
        }
    }
    Ok(found)
}

impl Options {
    fn long<'a>(
        &mut self,
        arg: &OsStr,
        name: &[u8],
        value: Option<OsString>,
        rest: &mut impl Iterator<Item = &'a OsString>,
    ) -> Result<(), Usage> {
        let slot = match name {
            b"level" | b"levels" => Some(&mut self.levels),
            b"type" => Some(&mut self.kind),
            _ => None,
        };
        if let Some(slot) = slot {
            let missing = || line(&format!("{}: missing argument", shown(arg)));
            *slot = Some(value.or_else(|| rest.next().cloned()).ok_or_else(missing)?);
            return Ok(());
        }
        let flag = match name {
            b"add" => &mut self.add,
            b"del" => &mut self.del,
            b"override" => &mut self.over,
            b"list" => &mut self.list,
            b"no-redirect" => &mut self.no_redirect,
            b"help" => &mut self.help,
            b"version" => &mut self.version,
            _ => return Err(line(&format!("{}: unknown option", shown(arg)))),
        };
        if value.is_some() {
            return Err(line(&format!("{}: option does not take an argument", shown(arg))));
        }
        *flag = true;
        Ok(())
    }
}

/// basename(3) of a path: trailing slashes go; nothing left is a usage error.
fn base_name(path: &OsStr) -> Option<OsString> {
    let bytes = path.as_bytes();
    let end = bytes.iter().rposition(|b| *b != b'/')? + 1;
    let name = bytes.get(..end)?.rsplit(|b| *b == b'/').next()?;
    Some(OsStr::from_bytes(name).to_owned())
}

fn line(text: &str) -> Usage {
    Usage { stderr: format!("{text}\n") }
}

fn usage(program: &str) -> String {
    let head = format!("{program} version {SPEAKS} (amr {})\n\n", env!("CARGO_PKG_VERSION"));
    let lines = match program {
        "install_initd" | "remove_initd" => format!("usage:   {program} [name]\n"),
        "systemd-sysv-install" => format!("usage:   {program} <enable|disable|is-enabled> [name]\n"),
        _ => [
            "usage:   % [--list] [--type <type>] [name]\n",
            "         % --add <name>\n",
            "         % --del <name>\n",
            "         % --override <name>\n",
            "         % [--level <levels>] [--type <type>] <name> <on|off|reset|resetpriorities>\n",
        ]
        .concat()
        .replace('%', program),
    };
    head + &lines
}
