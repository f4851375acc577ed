//! What is passed to the main process of a service besides its standard descriptors: `OpenFile=`, as
//! `PATH[:NAME[:OPTION,...]]` (systemd.service(5), `open_file_parse`). Pure.

use crate::unit::value::words::unescape_all;
use crate::unit::value::{ValueError, descriptor, path};
use serde::{Deserialize, Serialize};

/// A file that is opened for a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenFile {
    /// Absolute.
    pub path: String,
    /// What the service knows it by (`LISTEN_FDNAMES`).
    pub name: String,
    /// For what.
    pub access: Access,
    /// `graceful`: the service is started without one that cannot be opened.
    pub graceful: bool,
}

/// What a file is opened for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    /// To be read and written.
    #[default]
    Both,
    /// To be read.
    ReadOnly,
    /// As `Both`; what is written goes to its end.
    Append,
    /// As `Both`; empty to begin with.
    Truncate,
}

const ACCESS: [(&str, Access); 3] =
    [("read-only", Access::ReadOnly), ("append", Access::Append), ("truncate", Access::Truncate)];
const GRACEFUL: &str = "graceful";

/// Reads the value. A name that is not said is that of the file.
///
/// # Errors
/// No absolute path, a name that is none, an option twice or that there is none of, two ways of access.
pub fn parse(text: &str) -> Result<OpenFile, ValueError> {
    let whole = |message: &str| ValueError::new(0, text.len(), message);
    let mut parts = [String::new(), String::new(), String::new()];
    let mut pieces = text.split(':');
    for (part, piece) in parts.iter_mut().zip(&mut pieces) {
        let bytes = unescape_all(piece).map_err(|e| whole(&e.message))?;
        *part = String::from_utf8(bytes).map_err(|_| whole("not valid UTF-8"))?;
    }
    let [path, name, options] = parts;
    if pieces.next().is_some() {
        return Err(whole("more than a path, a name and options"));
    }
    if !path::is_absolute(&path) || !path::is_valid(&path) {
        return Err(whole(&format!("'{path}' is not an absolute path")));
    }
    let name = if name.is_empty() { file_name(&path).to_owned() } else { name };
    if !descriptor::is_name(&name) {
        return Err(whole(&format!("invalid name of a descriptor '{name}'")));
    }
    let (mut access, mut graceful) = (None, false);
    for word in options.split(',').filter(|word| !word.is_empty()) {
        let way = ACCESS.iter().find(|(known, _)| *known == word).map(|(_, way)| *way);
        match way {
            Some(_) if access.is_some() => return Err(whole("more than one way to open it")),
            Some(way) => access = Some(way),
            None if word == GRACEFUL && !graceful => graceful = true,
            None => return Err(whole(&format!("'{word}' is no option, or is there twice"))),
        }
    }
    Ok(OpenFile { path, name, access: access.unwrap_or_default(), graceful })
}

/// As systemctl of 253 shows it (`open_file_to_string`).
#[must_use]
pub fn show(file: &OpenFile) -> String {
    let way = ACCESS.iter().find(|(_, way)| *way == file.access).map(|(word, _)| *word);
    let options: Vec<&str> = way.into_iter().chain(file.graceful.then_some(GRACEFUL)).collect();
    let path = file.path.replace(':', "\\x3a");
    let name = if file_name(&file.path) == file.name { "" } else { &file.name };
    match (name, options.is_empty()) {
        ("", true) => path,
        (name, true) => format!("{path}:{name}"),
        (name, false) => format!("{path}:{name}:{}", options.join(",")),
    }
}

fn file_name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_names_and_options() {
        let file = |path: &str, name: &str, access, graceful| OpenFile {
            path: path.to_owned(),
            name: name.to_owned(),
            access,
            graceful,
        };
        // As open_file_parse's own tests have them.
        for (text, right) in [
            ("/proc/1/ns/mnt:host:read-only", file("/proc/1/ns/mnt", "host", Access::ReadOnly, false)),
            ("/proc/1/ns/mnt", file("/proc/1/ns/mnt", "mnt", Access::Both, false)),
            ("/a/b::truncate,graceful", file("/a/b", "b", Access::Truncate, true)),
            (r"/a/x\x3ay:n:append", file("/a/x:y", "n", Access::Append, false)),
        ] {
            assert_eq!(parse(text).as_ref(), Ok(&right), "{text}");
            assert_eq!(parse(&show(&right)), Ok(right), "{text}");
        }
        for text in ["", "a", ":n", "/a:n:read-only:x", "/a:n:read-write", "/a::append,truncate"] {
            assert!(parse(text).is_err(), "{text}");
        }
        for text in ["/a:n:graceful,graceful", "/", "/a:\u{7f}", r"/a\q"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
