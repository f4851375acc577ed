//! What the service hands over to be kept while it is restarted (FDSTORE=1, `FileDescriptorStoreMax=`): who may, how
//! much, and for how long. It lies with another process, as its last close may wait: docs/decisions/notify-socket.md.

use super::Supervisor;
use crate::os::error::Result;
use crate::os::socket::{Keeper, Listener, MOST, Message, NotifySocket, Word};
use crate::supervisor::core::notify::{self, ToKeep};
use crate::supervisor::service::found::is_left_at;
use crate::supervisor::service::machine::StopKind;
use crate::supervisor::service::status::Kept;

/// The way to what is kept. What that is says the record.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) keeper: Option<Keeper>,
    /// Where a successor of this supervisor finds the keeper.
    listener: Option<Listener>,
}

impl Supervisor {
    /// Has the descriptors of the next message taken, where it has some and they are to be kept. The message is read
    /// afterwards as any other.
    pub(super) fn keep_next(&mut self) {
        if self.plan.service.store_max == 0 {
            return;
        }
        let carried = self.notify.as_ref().map_or(Ok(None), NotifySocket::carried);
        let kept = carried.and_then(|message| match message {
            Some(message) if self.may_notify(&message) => self.keep(&message),
            Some(_) | None => Ok(()),
        });
        self.note_failure(kept);
    }

    fn keep(&mut self, message: &Message) -> Result<()> {
        let Some(ToKeep::Add { name, watched }) = notify::parse(&message.bytes).to_keep else {
            return Ok(());
        };
        let had = self.record.kept.len();
        let max = usize::try_from(self.plan.service.store_max).unwrap_or(MOST).min(MOST);
        if had >= max {
            self.note_full(max);
            return Ok(());
        }
        let (keeper, same) = self.keeper(&vec![true; had], true)?;
        // Those that it had were taken as they were.
        let mut stays = vec![true; had];
        let mut entries = self.record.kept.clone();
        for same in same.into_iter().skip(had) {
            let has_room = entries.len() < max;
            if !same && !has_room {
                self.note_full(max);
            }
            stays.push(!same && has_room);
            if !same && has_room {
                entries.push(Kept { name: name.clone(), watched });
            }
        }
        self.kept_by(Some(keeper));
        if stays.contains(&false) {
            let (keeper, _) = self.keeper(&stays, false)?;
            self.kept_by(Some(keeper));
        }
        self.now_kept(entries);
        Ok(())
    }

    fn note_full(&self, max: usize) {
        log::warn!("'{}' hands over more descriptors than the {max} that are kept for it", self.plan.unit);
    }

    /// FDSTOREREMOVE=1.
    pub(super) fn forget_kept(&mut self, name: &str) {
        self.retain_kept(|_, entry| entry.name != name);
    }

    /// One was closed at its other end, or all are gone.
    pub(super) fn look_at_kept(&mut self) {
        while let Some(word) = self.store.keeper.as_ref().map(Keeper::word) {
            match word {
                Word::HungUp(place) => self.retain_kept(|at, _| at != place),
                Word::Gone => {
                    log::warn!("the descriptors that are kept for '{}' are lost", self.plan.unit);
                    self.kept_by(None);
                    self.now_kept(Vec::new());
                }
                Word::Nothing => return,
            }
        }
    }

    fn retain_kept(&mut self, stays: impl Fn(usize, &Kept) -> bool) {
        let stays: Vec<bool> =
            self.record.kept.iter().enumerate().map(|(at, entry)| stays(at, entry)).collect();
        if !stays.contains(&false) {
            return;
        }
        if !stays.contains(&true) {
            self.drop_kept();
            return;
        }
        match self.keeper(&stays, false) {
            Ok((keeper, _)) => {
                let entries = self.record.kept.iter().zip(&stays).filter(|(_, stays)| **stays);
                let entries = entries.map(|(entry, _)| entry.clone()).collect();
                self.kept_by(Some(keeper));
                self.now_kept(entries);
            }
            Err(e) => log::warn!("{e}"),
        }
    }

    /// The end of the service is that of what is kept for it, unless somebody who restarts it comes next.
    pub(super) fn end_kept(&mut self) {
        match &self.store.keeper {
            Some(keeper) if self.machine.stop_kind == StopKind::Restart && !self.record.kept.is_empty() => {
                keeper.await_successor();
            }
            Some(_) | None => self.drop_kept(),
        }
    }

    fn drop_kept(&mut self) {
        if self.store.keeper.is_none() && self.record.kept.is_empty() {
            return;
        }
        self.kept_by(None);
        self.now_kept(Vec::new());
    }

    /// What an earlier supervisor left; `goes_on`: it is to be kept.
    pub(super) fn take_over_kept(&mut self, entries: Vec<Kept>, goes_on: bool) {
        if entries.is_empty() {
            return;
        }
        let left = Keeper::find(&self.state_dir.root, &self.claim.files.store);
        let found = left.map(|(keeper, count)| (keeper, goes_on && count == entries.len()));
        match found {
            Ok((keeper, true)) => {
                self.store.keeper = Some(keeper);
                // One that knows where this supervisor's successor looks.
                match self.keeper(&vec![true; entries.len()], false) {
                    Ok((keeper, _)) => {
                        self.kept_by(Some(keeper));
                        self.now_kept(entries);
                    }
                    Err(e) => {
                        log::warn!("{e}");
                        self.kept_by(None);
                    }
                }
            }
            Ok((keeper, false)) => drop(keeper.end()),
            Err(e) => log::warn!("the descriptors that were kept for '{}' are lost: {e}", self.plan.unit),
        }
    }

    /// Another keeper: with those that stay, and those of the next message where that is asked.
    fn keeper(&mut self, stays: &[bool], of_message: bool) -> Result<(Keeper, Vec<bool>)> {
        let listener = match self.store.listener.take() {
            Some(listener) => listener,
            None => Listener::bind(&self.state_dir.root, &self.claim.files.store, 0o600)?,
        };
        let listener = self.store.listener.insert(listener);
        let before = self.store.keeper.as_ref().map(|keeper| (keeper, stays));
        let socket = self.notify.as_ref().filter(|_| of_message);
        // Of a lost supervisor's service the next one takes it over, as long as that lives.
        let (root, record) = (&self.state_dir.root, &self.claim.files.status);
        let awaits = || is_left_at(root, record).unwrap_or(true);
        let made = Keeper::make(listener, before, socket, self.features.close_range, (root, &awaits))?;
        if let Some(child) = made.0.child() {
            self.set_apart(child);
        }
        Ok(made)
    }

    /// The one before ends, which may wait as those do that hold what is thrown away.
    fn kept_by(&mut self, keeper: Option<Keeper>) {
        let before = std::mem::replace(&mut self.store.keeper, keeper);
        self.holders.extend(before.and_then(Keeper::end));
    }

    fn now_kept(&mut self, entries: Vec<Kept>) {
        self.record.kept = entries;
        // The keeper that outlives this process has what the record says.
        self.publish();
        if let Some(keeper) = &self.store.keeper {
            keeper.live_on();
        }
        self.drop_hung_up();
    }

    /// Those that were closed at their other end go, as far as that is known now: nobody is passed them any more.
    pub(super) fn drop_hung_up(&mut self) {
        let Some(keeper) = &self.store.keeper else { return };
        let watched: Vec<bool> = self.record.kept.iter().map(|entry| entry.watched).collect();
        let gone = keeper.watch(&watched);
        self.retain_kept(|at, _| !gone.contains(&at));
    }
}
