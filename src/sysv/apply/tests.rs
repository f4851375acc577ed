//! chkconfig on trees: the cases that the real one was run on, line by line, and what it does to links.

#![allow(clippy::disallowed_methods)]

mod any_sequence;
mod links;
mod others;
mod refusals;

use super::*;
use crate::os::root::tests::Scratch;
use crate::sysv::chkconfig::{Family, Init};
use crate::sysv::chkconfig::{HandOverPolicy, Redirect, parse};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

/// A Red Hat style tree of its own.
struct Host {
    scratch: Scratch,
    env: Env,
}

impl Host {
    fn new() -> Self {
        let scratch = Scratch::new();
        let etc = scratch.0.join("root/etc");
        for dir in ["rc.d/init.d", "chkconfig.d", "xinetd.d"] {
            fs::create_dir_all(etc.join(dir)).unwrap();
        }
        symlink("rc.d/init.d", etc.join("init.d")).unwrap();
        for n in 0..7 {
            fs::create_dir(etc.join(format!("rc.d/rc{n}.d"))).unwrap();
            symlink(format!("rc.d/rc{n}.d"), etc.join(format!("rc{n}.d"))).unwrap();
        }
        let env = Env {
            program: "chkconfig".to_owned(),
            privilege: Privilege::Full,
            runlevel: Runlevel::new(3),
            init: Init::Sysv,
            family: Family::RedHat,
            hand_over: HandOverPolicy::Allowed,
            jobs: Vec::new(),
        };
        Self { scratch, env }
    }

    fn path(&self, inner: &str) -> PathBuf {
        self.scratch.0.join("root").join(inner.trim_start_matches('/'))
    }

    fn script(&self, name: &str, header: &str) -> &Self {
        let path = self.path("/etc/init.d").join(name);
        fs::write(&path, format!("#!/usr/sbin/amr initd\n{header}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn lsb(&self, name: &str, keys: &str) -> &Self {
        self.script(name, &format!("### BEGIN INIT INFO\n# {}\n### END INIT INFO", keys.replace('|', "\n# ")))
    }

    fn over(&self, name: &str, text: &str) -> &Self {
        fs::write(self.path("/etc/chkconfig.d").join(name), text).unwrap();
        self
    }

    fn link(&self, file: &str, target: &str) -> &Self {
        symlink(target, self.path("/etc").join(file)).unwrap();
        self
    }

    fn run(&self, words: &[&str]) -> Outcome {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        match parse(&self.env.program, &words, false) {
            Ok(command) => execute(&self.scratch.root(), &command, &self.env),
            Err(usage) => Outcome { stderr: usage.stderr, code: 1, ..Outcome::default() },
        }
    }

    /// Runs a command that must succeed in silence.
    fn quiet(&self, words: &[&str]) -> &Self {
        let out = self.run(words);
        assert_eq!(
            (out.stdout.as_str(), out.stderr.as_str(), out.code),
            ("", "", 0),
            "{words:?} {:?}",
            out.notes
        );
        assert_eq!(out.notes, Vec::<String>::new(), "{words:?}");
        self
    }

    /// `0K30 1K30 2S90 …` of one service, as headers.sh prints them.
    fn links(&self, name: &str) -> String {
        let mut found = String::new();
        for n in 0..7 {
            for file in self.folder(n) {
                if let Some(link) = Link::parse(OsStr::new(&file))
                    && link.name == name
                {
                    found += &format!("{n}{}{} ", link.turn.letter(), link.priority);
                }
            }
        }
        found
    }

    fn folder(&self, n: u8) -> Vec<String> {
        let dir = fs::read_dir(self.path(&format!("/etc/rc.d/rc{n}.d"))).unwrap();
        let mut names: Vec<String> = dir.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn all_links(&self) -> Vec<(u8, String, Option<PathBuf>)> {
        let entry = |n, file: String| {
            let text = fs::read_link(self.path(&format!("/etc/rc.d/rc{n}.d/{file}"))).ok();
            (n, file, text)
        };
        (0..7).flat_map(|n| self.folder(n).into_iter().map(move |f| entry(n, f))).collect()
    }
}

const PLAIN: &str = "# chkconfig: 2345 90 30";
