//! Filebeat's command line: which configuration it reads, and what is laid over it. Pure.

use super::yaml::{Node, Value, put_at};

/// What a command line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `-c`, in order; relative to `path.config`.
    pub config: Vec<String>,
    /// `-E name=value` and `--path.data value` alike, in order.
    pub settings: Vec<(String, String)>,
    /// `-M name=value`, `--modules name`: modules that amr does not read from there.
    pub modules: Vec<String>,
}

/// Flags that take a value and mean nothing here.
const WITH_VALUE: [&str; 7] =
    ["d", "cpuprofile", "memprofile", "httpprof", "plugin", "system.hostfs", "environment"];

impl Flags {
    /// Reads the words of a command line behind the program's name. Go takes one dash for two, and a
    /// value behind `=` or as the next word.
    #[must_use]
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut flags = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let Some(flag) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else { continue };
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (flag, None),
            };
            let takes_value = matches!(name, "c" | "E" | "M" | "modules" | "strict.perms")
                || name.starts_with("path.")
                || WITH_VALUE.contains(&name);
            // `--strict.perms=false` alone takes its value with `=`.
            let value = match value {
                Some(value) => value,
                None if takes_value && name != "strict.perms" => words.next().unwrap_or_default(),
                None => continue,
            };
            flags.take(name, value);
        }
        flags
    }

    /// The last value of a setting.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn take(&mut self, name: &str, value: &str) {
        match name {
            "c" => self.config.push(value.into()),
            "M" => self.modules.push(format!("-M {value}")),
            "modules" => self.modules.push(format!("--modules {value}")),
            "E" => {
                if let Some((name, value)) = value.split_once('=') {
                    self.settings.push((name.into(), value.into()));
                }
            }
            _ if name.starts_with("path.") => self.settings.push((name.into(), value.into())),
            _ => {}
        }
    }

    /// Lays the settings over a configuration: the last one counts.
    pub(super) fn override_config(&self, tree: &mut Node) {
        if self.settings.is_empty() {
            return;
        }
        if !matches!(tree.value, Value::Map(_)) {
            tree.value = Value::Map(Vec::new());
        }
        if let Value::Map(pairs) = &mut tree.value {
            for (name, value) in &self.settings {
                put_at(pairs, name, value_of(value));
            }
        }
    }
}

/// A value as it is written behind `-E name=`: a list in brackets is one.
fn value_of(text: &str) -> Node {
    let plain = || Node { line: 0, value: Value::Text(text.to_owned()) };
    match text.starts_with(['[', '{']).then(|| super::yaml::read(text)) {
        Some(Ok(node)) => node,
        Some(Err(_)) | None => plain(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_of_the_packages() {
        let line = "--environment systemd -c /etc/filebeat/filebeat.yml --path.home /usr/share/filebeat \
                    --path.config /etc/filebeat --path.data /var/lib/filebeat --path.logs=/var/log/filebeat \
                    -e -E http.enabled=true -E=x=1 --strict.perms=false -M nginx.access.enabled=true run";
        let flags = Flags::parse(line.split_whitespace());
        assert_eq!(flags.config, ["/etc/filebeat/filebeat.yml"]);
        assert_eq!(flags.setting("path.data"), Some("/var/lib/filebeat"));
        assert_eq!(flags.setting("path.logs"), Some("/var/log/filebeat"));
        assert_eq!(flags.setting("http.enabled"), Some("true"));
        assert_eq!(flags.setting("x"), Some("1"));
        assert_eq!(flags.modules, ["-M nginx.access.enabled=true"]);
        assert_eq!(Flags::parse(["-c"]).config, [""]);
    }
}
