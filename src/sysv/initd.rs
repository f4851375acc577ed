//! The generator of init scripts: a header, and one line for those who run it with `sh`.
//!
//! Red Hat's form has a `chkconfig:` line and no LSB block, which would make chkconfig move the
//! numbers; Debian's has a complete LSB block, without which insserv makes no links. Neither has a
//! `pidfile:` line, so that the unit which systemd's generator makes of it stays active, nor a
//! usage line, as there is nothing to reload. Pure.

use super::chkconfig::Family;
use super::level::{Levels, Priority};
use crate::unit::model::{DepKind, Dependency};
use crate::unit::name::UnitName;
use thiserror::Error;

/// Where amr is.
pub const PROGRAM: &str = "/usr/sbin/amr";

/// Longest first line that every kernel reads whole, its newline not counted.
const SHEBANG_MAX: usize = 127;

/// What a script says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The script's name in init.d.
    pub name: String,
    /// The unit that it runs.
    pub unit: UnitName,
    /// The interpreter, absolute.
    pub program: String,
    /// Where it is started.
    pub levels: Levels,
    /// The S number; Red Hat's form only, as the next.
    pub start: Priority,
    /// The K number.
    pub stop: Priority,
    /// One line for a person.
    pub description: String,
    /// Facilities and scripts that must be up from its start to its stop; Debian's form only, as the next.
    pub required: Vec<String>,
    /// The same, where they are there at all.
    pub should: Vec<String>,
    /// Scripts that start after it and stop before it.
    pub before: Vec<String>,
    /// Is it stopped on the ways down though no level starts it? Debian's form only, as insserv links by it.
    pub is_pulled_in: bool,
}

/// Why a script cannot be written.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SpecError {
    /// Not fit for the name of an init script.
    #[error(
        "invalid name of an init script '{0}': letters, digits and . _ @ + - only, 1 to 200 of them, no '.' or '-' first"
    )]
    Name(String),
    /// A description that would not end with its line.
    #[error("the description '{0}' has a control character or ends in a backslash")]
    Description(String),
    /// An interpreter that the kernel would cut or split.
    #[error("'{0}' cannot be an interpreter: an absolute path without white space, {limit} characters at most", limit = SHEBANG_MAX - "#! initd".len())]
    Program(String),
    /// A name that would not be one word.
    #[error("invalid name of a script or facility '{0}'")]
    Dependency(String),
}

impl Spec {
    /// A script `name` for the unit of that name, with the numbers of amr's own.
    ///
    /// # Errors
    /// A name that no unit can have.
    pub fn new(name: &str, description: &str) -> Result<Self, SpecError> {
        let unit = UnitName::parse_or_service(name).map_err(|_| SpecError::Name(name.to_owned()))?;
        let default = |n| Priority::new(n).unwrap_or(Priority::MIDDLE);
        Ok(Self {
            name: name.to_owned(),
            unit,
            program: PROGRAM.to_owned(),
            levels: Levels::NONE,
            start: default(95),
            stop: default(20),
            description: description.to_owned(),
            required: ["$remote_fs", "$syslog", "$network"].map(str::to_owned).to_vec(),
            should: Vec::new(),
            before: Vec::new(),
            is_pulled_in: false,
        })
    }

    /// With what its unit says (`After=`, `Before=`) of its place among the scripts that there are.
    #[must_use]
    pub fn placed(mut self, unit: &[Dependency], is_script: impl Fn(&str) -> bool) -> Self {
        let names = |kind| {
            let others = unit.iter().filter(move |dep| dep.kind == kind).map(|dep| dep.on.stem());
            others.filter(|name| is_script(name)).map(str::to_owned)
        };
        self.should.extend(names(DepKind::After));
        self.before.extend(names(DepKind::Before));
        for list in [&mut self.should, &mut self.before] {
            list.sort_unstable();
            list.dedup();
        }
        self
    }

