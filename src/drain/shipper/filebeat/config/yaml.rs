//! A YAML text as a tree with the line of each value, read as Filebeat's go-ucfg reads it: a dotted
//! name is the same as names within one another. Pure.
//!
//! Values stay texts: what they mean depends on the option. A value with `${…}` is resolved in
//! [`vars`](super::vars). Aliases and merge keys (`<<`) are followed, up to [`MOST`] values.

use saphyr_parser::{Event, Parser, ScalarStyle};
use std::collections::HashMap;

/// The deepest nesting and the most values that are taken; a configuration has far fewer, and
/// aliases could make one endless.
const DEEPEST: usize = 64;
const MOST: usize = 200_000;

/// The longest list that a dotted name (`-E filebeat.inputs.1.type=log`) makes.
const LONGEST: usize = 1_000;

/// Why a text is no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {what}")]
pub struct Error {
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What the YAML reader says of it.
    pub what: String,
}

/// A value and the line that it begins on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Line in the file, from 1.
    pub line: usize,
    /// What stands there, not yet interpreted.
    pub value: Value,
}

/// What a node holds: text stays text until an option says what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// A text, plain or quoted.
    Text(String),
    /// A sequence, in order.
    List(Vec<Node>),
    /// Names and values, in order.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The value of a dotted name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node> {
        let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
        let node = match &self.value {
            Value::Map(pairs) => &pairs.iter().rev().find(|(own, _)| own == first)?.1,
            Value::List(list) => list.get(first.parse::<usize>().ok()?)?,
            Value::Null | Value::Text(_) => return None,
        };
        rest.map_or(Some(node), |rest| node.get(rest))
    }

    /// Lays another tree over this one: maps by name, lists by place, all else by the other's value.
    pub fn override_with(&mut self, other: Node) {
        match (&mut self.value, other.value) {
            (Value::Map(pairs), Value::Map(others)) => {
                others.into_iter().for_each(|(name, node)| put_at(pairs, &name, node));
            }
            (Value::List(list), Value::List(others)) => {
                for (at, node) in others.into_iter().enumerate() {
                    match list.get_mut(at) {
                        Some(own) => own.override_with(node),
                        None => list.push(node),
                    }
                }
            }
            (Value::Map(_) | Value::List(_), Value::Null) => {}
            (own, value) => {
                self.line = other.line;
                *own = value;
            }
        }
    }

    /// The same with dotted names taken apart.
    fn nested(self) -> Self {
        let value = match self.value {
            Value::Map(pairs) => {
                let mut nested = Vec::with_capacity(pairs.len());
                pairs.into_iter().for_each(|(name, node)| put_at(&mut nested, &name, node.nested()));
                Value::Map(nested)
            }
            Value::List(list) => Value::List(list.into_iter().map(Self::nested).collect()),
            value @ (Value::Null | Value::Text(_)) => value,
        };
        Self { line: self.line, value }
    }

    fn count(&self) -> usize {
        match &self.value {
            Value::Null | Value::Text(_) => 1,
            Value::List(list) => list.iter().map(Self::count).fold(1, usize::saturating_add),
            Value::Map(pairs) => pairs.iter().map(|(_, node)| node.count()).fold(1, usize::saturating_add),
        }
    }

    /// The scalar as it is written, without quotes; `None` for null, lists and maps.
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

/// Puts a value under a dotted name of a map, over what is there.
pub(super) fn put_at(pairs: &mut Vec<(String, Node)>, name: &str, node: Node) {
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let at = pairs.iter().rposition(|(own, _)| own == first).unwrap_or_else(|| {
        pairs.push((first.to_owned(), Node { line: node.line, value: Value::Null }));
        pairs.len() - 1
    });
    let Some((_, own)) = pairs.get_mut(at) else { return };
    match rest {
        None => own.override_with(node),
        Some(rest) => put_below(own, rest, node),
    }
}

fn put_below(own: &mut Node, name: &str, node: Node) {
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let place = first.parse::<usize>().ok().filter(|place| *place < LONGEST);
    match (&mut own.value, place) {
        (Value::Map(pairs), _) => put_at(pairs, name, node),
        (Value::List(list), Some(place)) => {
            let line = node.line;
            list.resize_with(list.len().max(place + 1), || Node { line, value: Value::Null });
            let Some(element) = list.get_mut(place) else { return };
            match rest {
                None => element.override_with(node),
                Some(rest) => put_below(element, rest, node),
            }
        }
        (_, Some(_)) => {
            own.value = Value::List(Vec::new());
            put_below(own, name, node);
        }
        (_, None) => {
            let mut pairs = Vec::new();
            put_at(&mut pairs, name, node);
            own.value = Value::Map(pairs);
        }
    }
}

/// Reads the first document of a text, its dotted names taken apart; an empty one is [`Value::Null`].
///
/// # Errors
/// It is not YAML, or more than amr takes.
pub fn read(text: &str) -> Result<Node, Error> {
    let mut tree = Tree::default();
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
    Ok(tree.done.unwrap_or(Node { line: 1, value: Value::Null }).nested())
}

