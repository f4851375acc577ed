//! The form of a path in plans and records: a string; one that is no UTF-8 is a list of its bytes, where
//! serde's own form of paths would be an error. For `#[serde(with = "raw_path")]`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

#[derive(Serialize)]
#[serde(untagged)]
enum Encoded<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Decoded {
    Text(String),
    Bytes(Vec<u8>),
}

/// Writes a path.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<P: AsRef<Path>, S: Serializer>(path: &P, to: S) -> Result<S::Ok, S::Error> {
    let path = path.as_ref();
    path.to_str().map_or_else(|| Encoded::Bytes(path.as_os_str().as_bytes()), Encoded::Text).serialize(to)
}

/// Reads a path.
///
/// # Errors
/// It is neither a string nor a list of bytes.
pub fn deserialize<'de, P: From<PathBuf>, D: Deserializer<'de>>(from: D) -> Result<P, D::Error> {
    Ok(match Decoded::deserialize(from)? {
        Decoded::Text(text) => PathBuf::from(text),
        Decoded::Bytes(bytes) => PathBuf::from(OsString::from_vec(bytes)),
    }
    .into())
}

/// The same for a path that need not be there. Such a field wants `#[serde(default)]` beside it, or
/// above its struct.
pub mod option {
    use super::{Deserialize, Deserializer, PathBuf, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct One(#[serde(with = "super")] PathBuf);

    /// Writes a path or null.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
        path.clone().map(One).serialize(to)
    }

    /// Reads a path or null.
    ///
    /// # Errors
    /// It is something else.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
        Ok(Option::<One>::deserialize(from)?.map(|One(path)| path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Both {
        #[serde(with = "super")]
        path: PathBuf,
        #[serde(with = "super::option", default)]
        log: Option<PathBuf>,
    }

    #[test]
    fn a_path_that_is_no_utf8_comes_back() {
        let raw = PathBuf::from(OsStr::from_bytes(b"/a\xff"));
        for (both, text) in [
            (Both { path: raw.clone(), log: Some("/é".into()) }, r#"{"path":[47,97,255],"log":"/é"}"#),
            (Both { path: "/".into(), log: Some(raw) }, r#"{"path":"/","log":[47,97,255]}"#),
            (Both { path: "/".into(), log: None }, r#"{"path":"/","log":null}"#),
        ] {
            assert_eq!(serde_json::to_string(&both).unwrap(), text);
            assert_eq!(serde_json::from_str::<Both>(text).unwrap(), both);
        }
        assert_eq!(serde_json::from_str::<Both>(r#"{"path":"/"}"#).unwrap().log, None);
    }
}
