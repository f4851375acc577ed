//! A line of sysusers.d(5), as systemd 252.39 reads it. Pure.

use crate::tmpfiles::lines;
use crate::unit::model::{Finding, Origin};
use crate::unit::specifier::{self, Facts};
use crate::unit::value::ValueError;
use crate::unit::value::words::{self, Escapes, Word};
use std::path::{Path, PathBuf};

/// The specifiers that 252 knows here.
const SPECIFIERS: &str = "aAbBHlmMoTvVwW";

/// Longest name (utmp has room for 32 bytes).
const LONGEST: usize = 31;

/// Numbers that mean "none".
const NO_ID: [u32; 2] = [0xffff, u32::MAX];

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// `u`: a user, and a group of its name.
    User(User),
    /// `g`
    Group {
        /// Name of the group.
        name: String,
        /// Its GID, or where that comes from.
        id: Id,
    },
    /// `m`: a user is made a member of a group.
    Member {
        /// Login name of the member.
        user: String,
        /// Name of the group.
        group: String,
    },
    /// `r`: numbers to choose from.
    Range(u32, u32),
}

/// Which number is asked for: the third field of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Id {
    /// Any that is free.
    #[default]
    Auto,
    /// This one, if it is free.
    Number(u32),
    /// That of the owner of a file.
    OwnerOf(PathBuf),
}

/// A `u` line of sysusers.d(5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub name: String,
    /// Its UID, or where that comes from.
    pub id: Id,
    /// `UID:GID`, `UID:GROUP`: a group that is there, in place of one of the user's name.
    pub group: Option<GroupRef>,
    /// The GECOS field: a comment.
    pub gecos: Option<String>,
    /// Home directory, an absolute path; by default `/`, for UID 0 `/root`.
    pub home: Option<String>,
    /// Login shell, an absolute path; by default nologin, for UID 0 /bin/sh.
    pub shell: Option<String>,
}

/// A group by number or name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum GroupRef {
    Number(u32),
    Name(String),
}

/// A line with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it asks for.
    pub item: Item,
    /// File, line and column it was read from.
    pub origin: Origin,
}

/// Reads a file: its lines, and what is wrong with others.
#[must_use]
pub fn read(path: &Path, bytes: &[u8], facts: &Facts) -> (Vec<Entry>, Vec<Finding>) {
    const FIELDS: &str = "see sysusers.d(5): TYPE NAME ID COMMENT HOME SHELL";
    let (read, findings) = lines::read(path, bytes, FIELDS, &|text| parse(text, facts));
    (read.into_iter().map(|(item, origin, _)| Entry { item, origin }).collect(), findings)
}

/// A field with its specifiers expanded.
struct Field {
    at: usize,
    len: usize,
    text: String,
}

impl Field {
    fn fail(&self, message: impl Into<String>) -> ValueError {
        ValueError::new(self.at, self.len, message)
    }
}

/// Reads one line without blanks around it.
///
/// # Errors
/// Whatever 252 refuses.
pub fn parse(text: &str, facts: &Facts) -> Result<Item, ValueError> {
    let (mut words, mut from) = (Vec::new(), 0);
    while let Some(step) = words::next(text, from, Escapes::Dropped)? {
        words.push(step.word);
        from = step.next;
    }
    if let Some(word) = words.get(6) {
        return Err(ValueError::new(word.at, word.len, "more than six fields"));
    }
    let mut words = words.into_iter();
    let Some(kind) = words.next() else { return Err(ValueError::whole(text, "it is empty")) };
    let mut next = || words.next().filter(|word| !matches!(&*word.text, "" | "-")).map(|w| expand(&w, facts));
    let fields = [next(), next(), next(), next(), next()].map(Option::transpose);
    let [name, id, gecos, home, shell] = fields;
    let (name, id, gecos, home, shell) = (name?, id?, gecos?, home?, shell?);
    let unused = |fields: &[&Option<Field>]| match fields.iter().find_map(|field| field.as_ref()) {
        Some(field) => Err(field.fail(format!("type '{}' takes no such field", kind.text))),
        None => Ok(()),
    };
    match &*kind.text {
        "u" => Ok(Item::User(user(named(&kind, name)?, id, gecos, home, shell)?)),
        "g" => {
            unused(&[&gecos, &home, &shell])?;
            Ok(Item::Group { name: named(&kind, name)?, id: id.map_or(Ok(Id::Auto), |id| id_of(&id))? })
        }
        "m" => {
            unused(&[&gecos, &home, &shell])?;
            Ok(Item::Member { user: named(&kind, name)?, group: named(&kind, id)? })
        }
        "r" => {
            unused(&[&name, &gecos, &home, &shell])?;
            let range = id.ok_or_else(|| ValueError::new(kind.at, kind.len, "type 'r' needs a range"))?;
            let (least, most) = range.text.split_once('-').unwrap_or((&range.text, &range.text));
            match (number(least), number(most)) {
                (Some(least), Some(most)) if least <= most => Ok(Item::Range(least, most)),
                _ => Err(range.fail(format!("'{}' is not a range", range.text))),
            }
        }
        other => Err(ValueError::new(kind.at, kind.len, format!("unknown type '{other}'"))),
    }
}

