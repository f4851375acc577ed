//! Jobs that pid 1 itself runs: upstart's (`/etc/init/*.conf`, init(5)) and inittab's `respawn` lines.
//!
//! At a change of the runlevel they stop at once, beside rc and whatever it does, with a KILL some seconds
//! later. Only what tells when a job stops is read: `start on`, `stop on`, `kill timeout`, and whether its
//! `pre-stop` or `post-stop` waits for the lock of an init script. Pure.

use super::subsys;
use std::time::Duration;
use strings::pattern::Pattern;

/// Between TERM and KILL where a job does not say (upstart 0.6.5).
pub const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// The same of sysvinit (`WAIT_BETWEEN_SIGNALS`).
const INITTAB_KILL: Duration = Duration::from_secs(3);

/// A job, as far as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// `filebeat` of filebeat.conf; of a line of inittab the name of its program.
    pub name: String,
    /// `/etc/init/filebeat.conf`, `/etc/inittab`.
    pub file: String,
    /// The events that start it, in one line; empty for none.
    pub start_on: String,
    /// The events that stop it.
    pub stop_on: String,
    /// From TERM to KILL.
    pub kill_timeout: Duration,
    /// The init script whose lock its `pre-stop` or `post-stop` waits for.
    pub awaits: Option<String>,
}

/// When a job stops on the way to a runlevel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// As soon as the runlevel changes.
    AtOnce,
    /// When another job has stopped.
    Behind(String),
    /// When rc comes to the init script of this name.
    BeforeScript(String),
    /// When the init script of this name has been stopped.
    AfterScript(String),
}

/// Reads one file of upstart's; `name` is its own without `.conf`.
#[must_use]
pub fn parse(name: &str, text: &str) -> Job {
    let mut job = Job {
        name: name.to_owned(),
        file: format!("/etc/init/{name}.conf"),
        start_on: String::new(),
        stop_on: String::new(),
        kill_timeout: KILL_TIMEOUT,
        awaits: None,
    };
    let mut lines = text.lines();
    let mut script: Option<bool> = None;
    while let Some(line) = lines.next() {
        let line = line.trim();
        if let Some(is_stop) = script {
            match line.split_whitespace().collect::<Vec<_>>().as_slice() {
                ["end", "script"] => script = None,
                _ if is_stop => job.awaits = job.awaits.take().or_else(|| awaited(line)),
                _ => {}
            }
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().take_while(|w| !w.starts_with('#')).collect();
        match words.as_slice() {
            ["start", "on", events @ ..] => job.start_on = whole(events, &mut lines),
            ["stop", "on", events @ ..] => job.stop_on = whole(events, &mut lines),
            ["kill", "timeout", seconds] => {
                job.kill_timeout = seconds.parse().map_or(KILL_TIMEOUT, Duration::from_secs);
            }
            [.., "script"] => script = Some(is_stop(&words)),
            ["pre-stop" | "post-stop", "exec", ..] => {
                job.awaits = job.awaits.take().or_else(|| awaited(line))
            }
            _ => {}
        }
    }
    job
}

fn is_stop(words: &[&str]) -> bool {
    matches!(words, ["pre-stop" | "post-stop", "script"])
}

/// NAME of `/var/lock/subsys/NAME` in a line of a script.
fn awaited(line: &str) -> Option<String> {
    if line.starts_with('#') { None } else { subsys::lock_written(line.as_bytes()) }
}

/// An expression to its end: it goes on in the next line while a parenthesis is open.
fn whole<'t>(first: &[&str], lines: &mut impl Iterator<Item = &'t str>) -> String {
    let mut text = first.join(" ");
    let depth = |t: &str| t.matches('(').count().saturating_sub(t.matches(')').count());
    while depth(&text) > 0 {
        let Some(line) = lines.next() else { break };
        let words: Vec<&str> = line.split_whitespace().take_while(|w| !w.starts_with('#')).collect();
        text.push(' ');
        text += &words.join(" ");
    }
    text.trim().to_owned()
}

