//! A YAML text as a tree with the line of each value, read as Filebeat's go-ucfg reads it: a dotted
//! name is the same as names within one another. Pure.
//!
//! Values stay texts: what they mean depends on the option. A value with `${…}` depends on an
//! environment that only the shipper's process has, so it is never resolved here.

use saphyr_parser::{Event, Parser, ScalarStyle};

/// The deepest nesting and the most values that are taken; a configuration has far fewer, and
/// aliases could make one endless.
const DEEPEST: usize = 64;
const MOST: usize = 200_000;

/// Why a text is no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {what}")]
pub struct Error {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
}

/// A value and the line that it begins on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// From 1.
    pub line: usize,
    /// The value.
    pub value: Value,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// A text, plain or quoted.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Names and values, in order.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The value of a dotted name, however it is nested; the last one where there are several.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node> {
        let Value::Map(pairs) = &self.value else { return None };
        pairs.iter().rev().find_map(|(own, node)| match name.strip_prefix(own.as_str())? {
            "" => Some(node),
            rest => node.get(rest.strip_prefix('.')?),
        })
    }

    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The elements; one value that is no list counts as a list of it, nothing as an empty one.
    #[must_use]
    pub fn list(&self) -> &[Node] {
        match &self.value {
            Value::List(list) => list,
            Value::Null => &[],
            Value::Text(_) | Value::Map(_) => std::slice::from_ref(self),
        }
    }
}

/// Reads the first document of a text; an empty one is [`Value::Null`].
///
/// # Errors
/// It is not YAML, or an alias, a tag of its own, or more than amr takes.
pub fn read(text: &str) -> Result<Node, Error> {
    let mut tree = Tree { open: Vec::new(), count: 0, done: None };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let mark = error.marker();
            Error { line: mark.line(), column: mark.col() + 1, what: error.info().to_owned() }
        })?;
        let (line, column) = (span.start.line(), span.start.col() + 1);
        if let Err(what) = tree.take(event, line) {
            return Err(Error { line, column, what: what.to_owned() });
        }
        if tree.done.is_some() {
            break;
        }
    }
    Ok(tree.done.unwrap_or(Node { line: 1, value: Value::Null }))
}

/// A list or map that is not closed yet, with the name whose value comes next.
struct Open {
    node: Node,
    name: Option<String>,
}

struct Tree {
    open: Vec<Open>,
    count: usize,
    done: Option<Node>,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), &'static str> {
        match event {
            Event::Alias(_) => return Err("an alias (*name), which amr does not follow"),
            Event::Scalar(text, style, _, _) => {
                let null =
                    style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if null { Value::Null } else { Value::Text(text.into_owned()) };
                return self.put(Node { line, value });
            }
            Event::SequenceStart(..) => self.push(line, Value::List(Vec::new()))?,
            Event::MappingStart(..) => self.push(line, Value::Map(Vec::new()))?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    return self.put(open.node);
                }
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn push(&mut self, line: usize, value: Value) -> Result<(), &'static str> {
        if self.open.len() >= DEEPEST {
            return Err("nested too deep");
        }
        self.open.push(Open { node: Node { line, value }, name: None });
        Ok(())
    }

    fn put(&mut self, node: Node) -> Result<(), &'static str> {
        self.count += 1;
        if self.count > MOST {
            return Err("more values than a configuration has");
        }
        let Some(open) = self.open.last_mut() else {
            self.done = Some(node);
            return Ok(());
        };
        match (&mut open.node.value, open.name.take()) {
            (Value::List(list), _) => list.push(node),
            (Value::Map(pairs), Some(name)) => pairs.push((name, node)),
            (Value::Map(_), None) => match node.value {
                Value::Text(name) => open.name = Some(name),
                Value::Null => open.name = Some(String::new()),
                Value::List(_) | Value::Map(_) => return Err("a name that is no text"),
            },
            (Value::Null | Value::Text(_), _) => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_names_are_nested_names() {
        let tree = read("filebeat.inputs:\n- type: log\n  paths: [/a, '/b c']\n  close.on_state_change:\n    inactive: 5m\n")
            .unwrap();
        let input = &tree.get("filebeat.inputs").unwrap().list()[0];
        assert_eq!(input.get("type").unwrap().text(), Some("log"));
        assert_eq!(input.get("paths").unwrap().list()[1].text(), Some("/b c"));
        assert_eq!(input.get("close.on_state_change.inactive").unwrap().line, 5);
        assert_eq!(input.get("close"), None);
        let nested = read("filebeat:\n  inputs:\n    - paths: /a\n").unwrap();
        assert_eq!(nested.get("filebeat.inputs").unwrap().list()[0].get("paths").unwrap().list().len(), 1);
    }

    #[test]
    fn nothing_and_nonsense() {
        assert_eq!(read("").unwrap().value, Value::Null);
        assert_eq!(read("# only a comment\n").unwrap().value, Value::Null);
        assert_eq!(read("a: ~\n").unwrap().get("a").unwrap().list(), []);
        for text in ["a: [", "a: b: c", "x: &a 1\ny: *a", "[a]: b\n"] {
            let error = read(text).unwrap_err();
            assert!(error.line >= 1, "{text}: {error}");
        }
        let deep = "[".repeat(100);
        assert!(read(&deep).unwrap_err().to_string().contains("nested too deep"));
    }
}