    /// The scripts that ship in `initd/`, in Red Hat's form there.
    ///
    /// # Errors
    /// None in practice: all of their names are names of units.
    pub fn shipped() -> Result<Vec<Self>, SpecError> {
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let member = |name, description, should: &[&str]| {
            Self::new(name, description).map(|spec| Self { should: names(should), ..spec })
        };
        let umbrella = member("amr", "AMR services", &["shutdown-filebeat"])?;
        let hook =
            member("shutdown-filebeat", "Wait until Filebeat has shipped every log line", &["filebeat"])?;
        let number = |n| Priority::new(n).unwrap_or(Priority::MIDDLE);
        // Early, before those whose folders or groups they make.
        let early = |name: &str, does: &str| -> Result<Self, SpecError> {
            let early = Self::new(name, does)?;
            Ok(Self { levels: Levels::MULTI_USER, required: names(&["$local_fs"]), ..early })
        };
        let folders = early("amr-tmpfiles", "Create what tmpfiles.d lists")?;
        let groups = early("amr-cgroups", "Mount the controllers of control groups")?;
        Ok(vec![
            Self { levels: Levels::MULTI_USER, ..umbrella },
            member("amr-mqtt", "AMR MQTT broker", &[])?,
            member("amr-system", "AMR process manager", &["amr-mqtt"])?,
            member("amr-dashboard", "AMR web dashboard", &["amr-system"])?,
            Self { start: number(2), stop: number(98), ..folders },
            Self { start: number(3), stop: number(97), ..groups },
            Self { levels: Levels::MULTI_USER, start: number(99), stop: number(30), ..hook },
        ])
    }

    /// The one that ships under this name.
    #[must_use]
    pub fn shipped_as(name: &str) -> Option<Self> {
        Self::shipped().ok()?.into_iter().find(|spec| spec.name == name)
    }

    /// The text of the script.
    ///
    /// # Errors
    /// Whatever would make the script mean something else than it says.
    pub fn print(&self, family: Family) -> Result<String, SpecError> {
        self.check()?;
        let unit = if self.unit.as_str() == format!("{}.service", self.name) {
            String::new()
        } else {
            format!("# unit: {}\n", self.unit)
        };
        let header = match family {
            Family::RedHat => self.red_hat(&unit),
            Family::Debian => self.debian(&unit),
        };
        let program = &self.program;
        Ok(format!("#!{program} initd\n{header}\nexec {program} initd \"$0\" \"$@\"\n"))
    }

    fn red_hat(&self, unit: &str) -> String {
        let Self { name, levels, start, stop, description, .. } = self;
        format!(
            "#\n# {name}: {description}\n#\n# chkconfig: {levels} {} {}\n# description: {description}\n{unit}#\n{}",
            start.get(),
            stop.get(),
            self.explanation()
        )
    }

    fn debian(&self, unit: &str) -> String {
        let row = |key: &str, value: &str| {
            format!("# {:<18} {value}", format!("{key}:")).trim_end().to_owned() + "\n"
        };
        let stop = match (self.levels.is_empty(), self.is_pulled_in) {
            (true, true) => Levels::DOWN,
            (true, false) => Levels::NONE,
            (false, _) => Levels::ALL.minus(self.levels),
        };
        let (required, should) = (self.required.join(" "), self.should.join(" "));
        // insserv's own keys; without a value they would be no keys.
        let before = match self.before.join(" ") {
            none if none.is_empty() => none,
            some => row("X-Start-Before", &some) + &row("X-Stop-After", &some),
        };
        [
            "### BEGIN INIT INFO\n".to_owned(),
            row("Provides", &self.name),
            row("Required-Start", &required),
            row("Required-Stop", &required),
            row("Should-Start", &should),
            row("Should-Stop", &should),
            before,
            row("Default-Start", &self.levels.digits(" ")),
            row("Default-Stop", &stop.digits(" ")),
            row("Short-Description", &self.description),
            "### END INIT INFO\n".to_owned(),
            unit.to_owned(),
            "#\n".to_owned(),
            self.explanation(),
        ]
        .concat()
    }

