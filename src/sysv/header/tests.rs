use super::*;

const TOP: &str = "#!/usr/sbin/amr initd\n";

fn read(text: &str) -> Result<Header, HeaderError> {
    parse(format!("{TOP}{text}").as_bytes())
}

fn triple(text: &str) -> (String, u8, u8) {
    let h = read(text).unwrap();
    (h.levels.to_string(), h.start.unwrap().get(), h.stop.unwrap().get())
}

fn fault(text: &str) -> LineFault {
    let error = read(text).unwrap_err();
    let HeaderError::Line { fault, .. } = error else { panic!("{error}") };
    fault
}

/// sysv.md 1.3, the `chkconfig:` value.
#[test]
fn chkconfig_values() {
    let ok = |levels: &str, s, k| (levels.to_owned(), s, k);
    assert_eq!(triple("# chkconfig: 2345 90 30\n"), ok("2345", 90, 30));
    assert_eq!(triple("#chkconfig: 2345 90 30\n"), ok("2345", 90, 30));
    assert_eq!(triple("   \t# \t  chkconfig:2345 90 30\n"), ok("2345", 90, 30));
    assert_eq!(triple("# chkconfig: - 90 30\n"), ok("-", 90, 30));
    assert_eq!(triple("# chkconfig: 2345 90\n30\n"), ok("2345", 90, 30));
    assert_eq!(triple("# chkconfig: 35 10 11 # trailing\n"), ok("35", 10, 11));
    assert_eq!(triple("# chkconfig: 35 010 +11\n"), ok("35", 10, 11));
    assert_eq!(triple("# chkconfig: 35 10 11\r\n"), ok("35", 10, 11));
    assert_eq!(triple("# chkconfig: 35 10 11\x0b\n"), ok("35", 10, 11));
    assert_eq!(triple("# chkconfig: 0123456012345601 10 11\n"), ok("0123456", 1, 10));
    assert_eq!(triple("echo x\nexit 0\n# chkconfig: 35 10 11\n"), ok("35", 10, 11));
    assert_eq!(triple("# chkconfig: 35 4294967297 11\n"), ok("35", 1, 11));
}

#[test]
fn chkconfig_faults() {
    assert_eq!(fault("# chkconfig:   \n# chkconfig: 35 10 11\n"), LineFault::Empty);
    assert_eq!(fault("# chkconfig: 37 10 11\n"), LineFault::Levels("37".into()));
    assert_eq!(fault("# chkconfig: foo bar\n"), LineFault::NoStart);
    assert_eq!(fault("# chkconfig: 2345 90\n# description: x\n"), LineFault::NoStop);
    assert_eq!(fault("# chkconfig: 2345 100 30\n"), LineFault::Range(100));
    assert_eq!(fault("# chkconfig: 2345 -1 30\n"), LineFault::Range(-1));
    assert_eq!(fault("# chkconfig: 35 10 11x\n"), LineFault::NoSpace);
    assert_eq!(fault("# chkconfig: 35 10 11"), LineFault::NoNewline);
    assert_eq!(fault("# chkconfig: 35 10 11\0\n"), LineFault::NoNewline);
    let e = read("\n\n# chkconfig: 37 10 11\n").unwrap_err();
    assert_eq!(e.to_string(), "line 4: '37' is neither '-' nor runlevels 0 to 6 in '# chkconfig: 37 10 11'");
    assert!(e.remedy().contains("2345 95 20"));
    assert!(read("# chkconfig: 35 10 11").unwrap_err().remedy().contains("newline"));
}

/// sysv.md 1.3: the first line counts, later ones are only checked.
#[test]
fn several_lines() {
    assert_eq!(triple("# chkconfig: 35 10 11\n# chkconfig: 24 20 21\n"), ("35".into(), 10, 11));
    assert_eq!(triple("# chkconfig: 35 10 11\n# chkconfig: frob 20 21\n"), ("35".into(), 10, 11));
    assert_eq!(fault("# chkconfig: 35 10 11\n# chkconfig: foo bar\n"), LineFault::NoStart);
}

