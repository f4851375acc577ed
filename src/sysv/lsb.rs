//! The LSB block of an init script, read as insserv reads it, and what insserv and chkconfig see
//! differently in the same file.
//!
//! insserv (Debian's 1.24) wants `### BEGIN INIT INFO` and `### END INIT INFO`, takes keys without
//! regard to case, the first line of each, and knows nothing of `chkconfig:` lines. Pure.

use super::header::{self, Header};
use super::level::{Levels, Runlevel};
use thiserror::Error;

/// Characters between names, and between runlevels.
const BETWEEN: [char; 4] = [' ', ',', ';', '\t'];

/// What insserv takes from a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// `Provides:`; never empty.
    pub provides: Vec<String>,
    /// `Required-Start:`.
    pub required_start: Vec<String>,
    /// `Required-Stop:`.
    pub required_stop: Vec<String>,
    /// `Should-Start:`, also with an `X-` prefix.
    pub should_start: Vec<String>,
    /// `Should-Stop:`, also with an `X-` prefix.
    pub should_stop: Vec<String>,
    /// `X-Start-Before:`.
    pub start_before: Vec<String>,
    /// `X-Stop-After:`.
    pub stop_after: Vec<String>,
    /// `Default-Start:`.
    pub default_start: BlockLevels,
    /// `Default-Stop:`.
    pub default_stop: BlockLevels,
    /// `X-Interactive: true`.
    pub interactive: bool,
}

/// Runlevels, and Debian's S, in which a script runs once at boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockLevels {
    /// 0 to 6.
    pub levels: Levels,
    /// S.
    pub boot: bool,
}

/// Why insserv does not take a script's header.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BlockError {
    /// update-rc.d warns, makes no links and ends with 0.
    #[error("no '### BEGIN INIT INFO'")]
    NoBlock,
    /// insserv stops altogether, for every script, unless it is forced.
    #[error("line {0}: '### BEGIN INIT INFO' without '### END INIT INFO'")]
    NoEnd(u32),
    /// Keys that must be there, if only with nothing behind them.
    #[error("line {line}: the LSB block has no {}", missing.join(" and no "))]
    Incomplete {
        /// Where the block begins.
        line: u32,
        /// Which keys.
        missing: Vec<&'static str>,
    },
}

impl BlockError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NoBlock => {
                "add an LSB block ('amr initd --print NAME --family debian' shows one), or run 'amr enable NAME' if it runs a unit"
            }
            Self::NoEnd(_) => "close the block with '### END INIT INFO'",
            Self::Incomplete { .. } => "add the missing keys, with nothing behind the colon if need be",
        }
    }
}

/// Values by key, each from the first line that has it; `None` where there is none.
#[derive(Default)]
struct BlockValues {
    provides: Option<String>,
    required_start: Option<String>,
    required_stop: Option<String>,
    should_start: Option<String>,
    should_stop: Option<String>,
    start_before: Option<String>,
    stop_after: Option<String>,
    default_start: Option<String>,
    default_stop: Option<String>,
    interactive: Option<String>,
}

/// Reads the block.
///
/// # Errors
/// See [`BlockError`].
pub fn parse(file: &[u8]) -> Result<Block, BlockError> {
    let text = String::from_utf8_lossy(file);
    let mut lines = (1u32..).zip(text.split('\n'));
    let Some((line, _)) = lines.find(|(_, l)| l.contains("### BEGIN INIT INFO")) else {
        return Err(BlockError::NoBlock);
    };
    let mut found = BlockValues::default();
    let mut ended = false;
    for (_, text) in lines {
        if let Some((key, value)) = key_and_value(text)
            && let Some(slot) = found.slot(&key)
        {
            slot.get_or_insert(value);
        }
        if text.contains("### END INIT INFO") {
            ended = true;
            break;
        }
    }
    if !ended {
        return Err(BlockError::NoEnd(line));
    }
    found.finish(line)
}

/// `# KEY: VALUE` at the beginning of a line; the key in small letters with single dashes, the
/// value up to the first character that cannot be printed, a tab among them.
fn key_and_value(line: &str) -> Option<(String, String)> {
    let (key, value) = line.strip_prefix('#')?.trim_start_matches([' ', '\t']).split_once(':')?;
    let mut plain = String::with_capacity(key.len());
    for c in key.chars() {
        match c {
            '-' | '_' if plain.ends_with('-') => {}
            '-' | '_' => plain.push('-'),
            c => plain.push(c.to_ascii_lowercase()),
        }
    }
    let value = value.trim_start_matches([' ', '\t']);
    let end = value.find(char::is_control).unwrap_or(value.len());
    Some((plain, value.get(..end)?.to_owned()))
}