    fn explanation(&self) -> String {
        let runlevels = if self.levels.is_empty() { "# No runlevel starts it by itself.\n" } else { "" };
        format!("# amr runs the unit {0}; 'amr cat {0}' shows it.\n{runlevels}", self.unit)
    }

    fn check(&self) -> Result<(), SpecError> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
        let name = &self.name;
        if !(1..=200).contains(&name.len()) || name.starts_with(['.', '-']) || !name.chars().all(is_name) {
            return Err(SpecError::Name(name.clone()));
        }
        if self.description.contains(char::is_control) || self.description.ends_with('\\') {
            return Err(SpecError::Description(self.description.clone()));
        }
        let is_path = |c: char| !c.is_whitespace() && !c.is_control() && !"\"'$`\\".contains(c);
        let too_long = format!("#!{} initd", self.program).len() > SHEBANG_MAX;
        if !self.program.starts_with('/') || !self.program.chars().all(is_path) || too_long {
            return Err(SpecError::Program(self.program.clone()));
        }
        let is_dependency =
            |n: &&String| !n.is_empty() && n.strip_prefix('$').unwrap_or(n).chars().all(is_name);
        match self.required.iter().chain(&self.should).chain(&self.before).find(|n| !is_dependency(n)) {
            Some(bad) => Err(SpecError::Dependency(bad.clone())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;
    use crate::sysv::header::{self, scan};
    use crate::sysv::lsb;
    use std::path::Path;

    /// `AMR_BLESS=1 cargo test initd` writes the files anew.
    #[test]
    fn files_are_what_the_generator_makes() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("initd");
        let mut names = Vec::new();
        for spec in Spec::shipped().unwrap() {
            let (file, text) = (folder.join(&spec.name), spec.print(Family::RedHat).unwrap());
            if std::env::var("AMR_BLESS").is_ok() {
                std::fs::write(&file, &text).unwrap();
            }
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "{}", spec.name);
            let mode =
                std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
            assert_eq!(mode & 0o111, 0o111, "{} must be executable", spec.name);
            names.push(spec.name);
        }
        names.sort_unstable();
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort_unstable();
        assert_eq!(files, names);
    }

    /// sysv.md 7.4: chkconfig, rc, service, insserv and systemd's generator take it.
    #[test]
    fn both_forms_are_read_as_meant() {
        for spec in Spec::shipped().unwrap() {
            let red_hat = spec.print(Family::RedHat).unwrap();
            let h = header::parse(red_hat.as_bytes()).unwrap();
            assert_eq!((h.levels, h.start, h.stop), (spec.levels, Some(spec.start), Some(spec.stop)));
            assert_eq!((h.description.as_ref(), h.lsb), (Some(&spec.description), None));
            let debian = spec.print(Family::Debian).unwrap();
            let block = lsb::parse(debian.as_bytes()).unwrap();
            assert_eq!((block.default_start.levels, block.provides), (spec.levels, vec![spec.name.clone()]));
            assert_eq!((&block.required_stop, &block.should_stop), (&spec.required, &spec.should));
            // A script that no runlevel starts is nothing to chkconfig without its own line.
            let differences = lsb::differences(debian.as_bytes());
            assert_eq!(differences.is_empty(), !spec.levels.is_empty(), "{differences:?}");
            for text in [&red_hat, &debian] {
                let first = text.lines().next().unwrap();
                assert!(first == "#!/usr/sbin/amr initd" && first.len() <= SHEBANG_MAX);
                assert!(text.ends_with("\nexec /usr/sbin/amr initd \"$0\" \"$@\"\n"));
                assert!(!text.to_lowercase().contains("pidfile:") && !text.contains("usage"));
                let code: Vec<&str> = text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
                assert_eq!(code.len(), 1, "a header and one line");
                assert!(text.lines().all(|l| l.len() <= 100), "{text}");
            }
        }
    }

    #[test]
    fn another_unit_is_named() {
        let mut spec = Spec::new("web", "d").unwrap();
        spec.unit = UnitName::parse("web@1.service").unwrap();
        for family in [Family::RedHat, Family::Debian] {
            let text = spec.print(family).unwrap();
            assert_eq!(header::unit_line(text.as_bytes()), Some("web@1.service"));
        }
    }

