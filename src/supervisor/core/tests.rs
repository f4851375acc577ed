//! A supervisor of a kind of unit that there is not: a bell that rings once, when its time has come. What it
//! needs besides the core is a plan, a record, a word for its timer and one for what callers wait for.

use super::claim::Claim;
use super::control::{Caller, Control, Waiting};
use super::events::Events;
use super::frame::unframe;
use super::state_dir::{Privilege, StateDir};
use super::store::{self, Published};
use super::version::{FIRST, NEEDS, VERSION};
use super::{plan, record};
use crate::os::clock;
use crate::os::ids;
use crate::os::root::Root;
use crate::os::socket::Connection;
use serde::{Deserialize, Serialize};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

const UNIT: &str = "noon.bell";
const SOON: Duration = Duration::from_millis(50);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct BellPlan {
    version: u32,
    after: Duration,
}

impl plan::Plan for BellPlan {
    fn version(&self) -> u32 {
        self.version
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct BellRecord {
    needs: u32,
    boot_id: String,
    rung: bool,
}

impl record::Record for BellRecord {
    fn needs(&self) -> u32 {
        self.needs
    }

    fn boot_id(&self) -> &str {
        &self.boot_id
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Clock {
    Bell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Rung,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Commands,
    Waiter,
}

struct Bell {
    dir: StateDir,
    claim: Claim,
    events: Events<Clock>,
    commands: Control,
    waiting: Waiting<End>,
    record: BellRecord,
    published: Published<BellRecord>,
}

impl Bell {
    fn new(dir: &StateDir, plan: &BellPlan) -> Self {
        let claim = Claim::take(dir, UNIT).unwrap().unwrap();
        let mut events = Events::watch().unwrap();
        events.timers.arm(Clock::Bell, clock::now() + plan.after);
        let commands = Control::bind(&dir.root, &claim.files.control).unwrap();
        let record = BellRecord { needs: NEEDS, ..BellRecord::default() };
        let (waiting, published) = (Waiting::default(), Published::default());
        Self { dir: dir.clone(), claim, events, commands, waiting, record, published }
    }

    /// One turn: sleeps, and carries out what that led to.
    fn turn(&mut self) {
        self.published.write(&self.dir.root, &self.claim.files.status, &self.record).unwrap();
        let nap = self.events.nap();
        let mut fds = vec![(self.commands.as_fd(), Source::Commands)];
        fds.extend(self.waiting.fds().map(|fd| (fd, Source::Waiter)));
        let woken = self.events.sleep(&nap, &fds).unwrap();
        self.events.signals(nap);
        if woken.ready.contains(&Source::Commands) {
            while let Some((packet, connection)) = self.commands.next(UNIT).unwrap() {
                let text = String::from_utf8(packet).unwrap();
                let (version, words) = unframe(&text);
                let mut caller = Caller::connection(connection, version);
                if words == "wait" { self.waiting.push(End::Rung, caller) } else { caller.reply("refused") }
            }
        }
        if woken.ready.contains(&Source::Waiter) {
            self.waiting.forget_gone();
        }
        for Clock::Bell in self.events.timers.expired(clock::now()) {
            self.record.rung = true;
            self.published.write(&self.dir.root, &self.claim.files.status, &self.record).unwrap();
            self.waiting.reply(End::Rung, "rung");
        }
    }
}

/// Nothing of it outlives its supervisor.
fn nothing_is_left(_: &Root, _: &Path) -> crate::os::error::Result<bool> {
    Ok(false)
}

#[test]
fn another_kind_of_unit_stands_on_the_core() {
    let folder = std::env::temp_dir().join(format!("amr-core-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("run")).unwrap();
    let privilege = if ids::effective_uid() == 0 { Privilege::Root } else { Privilege::User };
    let dir = StateDir::new(Root::at(&folder).unwrap(), privilege, nothing_is_left);

    let sent = plan::encode(&BellPlan { version: VERSION, after: SOON });
    let mut bell = Bell::new(&dir, &plan::decode(&sent).unwrap());
    assert!(Claim::take(&dir, UNIT).unwrap().is_none(), "it is the only one");

    let call = |words: &str| {
        let connection =
            Connection::open(&dir.root, &dir.files(UNIT).control, Duration::from_secs(5)).unwrap();
        connection.send(words.as_bytes(), Duration::ZERO).unwrap();
        connection
    };
    let (new, old, odd, gone) = (call(&format!("{VERSION} wait")), call("wait"), call("dance"), call("wait"));
    bell.turn();
    drop(gone);
    while !bell.record.rung {
        bell.turn();
    }
    let answer = |c: &Connection| String::from_utf8(c.receive(Duration::from_secs(5)).unwrap()).unwrap();
    assert_eq!(
        (answer(&new), answer(&old), answer(&odd)),
        (format!("{VERSION} rung"), "rung".into(), "refused".into())
    );
    assert_eq!(unframe("rung"), (FIRST, "rung"));
    assert!(bell.waiting.is_empty());

    let read: Option<BellRecord> = store::read(&dir.root, &dir.files(UNIT).status).unwrap();
    assert_eq!(read, Some(bell.record.clone()));
    bell.claim.release();
    assert!(Claim::take(&dir, UNIT).unwrap().is_some(), "the next one may have it");
    std::fs::remove_dir_all(&folder).unwrap();
}