fn expand(word: &Word<'_>, facts: &Facts) -> Result<Field, ValueError> {
    let text = specifier::expand_among(SPECIFIERS, &word.text, facts)
        .map_err(|e| ValueError::new(word.at, word.len, e.message))?;
    Ok(Field { at: word.at, len: word.len, text })
}

fn named(kind: &Word<'_>, field: Option<Field>) -> Result<String, ValueError> {
    let missing = || ValueError::new(kind.at, kind.len, format!("type '{}' needs a name there", kind.text));
    let field = field.ok_or_else(missing)?;
    if is_name(&field.text) {
        Ok(field.text)
    } else {
        Err(field.fail(format!("'{}' is not a name of a user or group", field.text)))
    }
}

/// systemd's `valid_user_group_name`, as strict as it is for new names.
fn is_name(name: &str) -> bool {
    let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let rest = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    first && rest && name.len() <= LONGEST
}

/// Decimal, without a sign or a leading zero, and not one of those that mean "none".
fn number(text: &str) -> Option<u32> {
    let sound = text == "0" || (!text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
    text.parse().ok().filter(|id| sound && !NO_ID.contains(id))
}

fn id_of(field: &Field) -> Result<Id, ValueError> {
    if field.text.starts_with('/') {
        return Ok(Id::OwnerOf(PathBuf::from(&field.text)));
    }
    let id =
        number(&field.text).ok_or_else(|| field.fail(format!("'{}' is not a number for it", field.text)))?;
    Ok(Id::Number(id))
}

fn user(
    name: String,
    id: Option<Field>,
    gecos: Option<Field>,
    home: Option<Field>,
    shell: Option<Field>,
) -> Result<User, ValueError> {
    let (id, group) = match id {
        None => (Id::Auto, None),
        Some(field) => match field.text.split_once(':').filter(|_| !field.text.starts_with('/')) {
            Some((uid, gid)) => {
                let named = || is_name(gid).then(|| GroupRef::Name(gid.to_owned()));
                let group = number(gid).map(GroupRef::Number).or_else(named);
                let group = group.ok_or_else(|| field.fail(format!("'{gid}' is not a group")))?;
                let uid = match uid {
                    "-" => Id::Auto,
                    uid => id_of(&Field { text: uid.to_owned(), ..field })?,
                };
                (uid, Some(group))
            }
            None => (id_of(&field)?, None),
        },
    };
    let sound = |field: Option<Field>, what: &str, is_path: bool| {
        let Some(field) = field else { return Ok(None) };
        let plain = !field.text.contains(|c: char| c == ':' || c.is_control());
        if plain && (!is_path || is_plain_path(&field.text)) {
            Ok(Some(field.text))
        } else {
            Err(field.fail(format!("'{}' cannot be a {what}", field.text)))
        }
    };
    Ok(User {
        name,
        id,
        group,
        gecos: sound(gecos, "comment", false)?,
        home: sound(home, "home folder", true)?,
        shell: sound(shell, "shell", true)?,
    })
}

/// Absolute, without `.`, `..` and empty components.
fn is_plain_path(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    rest.is_empty() || rest.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