/// The `respawn` lines of inittab(5).
#[must_use]
pub fn inittab(text: &str) -> Vec<Job> {
    let line = |line: &str| {
        let mut fields = line.splitn(4, ':');
        let (_, levels, action, process) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let program = process.trim_start_matches('+').split_whitespace().next()?;
        let levels: String = levels.chars().filter(char::is_ascii_digit).collect();
        (action == "respawn" && !line.starts_with('#')).then(|| Job {
            name: program.rsplit('/').next().unwrap_or(program).to_owned(),
            file: "/etc/inittab".to_owned(),
            start_on: format!("runlevel [{levels}]"),
            stop_on: format!("runlevel [!{levels}]"),
            kill_timeout: INITTAB_KILL,
            awaits: None,
        })
    };
    text.lines().filter_map(line).collect()
}

/// Which of the jobs stop on the way to a runlevel, and when.
#[must_use]
pub fn stopped(jobs: &[Job], level: u8) -> Vec<(&Job, Trigger)> {
    let mut at_once: Vec<&Job> = Vec::new();
    loop {
        let is_down = |name: &str| at_once.iter().any(|j| j.name == name);
        let happens = |event: &Event<'_>| event.happens(level, &is_down);
        let more: Vec<&Job> =
            jobs.iter().filter(|j| !is_down(&j.name) && holds(&j.stop_on, &happens)).collect();
        if more.is_empty() {
            break;
        }
        at_once.extend(more);
    }
    let is_at_once = |job: &&Job| at_once.iter().any(|j| j.name == job.name);
    let held = |job: &Job| {
        let waits = |other: &&&Job| {
            other.name != job.name && events(&other.stop_on).any(|e| e.is_stop_of("stopping", &job.name))
        };
        at_once.iter().find(waits).map(|guard| match &guard.awaits {
            Some(script) => Trigger::AfterScript(script.clone()),
            None => Trigger::Behind(guard.name.clone()),
        })
    };
    let by_script = |job: &Job| {
        events(&job.stop_on).find_map(|e| match (e.name, e.job()?) {
            (_, other) if jobs.iter().any(|j| j.name == other && j.awaits.is_none()) => None,
            ("stopping", script) => Some(Trigger::BeforeScript(script.to_owned())),
            ("stopped", script) => Some(Trigger::AfterScript(script.to_owned())),
            _ => None,
        })
    };
    let trigger = |job: &Job| match &job.awaits {
        _ if !is_at_once(&job) => by_script(job),
        Some(script) => Some(Trigger::AfterScript(script.clone())),
        None => Some(held(job).unwrap_or(Trigger::AtOnce)),
    };
    jobs.iter().filter_map(|job| Some((job, trigger(job)?))).collect()
}

/// An event of an expression, with its arguments.
struct Event<'a> {
    name: &'a str,
    args: Vec<&'a str>,
}

impl Event<'_> {
    /// The value that an argument must have: by its name, or by its place.
    fn value(&self, key: &str, place: usize) -> Option<&str> {
        let named = self.args.iter().find_map(|a| a.strip_prefix(key)?.strip_prefix('='));
        named.or_else(|| self.args.get(place).copied().filter(|a| !a.contains('=')))
    }

    fn job(&self) -> Option<&str> {
        self.value("JOB", 0)
    }

    fn is_stop_of(&self, event: &str, job: &str) -> bool {
        self.name == event && self.job() == Some(job)
    }

    /// Does it happen as soon as the runlevel changes? `is_down`: does a job stop then?
    fn happens(&self, level: u8, is_down: &dyn Fn(&str) -> bool) -> bool {
        let is_level = |pattern: Option<&str>| {
            pattern.is_none_or(|p| Pattern::new(p).is_ok_and(|p| p.matches(&level.to_string())))
        };
        match self.name {
            "runlevel" => is_level(self.value("RUNLEVEL", 0)),
            "starting" | "started" => self.job() == Some("rc") && is_level(self.value("RUNLEVEL", 1)),
            "stopping" | "stopped" => self.job().is_some_and(is_down),
            _ => false,
        }
    }
}