    #[test]
    fn what_cannot_be_written() {
        let good = Spec::new("web", "d").unwrap();
        let fails = |spec: Spec| spec.print(Family::RedHat).unwrap_err().to_string();
        for name in ["", ".web", "-web", "a b", "a/b", "a\nb", &"n".repeat(201)] {
            assert!(
                fails(Spec { name: name.to_owned(), ..good.clone() }).contains("invalid name"),
                "{name:?}"
            );
        }
        for text in ["a\n# chkconfig: 1 2 3", "a\\"] {
            assert!(fails(Spec { description: text.to_owned(), ..good.clone() }).contains("description"));
        }
        for program in ["amr", "/usr/sbin/my amr", "/$HOME/amr", &format!("/{}", "x".repeat(119))] {
            assert!(
                fails(Spec { program: program.to_owned(), ..good.clone() }).contains("interpreter"),
                "{program}"
            );
        }
        assert!(
            Spec { program: format!("/{}", "x".repeat(118)), ..good.clone() }.print(Family::Debian).is_ok()
        );
        assert!(fails(Spec { should: vec!["a b".to_owned()], ..good.clone() }).contains("'a b'"));
        assert!(Spec::new("no\nunit", "d").is_err());
    }

    /// A writer named by a drop-in of the hook's unit stops before the hook; what is no script is not named.
    #[test]
    fn what_the_unit_says_of_its_place() {
        let dep = |kind, on| Dependency { kind, on: UnitName::parse(on).unwrap(), origin: None };
        let unit = [
            dep(DepKind::After, "filebeat.service"),
            dep(DepKind::After, "gone.service"),
            dep(DepKind::Before, "tomcat.service"),
            dep(DepKind::Before, "shutdown.target"),
        ];
        let hook = Spec::shipped().unwrap().into_iter().find(|s| s.name == "shutdown-filebeat").unwrap();
        let hook = hook.placed(&unit, |name| ["filebeat", "tomcat"].contains(&name));
        let block = lsb::parse(hook.print(Family::Debian).unwrap().as_bytes()).unwrap();
        assert_eq!((block.start_before, block.stop_after), (vec!["tomcat".into()], vec!["tomcat".into()]));
        assert_eq!(block.should_stop, ["filebeat"]);
        assert!(!hook.print(Family::RedHat).unwrap().contains("tomcat"));
    }

    /// Writers stop first, then the drain, then the shipper, then the network.
    #[test]
    fn order_at_shutdown() {
        let over = include_bytes!("../../rc-links/filebeat");
        // The header of Filebeat's own packages, which stops it long before.
        let filebeat = scan(b"# chkconfig: 2345 98 02\n").unwrap().overridden(scan(over).unwrap()).unwrap();
        let filebeat = filebeat.accept().unwrap();
        assert_eq!((filebeat.levels, filebeat.start), (Levels::MULTI_USER, Priority::new(98)));
        let shipped = Spec::shipped().unwrap();
        let of = |name: &str| shipped.iter().find(|s| s.name == name).unwrap();
        let writers = ["amr", "amr-mqtt", "amr-system", "amr-dashboard"].map(|name| of(name).stop);
        let hook = of("shutdown-filebeat");
        let network = Priority::new(90).unwrap();
        assert!(writers.iter().all(|w| *w < hook.stop));
        assert!(hook.stop < filebeat.stop.unwrap() && filebeat.stop.unwrap() < network);
        // At boot the shipper is up before the hook, which stops only what was started before it.
        assert!(of("amr").start < filebeat.start.unwrap() && filebeat.start.unwrap() < hook.start);
        // Debian has no numbers: the same order by dependencies.
        assert_eq!(
            (of("amr").should.as_slice(), hook.should.as_slice()),
            (&["shutdown-filebeat".to_owned()][..], &["filebeat".to_owned()][..])
        );
        assert!(hook.required.contains(&"$network".to_owned()));
    }
}
