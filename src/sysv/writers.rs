//! Do services that write logs stop before the hook that waits for their last line? A check for
//! other people's scripts, whose numbers are theirs to change. Pure.

use super::header::Header;
use super::level::{Levels, Priority};
use super::links::{Found, Turn, shown};
use std::ffi::OsStr;

/// What is wrong with a writer's place at shutdown, one sentence each with its remedy; `hook` is
/// the hook's own K number. Judged by the K links in runlevels 0 and 6, or where there are none
/// yet by the header.
#[must_use]
pub fn faults(name: &OsStr, header: &Header, found: &Found, hook: Priority) -> Vec<String> {
    let shown_name = shown(name);
    let mut said = Vec::new();
    let down: Levels = Levels::parse(b"06").unwrap_or_default();
    let late = |number: Priority| number >= hook;
    if found.of(name).is_empty() {
        if let Some(stop) = header.stop.filter(|stop| late(*stop)) {
            said.push(format!(
                "'{shown_name}' asks for K{stop}, behind the hook's K{hook}: {}",
                remedy(&shown_name, header, hook)
            ));
        }
        return said;
    }
    for level in down.iter() {
        let here = || found.of(name).iter().filter(|e| e.level == level && e.link.turn == Turn::Stop);
        match here().map(|e| e.link.priority).min() {
            None => said.push(format!(
                "'{shown_name}' has no K link in runlevel {level} and is stopped late, if at all: run 'amr chkconfig --level {level} {shown_name} off'"
            )),
            Some(number) if late(number) => said.push(format!(
                "'{shown_name}' stops as K{number} in runlevel {level}, behind the hook's K{hook}: {}",
                remedy(&shown_name, header, hook)
            )),
            Some(_) => {}
        }
    }
    said
}

/// An override with a number before the hook's, for the administrator to decide on.
fn remedy(name: &str, header: &Header, hook: Priority) -> String {
    let start = header.start.unwrap_or(Priority::MIDDLE).get();
    let stop = hook.get().saturating_sub(10);
    format!(
        "put '# chkconfig: {} {start} {stop}' into '/etc/chkconfig.d/{name}' and run 'amr chkconfig {name} resetpriorities'",
        header.levels
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sysv::header;
    use crate::sysv::level::Runlevel;
    use crate::sysv::links::Target;

    #[test]
    fn tomcat() {
        let name = OsStr::new("tomcat");
        let hook = Priority::new(30).unwrap();
        let header = header::parse(b"# chkconfig: 345 80 30\n").unwrap();
        let mut found = Found::default();
        let said = faults(name, &header, &found, hook);
        assert_eq!(said.len(), 1);
        assert!(
            said[0].contains("asks for K30, behind the hook's K30: put '# chkconfig: 345 80 20'"),
            "{said:?}"
        );
        let early = header::parse(b"# chkconfig: 345 80 29\n").unwrap();
        assert!(faults(name, &early, &found, hook).is_empty());
        found.add(Runlevel::new(0).unwrap(), OsStr::new("K20tomcat"), Target::Unread);
        let said = faults(name, &header, &found, hook);
        assert_eq!(said.len(), 1);
        assert!(
            said[0].contains("no K link in runlevel 6") && said[0].contains("--level 6 tomcat off"),
            "{said:?}"
        );
        found.add(Runlevel::new(6).unwrap(), OsStr::new("K80tomcat"), Target::Unread);
        assert!(faults(name, &header, &found, hook)[0].contains("stops as K80 in runlevel 6"));
    }
}