#[test]
fn nothing_to_read() {
    assert_eq!(read("# description: x\n").unwrap_err(), HeaderError::NoHeader);
    assert_eq!(parse(b"").unwrap_err(), HeaderError::NoHeader);
    assert_eq!(parse(b"\x7fELF\0\n# chkconfig: 35 10 11\n").unwrap_err(), HeaderError::NoHeader);
    let near = read("# Chkconfig: 35 10 11\n").unwrap_err();
    assert!(near.to_string().starts_with("line 2: '# Chkconfig: 35 10 11'"), "{near}");
    // Text first, then binary, is fine (sysv.md 1.2).
    assert_eq!(triple("# chkconfig: 35 10 11\n\0\0\0ELFISH\0\n"), ("35".into(), 10, 11));
}

/// sysv.md 1.3: LSB keys anywhere, merged in file order.
#[test]
fn lsb_keys() {
    assert_eq!(triple("# chkconfig: 345 1 2\n# Default-Start: 2\n# Default-Stop: 4\n").0, "235");
    let first = "### BEGIN INIT INFO\n# Default-Start: 3 5\n### END INIT INFO\n# chkconfig: 24 10 11\n";
    assert_eq!(triple(first), ("35".into(), 10, 11));
    // Levels known already: the word of a later line is not even looked at.
    assert_eq!(triple(&first.replace("24", "frob")).0, "35");
    assert_eq!(read("# Default-Start: 3\n").unwrap_err(), HeaderError::NoPriorities);
    assert_eq!(read("### BEGIN INIT INFO\n# Provides: x\n").unwrap_err(), HeaderError::NoLevels);
    let h = read("### BEGIN INIT INFO\n# Default-Start: 3 S 5\n# Default-Stop:\n").unwrap();
    assert_eq!((h.levels.to_string().as_str(), h.start), ("3", None));
    // '## BEGIN' and a space between the signs are no beginning.
    assert!(read("## BEGIN INIT INFO\n# Default-Start: 3\n").is_err());
    assert!(read("#  ## BEGIN INIT INFO\n# Default-Start: 3\n").is_err());
    // 9 is no runlevel but makes the levels known.
    assert_eq!(triple("# Default-Start: 9\n# chkconfig: 35 1 2\n").0, "-");
    // Numbers may spill over the line end, as strtol skips newlines.
    assert_eq!(read("### BEGIN INIT INFO\n# Default-Start:\n4\n").unwrap().levels.to_string(), "4");
}

#[test]
fn dependencies() {
    let h = read(
        "### BEGIN INIT INFO\n# Provides: a  b\n# Provides:\n# Required-Start: $network x\n\
         # Required-Start:\n# Required-Stop: y\n# Should-Start: z \n# Should-Stop:\tq\tr\n\
         # X-Start-Before: n\n# Default-Start: 3\n### END INIT INFO\n",
    )
    .unwrap();
    assert_eq!(h.provides, ["a", "b"]);
    let lsb = h.lsb.unwrap();
    assert!(lsb.required_start.is_empty());
    assert_eq!((lsb.required_stop, lsb.should_start), (vec!["y".to_owned()], vec!["z".to_owned()]));
    assert_eq!(lsb.should_stop, ["q", "r"]);
    // Without the block they are read and mean nothing.
    assert_eq!(read("# chkconfig: 3 1 2\n# Required-Start: x\n").unwrap().lsb, None);
}

#[test]
fn descriptions() {
    let desc = |text: &str| read(&format!("# chkconfig: 3 1 2\n{text}")).unwrap().description;
    assert_eq!(desc("# description: one \\\n#   two\\\n# three\n").as_deref(), Some("one twothree"));
    assert_eq!(desc("# description: a \\\nnot a comment\n"), None);
    assert_eq!(desc("# description: a\n# description(de): b\n").as_deref(), Some("a"));
    assert_eq!(desc("# description: a\n# Short-Description: b\n").as_deref(), Some("b"));
    assert_eq!(desc("# description: a\n# Description:\n").as_deref(), Some("a"));
    assert_eq!(desc("# description: \\"), None);
    assert_eq!(desc("# description\n"), None);
    assert_eq!(desc(""), None);
    // hide: is honoured by ntsysv alone (sysv.md 1.3).
    assert_eq!(triple("# hide: true\n# chkconfig: 2345 90 30\n").0, "2345");
    // For people alone: whatever stands there, the header is the same.
    let plain = read("# chkconfig: 3 1 2\n").unwrap();
    for word in ["processname: x y", "pidfile:", "config: \\", "probe: maybe"] {
        assert_eq!(read(&format!("# chkconfig: 3 1 2\n# {word}\n")).unwrap(), plain, "{word}");
    }
}

