//! Many units by several threads: on a host with thousands of them, reading is most of what a look at all
//! of them takes, and each file is read by itself.

use super::{Loader, index::Index};
use crate::os::cpu;
use crate::os::root::Root;
use crate::unit::model::Unit;
use crate::unit::name::UnitName;
use crate::unit::specifier::Facts;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, scope};

/// So many units are worth a thread, which takes as long to begin as some ten files to read.
const WORTH: usize = 200;

/// More threads wait for one another in the kernel.
const THREADS: usize = 4;

/// So many names a thread takes at a time: some are targets with thousands of links.
const SHARE: usize = 32;

/// Loaded units, and beside each the place of its name among those asked for.
#[derive(Default)]
pub(super) struct Loaded {
    pub units: Vec<Unit>,
    pub places: Vec<usize>,
}

impl Loaded {
    fn with_room(room: usize) -> Self {
        Self { units: Vec::with_capacity(room), places: Vec::with_capacity(room) }
    }
}

/// What all threads have.
struct Work<'a> {
    root: &'a Root,
    facts: &'a Facts,
    index: &'a Arc<Index>,
    names: &'a [UnitName],
    /// How many names are taken.
    taken: AtomicUsize,
}

impl Work<'_> {
    /// Takes names until there are none, and adds their units.
    fn load(&self, loader: &Loader<'_>, into: &mut Loaded) {
        loop {
            let from = self.taken.fetch_add(SHARE, Ordering::Relaxed);
            let Some(names) = self.names.get(from..) else { return };
            for (place, name) in (from..).zip(names.iter().take(SHARE)) {
                into.places.push(place);
                into.units.push(loader.load(name));
            }
        }
    }
}

impl Loader<'_> {
    /// As [`Loader::load`] for each name, in no order. A thread that cannot be had is done without.
    pub(super) fn load_each(&self, names: &[UnitName]) -> Loaded {
        let others = cpu::count().min(THREADS).min(names.len() / WORTH).saturating_sub(1);
        let (root, facts, index) = (self.root, self.facts, &self.index);
        let work = Work { root, facts, index, names, taken: AtomicUsize::new(0) };
        let mut all = Loaded::with_room(names.len());
        scope(|scope| {
            let other = || {
                let mut loaded = Loaded::with_room(names.len() / 2);
                work.load(&Loader::over(work.root, work.facts, work.index), &mut loaded);
                loaded
            };
            let begun: Vec<_> =
                (0..others).map_while(|_| Builder::new().spawn_scoped(scope, other).ok()).collect();
            work.load(self, &mut all);
            for thread in begun {
                let loaded = thread.join().unwrap_or_else(|panic| resume_unwind(panic));
                all.units.extend(loaded.units);
                all.places.extend(loaded.places);
            }
        });
        all
    }
}
