//! Units say /run; on a host that has only /var/run it is that: docs/decisions/runtime-folder.md.

use crate::supervisor::core::plan::RUN;
use crate::unit::exec::directories::Kind;
use crate::unit::exec::io::{Input, Output};
use crate::unit::exec::process::WorkingDirectory;
use crate::unit::model::Service;
use std::path::{Path, PathBuf};

/// A service with its paths as this host has them: the PID file, and what lies in one of the unit's own
/// runtime folders.
pub(super) fn settle(service: &Service, runtime_dir: &Path) -> Service {
    let mut service = service.clone();
    if runtime_dir == Path::new(RUN) {
        return service;
    }
    if let Some(path) = &mut service.pid_file {
        shift(path, runtime_dir);
    }
    let c = &mut service.context;
    let own: Vec<PathBuf> =
        c.directories.set(Kind::Runtime).names.iter().map(|n| Path::new(RUN).join(n)).collect();
    let settle = |path: &mut String| {
        if own.iter().any(|folder| Path::new(path).starts_with(folder)) {
            shift(path, runtime_dir);
        }
    };
    c.environment.files.iter_mut().for_each(|file| settle(&mut file.path));
    if let WorkingDirectory::Path { path, .. } = &mut c.process.working_directory {
        settle(path);
    }
    if let Input::File(path) = &mut c.io.stdin {
        settle(path);
    }
    for stream in [&mut c.io.stdout, &mut c.io.stderr] {
        if let Output::File(path) | Output::Append(path) | Output::Truncate(path) = stream {
            settle(path);
        }
    }
    service
}

/// Puts a path below /run where it lies here.
fn shift(path: &mut String, runtime_dir: &Path) {
    if let Ok(rest) = Path::new(path).strip_prefix(RUN)
        && let Some(here) = runtime_dir.join(rest).to_str()
    {
        *path = here.to_owned();
    }
}

/// The same path as the unit may have it word by word; `None` where that is no other.
pub(super) fn literal(path: &Path, runtime_dir: &Path) -> Option<PathBuf> {
    let rest = path.strip_prefix(runtime_dir).ok()?;
    (runtime_dir != Path::new(RUN)).then(|| Path::new(RUN).join(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::build::{Input, build};
    use crate::unit::merge::Source;
    use crate::unit::model::Body;
    use crate::unit::name::UnitName;
    use crate::unit::specifier::Facts;

    const UNIT: &str = "[Service]\nExecStart=/bin/true\nPIDFile=/run/x/x.pid\nRuntimeDirectory=x\n\
        WorkingDirectory=/run/x\nEnvironmentFile=/run/x/env\nEnvironmentFile=/run/other/env\n\
        EnvironmentFile=/run/xy\nStandardOutput=append:/run/x/log\n";

    fn service() -> Service {
        let input = Input {
            name: UnitName::parse("x.service").unwrap(),
            aliases: Vec::new(),
            fragment: Some("/u".into()),
            dropins: Vec::new(),
            sources: vec![Source::new(Path::new("/u"), UNIT.as_bytes())],
            links: Vec::new(),
        };
        let Body::Service(service) = build(input, &Facts::default()).body else { panic!("a service") };
        *service
    }

    #[test]
    fn on_a_host_with_run_nothing_moves() {
        assert_eq!(settle(&service(), Path::new("/run")), service());
        assert_eq!(literal(Path::new("/run/x.pid"), Path::new("/run")), None);
    }

    #[test]
    fn elsewhere_the_pid_file_and_what_is_the_units_own_move() {
        let var_run = Path::new("/var/run");
        let s = settle(&service(), var_run);
        assert_eq!(s.pid_file.as_deref(), Some("/var/run/x/x.pid"));
        let c = &s.context;
        let files: Vec<&str> = c.environment.files.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(files, ["/var/run/x/env", "/run/other/env", "/run/xy"]);
        let here = WorkingDirectory::Path { path: "/var/run/x".to_owned(), missing_ok: false };
        assert_eq!(c.process.working_directory, here);
        assert_eq!(c.io.stdout, Output::Append("/var/run/x/log".to_owned()));
        assert_eq!(literal(Path::new("/var/run/x.pid"), var_run), Some("/run/x.pid".into()));
        assert_eq!(literal(Path::new("/srv/x.pid"), var_run), None);
    }
}
