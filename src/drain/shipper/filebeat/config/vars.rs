//! `${…}` in values: other values of the configuration, the places of the installation, and the
//! environment of the process. Pure.

use super::yaml::{Node, Value};
use std::collections::BTreeMap;

/// What a variable may stand for beside other values of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Vars {
    /// `path.home`, `path.config`, `path.data`, as far as they are known.
    pub paths: BTreeMap<String, String>,
    /// The environment of the process; `None` where it is not known.
    pub environment: Option<BTreeMap<String, String>>,
}

impl Vars {
    /// Puts values in the place of every `${…}` whose value is known. What is not stays as it is written.
    pub fn resolve(&self, tree: &mut Node) {
        let whole = tree.clone();
        self.resolve_in(tree, &whole);
    }

    fn resolve_in(&self, node: &mut Node, whole: &Node) {
        match &mut node.value {
            Value::Text(text) if text.contains("${") => {
                if let Some(value) = self.expand(text, whole) {
                    *text = value;
                }
            }
            Value::Null | Value::Text(_) => {}
            Value::List(list) => list.iter_mut().for_each(|node| self.resolve_in(node, whole)),
            Value::Map(pairs) => pairs.iter_mut().for_each(|(_, node)| self.resolve_in(node, whole)),
        }
    }

    fn expand(&self, text: &str, whole: &Node) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}')?;
            out.push_str(before);
            out.push_str(&self.value(name, whole)?);
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    }

    /// `NAME` or `NAME:default`. A value that go-ucfg would take apart (a list, a quoted text) is not known.
    fn value(&self, name: &str, whole: &Node) -> Option<String> {
        let (name, default) = name.split_once(':').map_or((name, None), |(name, rest)| (name, Some(rest)));
        let plain = |value: &str| !value.contains(['$', '{', '[', ',', '"', '\'']);
        let own = whole.get(name).and_then(Node::text).or_else(|| self.paths.get(name).map(String::as_str));
        if let Some(value) = own.filter(|value| plain(value)) {
            return Some(value.to_owned());
        }
        let environment = self.environment.as_ref()?;
        let value = match (environment.get(name), default) {
            (Some(value), _) => value.as_str(),
            (None, Some(default)) if !default.starts_with('?') => default,
            (None, _) => return None,
        };
        plain(value).then(|| value.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drain::shipper::filebeat::config::yaml;

    #[test]
    fn what_is_known_is_put_in_and_all_else_stays() {
        let text =
            "a: /x\nb: '${a}/${DIR}'\nc: '${NONE:/y}'\nd: '${NONE}'\ne: '${LIST}'\nf: '${path.config}/i.d'\n";
        let environment = BTreeMap::from([("DIR".into(), "d".into()), ("LIST".into(), "a,b".into())]);
        let paths = BTreeMap::from([("path.config".into(), "/etc/fb".into())]);
        let mut tree = yaml::read(text).unwrap();
        let mut unknown = tree.clone();
        Vars { environment: Some(environment), paths }.resolve(&mut tree);
        let at = |name: &str| tree.get(name).and_then(Node::text).unwrap();
        assert_eq!(
            [at("b"), at("c"), at("d"), at("e"), at("f")],
            ["/x/d", "/y", "${NONE}", "${LIST}", "/etc/fb/i.d"]
        );
        Vars::default().resolve(&mut unknown);
        assert_eq!(
            unknown.get("c").and_then(Node::text),
            Some("${NONE:/y}"),
            "it may be set where the process is"
        );
    }
}