#[test]
fn units() {
    let script = b"#!/usr/sbin/amr initd\n# chkconfig: - 1 2\n#unit:  web@1.service \n# unit: other\n";
    assert_eq!(unit_line(script), Some("web@1.service"));
    assert_eq!(parse(script).unwrap().unit.as_deref(), Some("web@1.service"));
    assert_eq!(unit_line(b"# unit:\n# Unit: x\nunit: y\n"), None);
    assert_eq!(unit_line(b"# unit: \xff\n"), None);
    assert_eq!(unit_line(b"# unit: x"), Some("x"));
}

/// sysv.md 1.4.
#[test]
fn overrides() {
    let base = || scan(b"# chkconfig: 2345 98 02\n# Provides: beat\n# description: d\n").unwrap();
    let over = |text: &str| base().overridden(scan(text.as_bytes()).unwrap());
    let merged = over("# chkconfig: 345 98 40\n").unwrap().accept().unwrap();
    assert_eq!((merged.levels.to_string().as_str(), merged.stop.unwrap().get()), ("345", 40));
    assert_eq!(merged.description.as_deref(), Some("d"));
    assert!(merged.provides.is_empty());
    for partial in ["", "# description: only this\n", "# Default-Start: 3\n"] {
        let e = over(partial).unwrap_err();
        assert_eq!(e.to_string(), "no complete 'chkconfig:' line");
        assert!(e.remedy().contains("98 40"));
    }
    // An LSB script has no numbers to lose.
    let lsb = scan(b"### BEGIN INIT INFO\n# Default-Start: 3\n").unwrap();
    let merged = lsb.overridden(scan(b"# Required-Start: x\n").unwrap()).unwrap().accept().unwrap();
    assert_eq!(merged.lsb.unwrap().required_start, ["x"]);
}

proptest::proptest! {
    /// Any bytes give a value, never a panic, and text behind a NUL changes nothing.
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let first = parse(&bytes);
        let mut longer = bytes.clone();
        longer.extend_from_slice(b"\0\n# chkconfig: 35 10 11\n# unit: x\n");
        if bytes.contains(&0) {
            proptest::prop_assert_eq!(&parse(&longer), &first);
        }
        proptest::prop_assert_eq!(first.ok().and_then(|h| h.unit), unit_line(&bytes).filter(|_| parse(&bytes).is_ok()).map(str::to_owned));
    }

    /// What is left out of a scan changes nothing of the rest.
    #[test]
    fn a_part_is_as_in_the_whole(lines in proptest::collection::vec(proptest::sample::select(vec![
        "# chkconfig: 35 1 2", "#chkconfig: - 9 8", "### BEGIN INIT INFO", "# Default-Start: 2 3", "# Default-Stop:\n4",
        "# Required-Start: a $b", "# Should-Stop: c", "# Provides: x", "# Provides:", "# description: d \\", "# e", "#", "",
        "echo '# chkconfig: 5 5 5'", "\t #  Short-Description: s", "# Chkconfig: 3 3 3", "# unit: u", "# chkconfig: x",
    ]), 0..12)) {
        let file = lines.join("\n");
        let all = scan(file.as_bytes());
        for keep in [Keep::Levels, Keep::Order] {
            let part = scan_for(file.as_bytes(), keep);
            let of = |s: &Scan| (s.levels, s.priorities, s.is_lsb, s.unit.clone(), s.fault());
            proptest::prop_assert_eq!(part.as_ref().map(of), all.as_ref().map(of));
            if let (Ok(part), Ok(all), Keep::Order) = (&part, &all, keep) {
                proptest::prop_assert_eq!((&part.provides, &part.required_start, &part.should_stop), (&all.provides, &all.required_start, &all.should_stop));
            }
        }
    }

    /// Every header that can be written reads back as it was.
    #[test]
    fn written_headers_read_back(bits in 0u8..128, start in 0u8..100, stop in 0u8..100) {
        let levels: Levels = crate::sysv::level::Runlevel::ALL.into_iter().filter(|l| bits & (1 << l.get()) != 0).collect();
        let h = parse(format!("# chkconfig: {levels} {start} {stop}\n").as_bytes()).unwrap();
        proptest::prop_assert_eq!((h.levels, h.start, h.stop), (levels, Priority::new(start), Priority::new(stop)));
    }
}
