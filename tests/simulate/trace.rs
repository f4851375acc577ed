//! One history told step by step, to be read when it is broken: `AMR_HISTORY=29728`, with the seed it
//! was found with.

use crate::world::World;
use std::sync::atomic::{AtomicBool, Ordering};

static TOLD: AtomicBool = AtomicBool::new(false);

/// The one history that is asked for.
pub fn asked() -> Option<u64> {
    let asked = std::env::vars().find(|(key, _)| key == "AMR_HISTORY");
    asked.map(|(_, number)| number.parse().unwrap())
}

/// From now on what happens is told.
pub fn begin() {
    TOLD.store(true, Ordering::Relaxed);
}

/// Tells what was done and how the world is since.
pub fn tell(what: &str, world: &World) {
    if TOLD.load(Ordering::Relaxed) {
        println!("{what}: {world}");
    }
}
