//! Which users and groups are made, and with which numbers, as systemd-sysusers 252.39 chooses them. Pure:
//! who is there already is asked through [`World`].

use super::line::{Entry, GroupRef, Id, Item, User};
use crate::unit::model::Origin;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A question that may fail, with a sentence.
pub type Lookup<T> = Result<Option<T>, String>;

/// What the host has.
pub struct World<'a> {
    /// A user by name or number: name and number.
    pub user: &'a dyn Fn(&str) -> Lookup<(String, u32)>,
    /// A group by name or number.
    pub group: &'a dyn Fn(&str) -> Lookup<(String, u32)>,
    /// User and group of a file.
    pub owner_of: &'a dyn Fn(&Path) -> Option<(u32, u32)>,
    /// Least and greatest number of those to choose from where no line `r` says otherwise.
    pub range: (u32, u32),
}

/// A group to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct NewGroup {
    pub name: String,
    pub gid: u32,
}

/// A user to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct NewUser {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub gecos: String,
    pub home: Option<String>,
    pub shell: Option<String>,
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In order.
    pub groups: Vec<NewGroup>,
    /// In order.
    pub users: Vec<NewUser>,
    /// Who is to be in which group, those included who are.
    pub members: BTreeMap<String, BTreeSet<String>>,
    /// What is worth knowing.
    pub notes: Vec<String>,
    /// What cannot be done.
    pub failures: Vec<String>,
}

/// What the entries ask for and the databases do not have yet.
#[must_use]
pub fn plan(entries: &[Entry], world: &World<'_>) -> Plan {
    let mut work = Planner { world, out: Plan::default(), ranges: Vec::new(), last: None };
    let (users, groups) = work.collect(entries);
    for (name, id, place) in &groups {
        let made = work.add_group(name, id, &Id::Auto, None);
        work.note_result(place.as_ref(), made);
    }
    for (user, place) in &users {
        let made = work.add_user(user);
        work.note_result(place.as_ref(), made);
    }
    work.out
}

type Users = Vec<(User, Option<Origin>)>;
type Groups = Vec<(String, Id, Option<Origin>)>;

struct Planner<'a> {
    world: &'a World<'a>,
    out: Plan,
    ranges: Vec<(u32, u32)>,
    /// The number that was looked at last; users and groups go down together.
    last: Option<u32>,
}

