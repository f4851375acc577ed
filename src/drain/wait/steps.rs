//! Each step of each file, for the log at debug level: `add` when a file is first seen, `update` when its
//! acknowledged offset has moved.
//!
//! Pure.

use crate::drain::cursor::{FileId, Timestamp};
use crate::drain::judge::progress::Progress;
use crate::drain::judge::reason::ReasonClass;
use crate::drain::judge::tail::Stream;
use crate::drain::report::{rfc3339, shown};
use std::collections::HashMap;

/// An obligation: the file, the input, and the stream of a container.
type Key = (FileId, Box<[u8]>, Option<bool>);

/// What was told of each file.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    told: HashMap<Key, Option<u64>>,
}

impl Steps {
    /// What a look tells that none told before.
    pub(super) fn take<'p>(
        &mut self,
        files: impl Iterator<Item = &'p Progress>,
        at: Timestamp,
    ) -> Vec<String> {
        files.filter_map(|file| self.step(file, at)).collect()
    }

    fn step(&mut self, file: &Progress, at: Timestamp) -> Option<String> {
        // What is gone is told by the report; its offset stays as it was.
        if file.reason.class() == ReasonClass::Lost {
            return None;
        }
        let stream = file.stream.map(|stream| stream == Stream::Stdout);
        let key = (file.file, file.input_id.clone(), stream);
        let (now, size) = (file.acknowledged, file.size);
        let (at, path) = (rfc3339(at), shown(&file.path));
        match self.told.insert(key, now) {
            None => Some(format!("{at} add '{path}': {} of {size} acknowledged", offset(now))),
            Some(before) if before == now => None,
            Some(before) => {
                let (before, now) = (offset(before), offset(now));
                Some(format!("{at} update '{path}': {before} -> {now} of {size} acknowledged"))
            }
        }
    }
}

fn offset(offset: Option<u64>) -> String {
    offset.map_or_else(|| "none".to_owned(), |offset| offset.to_string())
}
