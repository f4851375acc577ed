//! The arms of `[Install]`, which only enable and disable look at.

use super::{Arm, Draft};
use crate::unit::line::{Line, ValueProblem};
use crate::unit::model::Install;
use crate::unit::name::UnitName;
use crate::unit::value::words::Word;

pub(super) const ARMS: &[(&str, Arm)] = &[
    ("Alias", |d, l| d.install(l, |i| &mut i.alias)),
    ("Also", |d, l| d.names(l, |i| &mut i.also)),
    ("DefaultInstance", |d, l| {
        d.unit.install.default_instance = if l.text.is_empty() { None } else { Some(l.expand(0, l.text)?) };
        Ok(())
    }),
    ("RequiredBy", |d, l| d.install(l, |i| &mut i.required_by)),
    ("WantedBy", |d, l| d.install(l, |i| &mut i.wanted_by)),
];

impl Draft<'_> {
    /// An empty value clears the list.
    fn install(
        &mut self,
        l: &Line<'_>,
        list: fn(&mut Install) -> &mut Vec<UnitName>,
    ) -> Result<(), ValueProblem> {
        if l.text.is_empty() {
            list(&mut self.unit.install).clear();
        }
        self.names(l, list)
    }

    /// Names add up.
    fn names(
        &mut self,
        l: &Line<'_>,
        list: fn(&mut Install) -> &mut Vec<UnitName>,
    ) -> Result<(), ValueProblem> {
        for Word { at, text: word, .. } in l.words()? {
            let name = l.expand_name(at, &word).and_then(|text| {
                UnitName::parse(&text).map_err(|e| ValueProblem::new(at, &word, e.to_string()))
            });
            match name {
                Ok(name) => list(&mut self.unit.install).push(name),
                Err(trouble) => l.warn(trouble),
            }
        }
        Ok(())
    }
}