/// Words, with the parentheses as words of their own.
fn words(expression: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for mut word in expression.split_whitespace() {
        while let Some(at) = word.find(['(', ')']) {
            let (before, rest) = word.split_at(at);
            let (bracket, rest) = rest.split_at(1);
            words.extend([before, bracket].into_iter().filter(|w| !w.is_empty()));
            word = rest;
        }
        words.extend(Some(word).filter(|w| !w.is_empty()));
    }
    words
}

const OPERATORS: [&str; 4] = ["and", "or", "(", ")"];

fn events(expression: &str) -> impl Iterator<Item = Event<'_>> {
    let words = words(expression);
    let groups: Vec<Event<'_>> = words
        .split(|w| OPERATORS.contains(w))
        .filter_map(|group| group.split_first().map(|(name, args)| Event { name, args: args.to_vec() }))
        .collect();
    groups.into_iter()
}

/// Is an expression true by what happens? Operators bind from left to right, as in upstart.
fn holds(expression: &str, happens: &dyn Fn(&Event<'_>) -> bool) -> bool {
    let words = words(expression);
    let mut rest = words.as_slice();
    !rest.is_empty() && value(&mut rest, happens, 0)
}

/// Deeper expressions than that are nobody's.
const DEPTH: usize = 32;

fn value(rest: &mut &[&str], happens: &dyn Fn(&Event<'_>) -> bool, depth: usize) -> bool {
    let mut result = operand(rest, happens, depth);
    while let Some((operator @ (&"and" | &"or"), more)) = rest.split_first() {
        *rest = more;
        let right = operand(rest, happens, depth);
        result = if *operator == "and" { result && right } else { result || right };
    }
    result
}

fn operand(rest: &mut &[&str], happens: &dyn Fn(&Event<'_>) -> bool, depth: usize) -> bool {
    if let Some((&"(", more)) = rest.split_first()
        && depth < DEPTH
    {
        *rest = more;
        let inner = value(rest, happens, depth + 1);
        if let Some((&")", more)) = rest.split_first() {
            *rest = more;
        }
        return inner;
    }
    let end = rest.iter().position(|w| OPERATORS.contains(w)).unwrap_or(rest.len());
    let (event, more) = rest.split_at(end);
    // A parenthesis too many ends it.
    *rest = if end == 0 { &[] } else { more };
    event.split_first().is_some_and(|(name, args)| happens(&Event { name, args: args.to_vec() }))
}

/// What marks a file as written by amr.
const MARK: &str = "# amr: ";

/// The job that holds jobs of upstart back at shutdown until an init script has been stopped: upstart waits
/// with the end of a job for all that `stop on stopping` it, and this one waits for the script's lock to go.
#[must_use]
pub fn holding(script: &str, held: &[String]) -> String {
    let each = |event: &str| held.iter().map(|j| format!("{event} {j}")).collect::<Vec<_>>().join(" or ");
    let names = held.join(", ");
    let (start, stop, folder) = (each("started"), each("stopping"), subsys::FOLDER);
    format!(
        "{MARK}at shutdown {names} goes on until '{script}' has been stopped by rc.\n\
         description \"Keep {names} until {script} has ended\"\n\
         start on {start}\n\
         stop on {stop}\n\
         post-stop script\n    \
         case \"$(/sbin/runlevel)\" in\n    \
         *[06]) while [ -f {folder}/{script} ]; do sleep 0.2; done ;;\n    \
         esac\n\
         end script\n"
    )
}

/// Did amr write this file?
#[must_use]
pub fn is_ours(text: &str) -> bool {
    text.starts_with(MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(name: &str, stop_on: &str) -> Job {
        parse(name, &format!("start on runlevel [2345]\nstop on {stop_on}\n"))
    }

    fn triggers(jobs: &[Job], level: u8) -> Vec<(String, Trigger)> {
        stopped(jobs, level).into_iter().map(|(j, t)| (j.name.clone(), t)).collect()
    }

    #[test]
    fn what_is_read_of_a_job() {
        let text = "# c\ndescription \"x\"\nstart on (filesystem\n  and started network) # why\n\
                    stop on runlevel [!2345]\nkill timeout 30\npre-start script\n stop on nothing\nend script\n\
                    exec /usr/bin/filebeat\n";
        let job = parse("filebeat", text);
        assert_eq!(job.start_on, "(filesystem and started network)");
        assert_eq!((job.stop_on.as_str(), job.kill_timeout.as_secs()), ("runlevel [!2345]", 30));
        assert_eq!((job.file.as_str(), job.awaits), ("/etc/init/filebeat.conf", None));
        assert_eq!(parse("a", "respawn\n").kill_timeout, KILL_TIMEOUT);
    }

    #[test]
    fn which_runlevels_stop_a_job() {
        for (stop_on, levels) in [
            ("runlevel [!2345]", vec![0, 1, 6]),
            ("runlevel [06]", vec![0, 6]),
            ("runlevel RUNLEVEL=6", vec![6]),
            ("runlevel", vec![0, 1, 3, 6]),
            ("starting rc RUNLEVEL=[016]", vec![0, 1, 6]),
            ("(runlevel [06] or stopping network)", vec![0, 6]),
            ("runlevel [06] and tty-added", vec![]),
            ("stopped rc RUNLEVEL=[06]", vec![]),
            ("", vec![]),
            ("((", vec![]),
            (") runlevel", vec![]),
        ] {
            let job = [job("x", stop_on)];
            let at_once = |level: &u8| triggers(&job, *level).iter().any(|(_, t)| *t == Trigger::AtOnce);
            let stops = [0, 1, 3, 6].into_iter().filter(at_once);
            assert_eq!(stops.collect::<Vec<_>>(), levels, "{stop_on}");
        }
    }

    #[test]
    fn jobs_that_wait_for_others() {
        let jobs =
            [job("app", "stopping filebeat"), job("filebeat", "runlevel [06]"), job("late", "stopped web")];
        let want = [
            ("app".to_owned(), Trigger::AtOnce),
            ("filebeat".to_owned(), Trigger::Behind("app".to_owned())),
            ("late".to_owned(), Trigger::AfterScript("web".to_owned())),
        ];
        assert_eq!(triggers(&jobs, 0), want);
        assert_eq!(triggers(&[job("a", "stopping b"), job("b", "stopping a")], 0), vec![]);
    }

    #[test]
    fn the_job_that_holds_another_back() {
        let text = holding("shutdown-filebeat", &["filebeat".to_owned()]);
        assert!(is_ours(&text) && !is_ours("start on x\n"));
        let guard = parse("shutdown-filebeat", &text);
        assert_eq!(guard.awaits.as_deref(), Some("shutdown-filebeat"));
        assert_eq!(
            (guard.start_on.as_str(), guard.stop_on.as_str()),
            ("started filebeat", "stopping filebeat")
        );
        let jobs = [job("filebeat", "runlevel [!2345]"), guard];
        let after = Trigger::AfterScript("shutdown-filebeat".to_owned());
        assert_eq!(
            triggers(&jobs, 6),
            [("filebeat".to_owned(), after.clone()), ("shutdown-filebeat".to_owned(), after)]
        );
    }

    #[test]
    fn lines_of_inittab() {
        let text = "id:3:initdefault:\n#fb:2345:respawn:/x\nfb:2345:respawn:/usr/bin/filebeat -c x\n\
                    1:2345:respawn:+/sbin/mingetty tty1\nl0:0:wait:/etc/rc.d/rc 0\n";
        let jobs = inittab(text);
        assert_eq!(jobs.iter().map(|j| j.name.as_str()).collect::<Vec<_>>(), ["filebeat", "mingetty"]);
        assert_eq!(triggers(&jobs, 0).len(), 2);
        assert!(stopped(&jobs, 5).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn anything_is_read(text in "[a-z()# \n]{0,200}", stop in "(and|or|runlevel|[(]|[)]| |stopping|a){0,40}") {
            let jobs = [parse("a", &text), job("b", &stop)];
            let _ = stopped(&jobs, 0);
        }
    }
}
