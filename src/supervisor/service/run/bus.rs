//! `Type=dbus`: the name on the message bus of the host, as far as the bus can be asked. Without a bus the service waits
//! for one, as with systemd: docs/decisions/message-bus.md.

use super::{Clock, Supervisor};
use crate::os::clock;
use crate::os::ids;
use crate::os::socket::sender_stream;
use crate::supervisor::core::bus::{Broken, Conversation, Heard};
use crate::supervisor::service::machine::{Event, State};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// Where the bus listens, below the runtime folder.
const SOCKET: &str = "dbus/system_bus_socket";
/// With what a sentence about the bus begins.
const BUS: &str = "the message bus";
/// So often is read at a time: everybody on the bus can send here.
const TURNS: usize = 16;
/// How soon a bus that is not there is looked for again: by one who waits for the name, and by others.
const SOON: Duration = Duration::from_millis(200);
const LATER: Duration = Duration::from_secs(2);

/// A connection to the bus.
#[derive(Debug)]
pub(super) struct Bus {
    stream: UnixStream,
    talk: Conversation,
}

impl Bus {
    fn open(path: &std::path::Path, name: &str) -> std::io::Result<Self> {
        let mut stream = sender_stream(path)?;
        let (talk, first) = Conversation::begin(name, ids::effective_uid());
        stream.write_all(&first)?;
        Ok(Self { stream, talk })
    }

    /// What has come: the last that is known of the name.
    fn hear(&mut self) -> Result<Option<bool>, Broken> {
        let mut bytes = [0; 4096];
        let gone = |e: std::io::Error| Broken(format!("is gone: {e}"));
        let mut owned = None;
        for _ in 0..TURNS {
            match self.stream.read(&mut bytes) {
                Ok(0) => return Err(Broken("is gone".to_owned())),
                Ok(count) => {
                    let Heard { say, owned: now } = self.talk.hear(bytes.get(..count).unwrap_or_default())?;
                    self.stream.write_all(&say).map_err(gone)?;
                    owned = now.or(owned);
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(owned),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(gone(e)),
            }
        }
        Ok(owned)
    }
}

impl AsFd for Bus {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl Supervisor {
    /// Has the bus tell of the name, where the type asks for that and nobody tells yet.
    pub(super) fn watch_bus(&mut self) {
        let name = self.plan.service.awaited_name();
        // A daemon-reload may have brought another name, or another type.
        self.bus.take_if(|bus| Some(bus.talk.name()) != name);
        let Some(name) = name.filter(|_| self.bus.is_none()) else { return };
        let path = self.bus_path();
        match Bus::open(&path, name) {
            Ok(bus) => self.bus = Some(bus),
            Err(e) => self.lost_bus(&format!("at '{}' cannot be reached: {e}", path.display())),
        }
    }

    fn bus_path(&self) -> PathBuf {
        self.state_dir.root.outer(&self.plan.paths.runtime_dir.join(SOCKET))
    }

    pub(super) fn hear_bus(&mut self) {
        match self.bus.as_mut().map(Bus::hear) {
            Some(Ok(Some(owned))) => {
                self.record.not_applied.retain(|sentence| !sentence.starts_with(BUS));
                self.queue.push_back(Event::BusName(owned));
            }
            Some(Err(Broken(why))) => {
                self.bus = None;
                self.lost_bus(&why);
            }
            Some(Ok(None)) | None => {}
        }
    }

    /// It is looked for again. What was known of the name holds until somebody says otherwise.
    fn lost_bus(&mut self, why: &str) {
        let sentence = format!("{BUS} {why}; it is waited for");
        if !self.record.not_applied.contains(&sentence) {
            log::warn!("'{}': {sentence}", self.plan.unit);
            self.record.not_applied.push(sentence);
        }
        let wait = if self.machine.state == State::Running { LATER } else { SOON };
        self.events.timers.arm(Clock::Bus, clock::now().saturating_add(wait));
    }
}