/// A list or map that is not closed yet, with the name whose value comes next.
struct Open {
    node: Node,
    name: Option<String>,
    /// The number that an alias names it by; 0 for none.
    anchor: usize,
}

#[derive(Default)]
struct Tree {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    count: usize,
    done: Option<Node>,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), &'static str> {
        match event {
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err("unknown alias: no anchor of that name stands before it");
                };
                self.count += node.count();
                return self.put(node, 0);
            }
            Event::Scalar(text, style, anchor, _) => {
                let null =
                    style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if null { Value::Null } else { Value::Text(text.into_owned()) };
                return self.put(Node { line, value }, anchor);
            }
            Event::SequenceStart(anchor, _) => self.push(line, Value::List(Vec::new()), anchor)?,
            Event::MappingStart(anchor, _) => self.push(line, Value::Map(Vec::new()), anchor)?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    return self.put(open.node, open.anchor);
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

    fn push(&mut self, line: usize, value: Value, anchor: usize) -> Result<(), &'static str> {
        if self.open.len() >= DEEPEST {
            return Err("nested too deep");
        }
        self.open.push(Open { node: Node { line, value }, name: None, anchor });
        Ok(())
    }

    fn put(&mut self, node: Node, anchor: usize) -> Result<(), &'static str> {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.count += 1;
        if self.count > MOST {
            return Err("too many values");
        }
        let Some(open) = self.open.last_mut() else {
            self.done = Some(node);
            return Ok(());
        };
        match (&mut open.node.value, open.name.take()) {
            (Value::List(list), _) => list.push(node),
            (Value::Map(pairs), Some(name)) if name == "<<" => merge_key(pairs, node),
            (Value::Map(pairs), Some(name)) => pairs.push((name, node)),
            (Value::Map(_), None) => match node.value {
                Value::Text(name) => open.name = Some(name),
                Value::Null => open.name = Some(String::new()),
                Value::List(_) | Value::Map(_) => {
                    return Err("expected text for a name, found a list or a map");
                }
            },
            (Value::Null | Value::Text(_), _) => {}
        }
        Ok(())
    }
}

/// What `<<` names stands below what the map says itself.
fn merge_key(pairs: &mut Vec<(String, Node)>, node: Node) {
    let maps = if let Value::List(list) = node.value { list } else { vec![node] };
    let mut merged = Vec::new();
    // Of several the first counts, and of two pairs of one name the last.
    for map in maps.into_iter().rev() {
        if let Value::Map(mut others) = map.value {
            merged.append(&mut others);
        }
    }
    merged.append(pairs);
    *pairs = merged;
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
        assert!(matches!(input.get("close").unwrap().value, Value::Map(_)));
        let nested = read("filebeat:\n  inputs:\n    - paths: /a\n").unwrap();
        assert_eq!(nested.get("filebeat.inputs").unwrap().list()[0].get("paths").unwrap().list().len(), 1);
    }

    #[test]
    fn aliases_and_merge_keys_are_followed_within_a_bound() {
        let text = "x: &d {every: 5s, of: a}\ny:\n  of: b\n  <<: *d\nz: [*d]\n";
        let tree = read(text).unwrap();
        let at = |name: &str| tree.get(name).and_then(Node::text);
        assert_eq!((at("y.every"), at("y.of"), at("z.0.of")), (Some("5s"), Some("b"), Some("a")));
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let all = format!("*a{}, ", level - 1).repeat(10);
            bomb += &format!("a{level}: &a{level} [{}]\n", all.trim_end_matches(", "));
        }
        assert!(read(&bomb).unwrap_err().to_string().contains("too many values"));
    }

    #[test]
    fn what_is_laid_over_goes_by_name_and_place() {
        let mut tree = read("filebeat.inputs:\n- type: log\n  paths: [/a]\n").unwrap();
        let over = read("filebeat.inputs.1.type: tcp\nfilebeat.inputs.0.paths.0: /b\n").unwrap();
        tree.override_with(over);
        let at = |name: &str| tree.get(name).and_then(Node::text);
        assert_eq!(
            (at("filebeat.inputs.0.type"), at("filebeat.inputs.0.paths.0")),
            (Some("log"), Some("/b"))
        );
        assert_eq!(at("filebeat.inputs.1.type"), Some("tcp"));
    }

    #[test]
    fn nothing_and_nonsense() {
        assert_eq!(read("").unwrap().value, Value::Null);
        assert_eq!(read("# only a comment\n").unwrap().value, Value::Null);
        assert_eq!(read("a: ~\n").unwrap().get("a").unwrap().list(), []);
        for text in ["a: [", "a: b: c", "y: *a", "[a]: b\n"] {
            let error = read(text).unwrap_err();
            assert!(error.line >= 1, "{text}: {error}");
        }
        let deep = "[".repeat(100);
        assert!(read(&deep).unwrap_err().to_string().contains("nested too deep"));
    }
}
