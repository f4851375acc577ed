//! Any sequence of commands leaves links as they should be.

use super::*;
use proptest::prelude::*;

fn commands() -> impl Strategy<Value = Vec<Vec<String>>> {
    let name = prop::sample::select(vec!["plain", "lsb", "needs", "odd name*"]);
    let levels = prop::option::of("[0-6]{1,4}");
    let verb =
        prop::sample::select(vec!["--add", "--del", "on", "off", "reset", "resetpriorities", "--override"]);
    let command = (name, levels, verb).prop_map(|(name, levels, verb)| {
        let mut words: Vec<String> = Vec::new();
        if let Some(levels) = levels.filter(|_| !verb.starts_with('-')) {
            words.extend(["--level".to_owned(), levels]);
        }
        if verb.starts_with('-') {
            words.extend([verb.to_owned(), name.to_owned()]);
        } else {
            words.extend([name.to_owned(), verb.to_owned()]);
        }
        words
    });
    prop::collection::vec(command, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// At most one link per level and service, each leads to its script, and --list says what is there.
    #[test]
    fn leaves_links_right(commands in commands()) {
        let host = Host::new();
        host.script("plain", PLAIN).script("odd name*", "# chkconfig: - 20 80");
        host.lsb("lsb", "Provides: thing|Default-Start: 2 3|Default-Stop: 0");
        host.lsb("needs", "Default-Start: 3 5|Required-Start: thing plain|Should-Stop: thing");
        host.over("plain", "# chkconfig: 35 91 29\n");
        for words in &commands {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            prop_assert_eq!(host.run(&words).code, 0, "{:?}", words);
        }
        let links = host.all_links();
        let mut seen = std::collections::BTreeSet::new();
        for (level, file, text) in &links {
            let name = &file[3..];
            prop_assert!(seen.insert((*level, name.to_owned())), "{} twice in {}", name, level);
            let target = format!("../init.d/{name}");
            prop_assert_eq!(text.as_deref(), Some(Path::new(&target)));
        }
        let table = host.run(&["--list"]).stdout;
        for name in ["plain", "lsb", "needs", "odd name*"] {
            let has = |turn: char, n: u8| links.iter().any(|(l, f, _)| *l == n && f.starts_with(turn) && &f[3..] == name);
            let is_there = links.iter().any(|(_, f, _)| &f[3..] == name);
            let row: String = (0..7).map(|n| format!("\t{n}:{}", if has('S', n) { "on" } else { "off" })).collect();
            prop_assert_eq!(table.contains(&format!("{name:<15}{row}\n")), is_there, "{} {}", name, table);
        }
    }
}