impl Planner<'_> {
    /// The lines by what they ask for, with those whom `m` implies.
    fn collect(&mut self, entries: &[Entry]) -> (Users, Groups) {
        let (mut users, mut groups): (Users, Groups) = (Vec::new(), Vec::new());
        let mut members = Vec::new();
        for Entry { item, origin } in entries {
            let earlier = match item {
                Item::User(user) => match users.iter().find(|(known, _)| known.name == user.name) {
                    Some((known, place)) => Some((known == user, place.as_ref())),
                    None => {
                        users.push((user.clone(), Some(origin.clone())));
                        None
                    }
                },
                Item::Group { name, id } => match groups.iter().find(|(known, ..)| known == name) {
                    Some((_, known, place)) => Some((known == id, place.as_ref())),
                    None => {
                        groups.push((name.clone(), id.clone(), Some(origin.clone())));
                        None
                    }
                },
                Item::Member { user, group } => {
                    members.push((user, group));
                    None
                }
                Item::Range(least, most) => {
                    self.ranges.push((*least, *most));
                    None
                }
            };
            if let Some((false, Some(place))) = earlier {
                self.out.notes.push(format!("{}: {} has this name already", at(origin), at(place)));
            }
        }
        for (user, group) in members {
            if !users.iter().any(|(known, _)| known.name == *user) {
                users.push((User { name: user.clone(), ..User::default() }, None));
            }
            if !groups.iter().any(|(known, ..)| known == group) {
                groups.push((group.clone(), Id::Auto, None));
            }
            self.out.members.entry(group.clone()).or_default().insert(user.clone());
        }
        if self.ranges.is_empty() {
            self.ranges.push(self.world.range);
        }
        (users, groups)
    }

    fn note_result<T>(&mut self, place: Option<&Origin>, made: Result<T, String>) {
        if let Err(why) = made {
            self.out
                .failures
                .push(place.map_or_else(|| why.clone(), |place| format!("{}: {why}", at(place))));
        }
    }

    /// A group of this name and its number; `uid` is the number of a user whose own it is to be.
    fn add_group(&mut self, name: &str, id: &Id, of_user: &Id, strict: Option<u32>) -> Result<u32, String> {
        if let Some(gid) = strict {
            return match self.gid_is_free(gid, name, false)? {
                true => Err(format!(
                    "cannot create user '{name}': group {gid} does not exist; hint: create it first"
                )),
                false => Ok(gid),
            };
        }
        if let Some((_, gid)) = (self.world.group)(name)? {
            return Ok(gid);
        }
        if let Some(group) = self.out.groups.iter().find(|group| group.name == name) {
            return Ok(group.gid);
        }
        let gid = match self.wanted_gid(name, id, of_user)? {
            Some(gid) => gid,
            None => self.search(&format!("group '{name}'"), &|work, id| work.gid_is_free(id, name, true))?,
        };
        self.out.groups.push(NewGroup { name: name.to_owned(), gid });
        Ok(gid)
    }

    fn wanted_gid(&mut self, name: &str, id: &Id, of_user: &Id) -> Result<Option<u32>, String> {
        if let Id::Number(gid) = id {
            if self.gid_is_free(*gid, name, false)? {
                return Ok(Some(*gid));
            }
            self.out.notes.push(format!("number {gid} for group '{name}' is taken"));
        }
        if let Id::Number(uid) = of_user
            && self.gid_is_free(*uid, name, true)?
        {
            return Ok(Some(*uid));
        }
        for id in [id, of_user] {
            if let Id::OwnerOf(path) = id
                && let Some((_, gid)) = (self.world.owner_of)(path)
                && self.in_range(gid)
                && self.gid_is_free(gid, name, true)?
            {
                return Ok(Some(gid));
            }
        }
        Ok(None)
    }

    fn add_user(&mut self, user: &User) -> Result<(), String> {
        let name = user.name.as_str();
        let gid = match &user.group {
            None => self.add_group(name, &Id::Auto, &user.id, None)?,
            Some(GroupRef::Number(gid)) => self.add_group(name, &Id::Auto, &Id::Auto, Some(*gid))?,
            Some(GroupRef::Name(group)) => {
                let new = self.out.groups.iter().find(|new| new.name == *group).map(|new| new.gid);
                let known = (self.world.group)(group)?.map(|(_, gid)| gid);
                new.or(known)
                    .ok_or_else(|| format!("cannot create user '{name}': group '{group}' does not exist"))?
            }
        };
        if (self.world.user)(name)?.is_some() || self.out.users.iter().any(|new| new.name == name) {
            return Ok(());
        }
        let uid = match self.wanted_uid(user, gid)? {
            Some(uid) => uid,
            None => self.search(&format!("user '{name}'"), &|work, id| work.uid_is_free(id, name, true))?,
        };
        let (home, shell) = (user.home.clone(), user.shell.clone());
        let gecos = user.gecos.clone().unwrap_or_default();
        self.out.users.push(NewUser { name: name.to_owned(), uid, gid, gecos, home, shell });
        Ok(())
    }

    fn wanted_uid(&mut self, user: &User, gid: u32) -> Result<Option<u32>, String> {
        let name = user.name.as_str();
        match &user.id {
            Id::Number(uid) => {
                if self.uid_is_free(*uid, name, user.group.is_none())? {
                    return Ok(Some(*uid));
                }
                self.out.notes.push(format!("number {uid} for user '{name}' is taken"));
            }
            Id::OwnerOf(path) => {
                if let Some((uid, _)) = (self.world.owner_of)(path)
                    && self.in_range(uid)
                    && self.uid_is_free(uid, name, true)?
                {
                    return Ok(Some(uid));
                }
            }
            Id::Auto => {}
        }
        Ok(if self.uid_is_free(gid, name, true)? { Some(gid) } else { None })
    }

    /// Nobody has it; nor a group of another name, so that one number means one.
    fn uid_is_free(&self, uid: u32, name: &str, with_groups: bool) -> Result<bool, String> {
        let text = uid.to_string();
        let taken = self.out.users.iter().any(|user| user.uid == uid)
            || (with_groups && self.out.groups.iter().any(|group| group.gid == uid && group.name != name))
            || (self.world.user)(&text)?.is_some()
            || (with_groups && (self.world.group)(&text)?.is_some_and(|(group, _)| group != name));
        Ok(!taken)
    }

    fn gid_is_free(&self, gid: u32, name: &str, with_users: bool) -> Result<bool, String> {
        let text = gid.to_string();
        let taken = self.out.groups.iter().any(|group| group.gid == gid)
            || (with_users && self.out.users.iter().any(|user| user.uid == gid && user.name != name))
            || (self.world.group)(&text)?.is_some()
            || (with_users && (self.world.user)(&text)?.is_some_and(|(user, _)| user != name));
        Ok(!taken)
    }

    /// The highest free number below the last one.
    fn search(
        &mut self,
        what: &str,
        is_free: &dyn Fn(&Self, u32) -> Result<bool, String>,
    ) -> Result<u32, String> {
        while let Some(id) = self.next_lower() {
            self.last = Some(id);
            if is_free(self, id)? {
                return Ok(id);
            }
        }
        Err(format!("cannot create {what}: no number is free; hint: a line 'r - LEAST-GREATEST' gives more"))
    }

    fn next_lower(&self) -> Option<u32> {
        let below = match self.last {
            Some(last) => last.checked_sub(1)?,
            None => u32::MAX,
        };
        let of = |(least, most): &(u32, u32)| Some(below.min(*most)).filter(|id| id >= least);
        self.ranges.iter().filter_map(of).max()
    }

    fn in_range(&self, id: u32) -> bool {
        id > 0 && self.ranges.iter().any(|(least, most)| (least..=most).contains(&&id))
    }
}

fn at(origin: &Origin) -> String {
    format!("{}:{}", origin.path.display(), origin.span.line)
}

/// Numbers for the system's users: `SYS_UID_MIN` and `SYS_UID_MAX` of login.defs(5); below those of people
/// where that has none (RHEL 6: 499).
#[must_use]
pub fn range(login_defs: &str) -> (u32, u32) {
    let value = |key: &str| {
        let mut lines = login_defs.lines().map(str::split_ascii_whitespace);
        lines.find_map(
            |mut words| if words.next() == Some(key) { words.next()?.parse::<u32>().ok() } else { None },
        )
    };
    let most = value("SYS_UID_MAX").or_else(|| value("UID_MIN")?.checked_sub(1)).unwrap_or(999);
    (value("SYS_UID_MIN").unwrap_or(100).min(most), most)
}