impl BlockValues {
    fn slot(&mut self, key: &str) -> Option<&mut Option<String>> {
        let is = |name: &str| key == name || (key.starts_with("x-") && key.ends_with(name));
        Some(match key {
            "provides" => &mut self.provides,
            "required-start" => &mut self.required_start,
            "required-stop" => &mut self.required_stop,
            "default-start" => &mut self.default_start,
            "default-stop" => &mut self.default_stop,
            _ if is("should-start") => &mut self.should_start,
            _ if is("should-stop") => &mut self.should_stop,
            _ if is("start-before") => &mut self.start_before,
            _ if is("stop-after") => &mut self.stop_after,
            _ if is("interactive") => &mut self.interactive,
            _ => return None,
        })
    }

    fn finish(self, line: u32) -> Result<Block, BlockError> {
        let names = |value: Option<String>| {
            let value = value.unwrap_or_default();
            value.split(BETWEEN).filter(|w| !w.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        let no_provides = names(self.provides.clone()).is_empty();
        let missing: Vec<_> = [
            ("Provides: with a name", no_provides),
            ("Required-Start:", self.required_start.is_none()),
            ("Required-Stop:", self.required_stop.is_none()),
            ("Default-Start:", self.default_start.is_none()),
            ("Default-Stop:", self.default_stop.is_none()),
        ]
        .into_iter()
        .filter_map(|(key, is_missing)| is_missing.then_some(key))
        .collect();
        if !missing.is_empty() {
            return Err(BlockError::Incomplete { line, missing });
        }
        Ok(Block {
            provides: names(self.provides),
            required_start: names(self.required_start),
            required_stop: names(self.required_stop),
            should_start: names(self.should_start),
            should_stop: names(self.should_stop),
            start_before: names(self.start_before),
            stop_after: names(self.stop_after),
            default_start: levels(&self.default_start.unwrap_or_default()),
            default_stop: levels(&self.default_stop.unwrap_or_default()),
            interactive: self.interactive.as_deref() == Some("true"),
        })
    }
}

/// Single characters 0 to 6 and S; anything else is passed over.
fn levels(value: &str) -> BlockLevels {
    let mut set = BlockLevels::default();
    for word in value.split(BETWEEN) {
        match word.as_bytes() {
            [b's' | b'S'] => set.boot = true,
            [digit @ b'0'..=b'6'] => {
                set.levels = Runlevel::new(digit - b'0').map_or(set.levels, |l| set.levels.with(l));
            }
            _ => {}
        }
    }
    set
}

/// Does insserv pass over a file of this name (insserv 1.24: backups, and first characters that no
/// service has)?
#[must_use]
pub fn is_passed_over(name: &[u8]) -> bool {
    const ENDS: [&[u8]; 8] = [b".old", b".new", b".org", b".orig", b".save", b".swp", b".core", b"~"];
    const PARTS: [&[u8]; 4] = [b".dpkg", b".ucf", b".rpm", b".ba"];
    let has = |part: &[u8]| name.windows(part.len()).any(|w| w == part);
    name.first().is_none_or(|c| b"$.#%_+-\\*[]^:()~".contains(c))
        || ENDS.iter().any(|end| name.ends_with(end))
        || PARTS.iter().any(|part| has(part))
}

/// What chkconfig and insserv make of the same file, where it is not the same: one sentence each.
#[must_use]
pub fn differences(file: &[u8]) -> Vec<String> {
    match (header::parse(file), parse(file)) {
        (Err(_), Err(_)) => Vec::new(),
        (Ok(_), Err(BlockError::NoBlock)) => {
            vec!["insserv sees no header: update-rc.d warns, makes no links and ends with 0".to_owned()]
        }
        (Ok(_), Err(e)) => vec![format!("chkconfig takes it, insserv does not: {e}")],
        (Err(e), Ok(_)) => vec![format!("insserv takes it, chkconfig does not: {e}")],
        (Ok(header), Ok(block)) => between(&header, &block),
    }
}

fn between(header: &Header, block: &Block) -> Vec<String> {
    let mut said = Vec::new();
    if let (Some(start), Some(stop)) = (header.start, header.stop) {
        said.push(format!(
            "the numbers {start} and {stop} mean nothing to insserv, which counts dependencies"
        ));
    }
    if header.levels != block.default_start.levels {
        said.push(format!(
            "chkconfig starts it in runlevels {}, insserv in {}",
            header.levels, block.default_start.levels
        ));
    }
    if block.default_start.boot || block.default_stop.boot {
        said.push("runlevel S is unknown to chkconfig".to_owned());
    }
    let none = header::Lsb::default();
    let lsb = header.lsb.as_ref().unwrap_or(&none);
    let lists = [
        ("Provides", &header.provides, &block.provides),
        ("Required-Start", &lsb.required_start, &block.required_start),
        ("Required-Stop", &lsb.required_stop, &block.required_stop),
        ("Should-Start", &lsb.should_start, &block.should_start),
        ("Should-Stop", &lsb.should_stop, &block.should_stop),
    ];
    for (key, chkconfig, insserv) in lists {
        if chkconfig != insserv {
            said.push(format!(
                "{key}: chkconfig reads '{}', insserv '{}'",
                chkconfig.join(" "),
                insserv.join(" ")
            ));
        }
    }
    let ignored = [
        ("X-Start-Before", !block.start_before.is_empty()),
        ("X-Stop-After", !block.stop_after.is_empty()),
        ("X-Interactive", block.interactive),
    ];
    for (key, used) in ignored {
        if used {
            said.push(format!("{key} is unknown to chkconfig"));
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: web www\n# Required-Start: $network\n\
                        # Required-Stop: $network\n# Default-Start: 2 3 4 5\n# Default-Stop: 0 1 6\n### END INIT INFO\n";

    #[test]
    fn a_complete_block() {
        let b = parse(FULL.as_bytes()).unwrap();
        assert_eq!(b.provides, ["web", "www"]);
        assert_eq!(b.default_start, BlockLevels { levels: Levels::MULTI_USER, boot: false });
        assert!(differences(FULL.as_bytes()).is_empty());
    }

    /// sysv.md 4: keys without regard to case, dashes or underscores, X- prefixes, first one wins.
    #[test]
    fn keys() {
        let text = FULL
            .replace("# Provides", "#PROVIDES")
            .replace("# Required-Start: $network", "# required__START: a,b;c\n# Required-Start: late")
            .replace(
                "### END",
                "# X-Foo-Should-Start: x y\n# X-Start-Before: z\n# X-Interactive: true\n### END",
            );
        let b = parse(text.as_bytes()).unwrap();
        assert_eq!(b.required_start, ["a", "b", "c"]);
        assert_eq!((b.should_start, b.start_before), (vec!["x".into(), "y".into()], vec!["z".to_owned()]));
        assert!(b.interactive);
        // A tab ends a value, a key must start the line, and S is a level.
        let text =
            FULL.replace("$network\n# Required-Stop", "$network\t$late\n # Should-Start: x\n# Required-Stop");
        let b = parse(text.replace("2 3 4 5", "S 3 7").as_bytes()).unwrap();
        assert_eq!(b.required_start, ["$network"]);
        assert!(b.should_start.is_empty() && b.default_start.boot);
        assert_eq!(b.default_start.levels.to_string(), "3");
    }

    #[test]
    fn faults() {
        assert_eq!(parse(b"# chkconfig: 35 1 2\n").unwrap_err(), BlockError::NoBlock);
        let open = FULL.replace("### END INIT INFO", "");
        assert_eq!(parse(open.as_bytes()).unwrap_err(), BlockError::NoEnd(2));
        let e = parse(FULL.replace("# Default-Stop: 0 1 6\n", "").replace("web www", "").as_bytes());
        let e = e.unwrap_err();
        assert_eq!(e.to_string(), "line 2: the LSB block has no Provides: with a name and no Default-Stop:");
        assert!(e.remedy().contains("add"));
        assert!(parse(FULL.replace(": 0 1 6", ":").as_bytes()).is_ok(), "empty is enough");
    }

    /// sysv.md 4: names that insserv passes over.
    #[test]
    fn names_that_are_passed_over() {
        for name in ["web", "web.sh", "x.d", "a-b", "old", "new"] {
            assert!(!is_passed_over(name.as_bytes()), "{name}");
        }
        for name in [
            "",
            "web.dpkg-old",
            "web.rpmnew",
            "web.bak",
            "web.old",
            "web.orig",
            "web~",
            ".web",
            "_web",
            "[x]",
        ] {
            assert!(is_passed_over(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn differences_are_said() {
        let said = |text: &str| differences(text.as_bytes()).join("\n");
        assert!(said("# chkconfig: 35 1 2\n").contains("makes no links"));
        assert!(said(&FULL.replace("### END INIT INFO", "")).contains("insserv does not: line 2"));
        assert!(
            said(&FULL.replace("2 3 4 5", "S").replace("0 1 6", ""))
                .contains("chkconfig does not: the LSB header")
        );
        assert!(said(&FULL.replace("# Provides", "# provides")).contains("Provides: chkconfig reads ''"));
        assert!(said(&FULL.replace("2 3 4 5", "2 3 4 5,")).is_empty());
        assert!(said(&FULL.replace("2 3 4 5", "2,3")).contains("in runlevels 2, insserv in 23"));
        let both = FULL.replace("#!/bin/sh", "# chkconfig: 345 20 80");
        assert!(said(&both).contains("20 and 80"), "{}", said(&both));
        assert!(said("nothing\n").is_empty());
        let x = FULL.replace("### END", "# X-Stop-After: z\n### END");
        assert!(said(&x).contains("X-Stop-After is unknown"));
    }
}
