//! Many units by several threads: on a host with thousands of them, reading is most of what a look at all
//! of them takes, and each file is read by itself.

use super::Loader;
use crate::os::cpu;
use crate::unit::model::Unit;
use crate::unit::name::UnitName;
use std::panic::resume_unwind;
use std::thread::{Builder, Scope};

/// So many units are worth a thread, which takes as long to begin as some ten files to read.
const WORTH: usize = 200;

/// More threads wait for one another in the kernel.
const THREADS: usize = 4;

impl Loader<'_> {
    /// As [`Loader::load`] for each name, in the same order. A thread that cannot be had is done without.
    pub(super) fn load_each(&self, names: &[UnitName]) -> Vec<Unit> {
        let threads = cpu::count().min(THREADS).min(names.len() / WORTH).max(1);
        let share = names.len().div_ceil(threads).max(1);
        let mut units = Vec::with_capacity(names.len());
        let (own, others) = names.split_at(share.min(names.len()));
        std::thread::scope(|scope| {
            let begun: Vec<_> = others.chunks(share).map(|names| (names, self.begin(scope, names))).collect();
            self.load_into(own, &mut units);
            for (names, thread) in begun {
                match thread.map(|thread| thread.join()) {
                    Some(Ok(loaded)) => units.extend(loaded),
                    Some(Err(panic)) => resume_unwind(panic),
                    None => self.load_into(names, &mut units),
                }
            }
        });
        units
    }

    fn begin<'s, 'e: 's>(
        &'e self,
        scope: &'s Scope<'s, 'e>,
        names: &'e [UnitName],
    ) -> Option<std::thread::ScopedJoinHandle<'s, Vec<Unit>>> {
        let (root, facts, index) = (self.root, self.facts, &self.index);
        let work = move || {
            let mut units = Vec::with_capacity(names.len());
            Loader::over(root, facts, index).load_into(names, &mut units);
            units
        };
        Builder::new().spawn_scoped(scope, work).ok()
    }

    fn load_into(&self, names: &[UnitName], units: &mut Vec<Unit>) {
        heap::apart(|| units.extend(names.iter().map(|name| self.load(name))));
    }
}
