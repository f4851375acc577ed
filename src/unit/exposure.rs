//! How much a service could do to the host if somebody took it over: `systemd-analyze security` of systemd 252, item by
//! item. What this host does not apply protects nothing, whatever the unit says. Pure.

mod grades;
mod items;
#[cfg(test)]
mod tests;

use super::model::{Service, Unit};
use items::{Check, ITEMS, Item};

/// What the host has to keep a service from something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// The processor, as uname(2) names it.
    pub processor: &'static str,
    /// Views of the file system of one's own.
    pub mounts: bool,
    /// Networks of one's own.
    pub networks: bool,
    /// Users of one's own.
    pub users: bool,
    /// Names of the host of one's own.
    pub hostnames: bool,
    /// Filters of system calls.
    pub filters: bool,
    /// Lists of the devices that may be opened.
    pub devices: bool,
    /// Filters of addresses.
    pub addresses: bool,
}

/// By what of a [`Host`] an item is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Means {
    /// By what every kernel has.
    Any,
    Mounts,
    Networks,
    Users,
    Hostnames,
    Filters,
    Devices,
    Addresses,
}

impl Host {
    fn has(&self, means: Means) -> bool {
        match means {
            Means::Any => true,
            Means::Mounts => self.mounts,
            Means::Networks => self.networks,
            Means::Users => self.users,
            Means::Hostnames => self.hostnames,
            Means::Filters => self.filters,
            Means::Devices => self.devices,
            Means::Addresses => self.addresses,
        }
    }
}

/// How bad it is: so many of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Grade {
    is: u64,
    of: u64,
}

/// What came of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessed {
    /// As `systemd-analyze` names it.
    pub name: &'static str,
    /// Is the service kept from it altogether? `None` where that is no question.
    pub kept: Option<bool>,
    /// In words.
    pub what: String,
    /// Its part in the whole, in tenths.
    pub exposure: u64,
    /// The unit asks to be kept from it, and this host does not do that.
    pub not_applied: bool,
}

/// The whole of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// The worst first.
    pub items: Vec<Assessed>,
    /// In tenths, 0 to 100.
    pub overall: u64,
    /// What it would be on a host that applies all that the unit asks for.
    pub asked: u64,
}

impl Exposure {
    /// The word for it.
    #[must_use]
    pub fn level(&self) -> &'static str {
        match self.overall {
            0 => "PERFECT",
            1..10 => "SAFE",
            10..50 => "OK",
            50..75 => "MEDIUM",
            75..90 => "EXPOSED",
            90..100 => "UNSAFE",
            _ => "DANGEROUS",
        }
    }
}

/// Looks at all items.
#[must_use]
pub fn assess(unit: &Unit, service: &Service, host: &Host) -> Exposure {
    let subject = Subject { unit, service, host };
    let graded: Vec<_> = ITEMS.iter().map(|item| (item, subject.grade(item))).collect();
    let grades = || graded.iter().filter_map(|(item, graded)| Some((item, graded.as_ref()?.0)));
    let weights: u64 = grades().map(|(item, _)| item.weight).sum();
    let of_host = |item: &Item, grade: Grade| if host.has(item.means) { grade.is } else { grade.of };
    let sum = |is: &dyn Fn(&Item, Grade) -> u64| {
        let all: u64 = grades().map(|(item, grade)| part(item.weight, is(item, grade), grade.of)).sum();
        (all * 100).div_ceil(weights)
    };
    let mut items: Vec<_> = graded
        .iter()
        .map(|(item, graded)| {
            let Some((grade, what)) = graded else {
                let what = "does not matter for this service".to_owned();
                return Assessed { name: item.name, kept: None, what, exposure: 0, not_applied: false };
            };
            let is = of_host(item, *grade);
            Assessed {
                name: item.name,
                kept: Some(is == 0),
                what: if is == grade.is {
                    what.clone()
                } else {
                    format!("not applied here, though asked for: {what}")
                },
                exposure: part(item.weight * 100, is, grade.of).div_ceil(weights),
                not_applied: is != grade.is,
            }
        })
        .collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.exposure));
    Exposure { items, overall: sum(&of_host), asked: sum(&|_, grade| grade.is) }
}

fn part(weight: u64, is: u64, of: u64) -> u64 {
    (weight * is).div_ceil(of)
}

/// What is looked at.
struct Subject<'a> {
    unit: &'a Unit,
    service: &'a Service,
    host: &'a Host,
}

impl Subject<'_> {
    /// How bad it is by what the unit asks for, and in words; `None` where it is no question.
    fn grade(&self, item: &Item) -> Option<(Grade, String)> {
        if item.early && !self.unit.default_dependencies {
            return None;
        }
        let yes_or_no = |kept: bool, can: &str| {
            let words = if kept { format!("cannot {can}") } else { format!("can {can}") };
            Some((Grade { is: u64::from(!kept), of: 1 }, words))
        };
        match item.check {
            Check::Switch(can) => yes_or_no(self.service.context.is_on(item.name.trim_end_matches('=')), can),
            Check::Capabilities(names, can) => yes_or_no(grades::lacks(self.service, names), can),
            Check::Namespace(flag, can) => yes_or_no(grades::may_not_make(self.service, flag), can),
            Check::Families(which, can) => yes_or_no(grades::refuses(self.service, which), can),
            Check::Calls(group) => Some(grades::calls(self.service, group, self.host.processor)),
            Check::Kept(kept, can) => yes_or_no(kept(self.service)?, can),
            Check::Graded(graded) => Some(graded(self.unit, self.service)),
        }
    }
}
