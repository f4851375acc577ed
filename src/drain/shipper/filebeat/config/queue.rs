//! Where Filebeat keeps events until its output takes them: `queue.*` at the top and, from 8.12 on, below the
//! output, where it counts instead of the one at the top (elastic/beats#36788). Both are taken to be in use: an
//! older version does not read the second one, and segments that another one has left hold lines all the same.
//! Pure.

use super::setting::{Setting, boolean, string};
use super::yaml::{Node, Value};

/// A queue that is not known to acknowledge an event only when the output has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Queue {
    /// `queue.disk`: the folder of its segments (`path`), where it is said.
    Disk(Setting<String>),
    /// Any other but `queue.mem`, by its name as it stands there.
    Other(String),
}

/// The queues of a configuration that are switched on.
pub(super) fn of(tree: &Node) -> Vec<Queue> {
    let mut all: Vec<Queue> = places(tree).flat_map(|(at, queue)| named(&at, queue)).collect();
    // The output comes from a server, and its queue with it: where that is on disk it has the usual folder.
    if tree.get("management.enabled").is_some_and(|node| boolean(node) != Setting::Set(false)) {
        all.push(Queue::Disk(Setting::Default));
    }
    all
}

/// `queue.mem.flush.timeout`; the output's counts.
pub(super) fn flush(tree: &Node) -> Option<&Node> {
    places(tree).filter_map(|(_, queue)| queue.get("mem.flush.timeout")).last()
}

/// Each `queue`, and where it stands.
fn places(tree: &Node) -> impl Iterator<Item = (String, &Node)> {
    let outputs = match tree.get("output").map(|node| &node.value) {
        Some(Value::Map(outputs)) => outputs.as_slice(),
        Some(Value::Null | Value::Text(_) | Value::List(_)) | None => &[],
    };
    let below = outputs.iter().filter(|(_, output)| is_on(output));
    let below =
        below.filter_map(|(name, output)| Some((format!("output.{name}.queue"), output.get("queue")?)));
    tree.get("queue").map(|queue| ("queue".to_owned(), queue)).into_iter().chain(below)
}

/// The queues that one `queue` names. As libbeat reads it, a name without a map below it is none.
fn named(at: &str, queue: &Node) -> Vec<Queue> {
    let pairs = match &queue.value {
        Value::Map(pairs) => pairs.as_slice(),
        Value::Text(text) if text.contains("${") => return vec![Queue::Other(format!("{at}: {text}"))],
        Value::Null | Value::Text(_) | Value::List(_) => &[],
    };
    let one = |(name, node): &(String, Node)| match (name.as_str(), &node.value) {
        ("mem", _) | (_, Value::Null) => None,
        (_, Value::Text(text)) if text.contains("${") => Some(Queue::Other(format!("{at}.{name}: {text}"))),
        (_, Value::Text(_)) => None,
        ("disk", _) if is_on(node) => Some(Queue::Disk(node.get("path").map_or(Setting::Default, string))),
        (_, _) => is_on(node).then(|| Queue::Other(format!("{at}.{name}"))),
    };
    pairs.iter().filter_map(one).collect()
}

fn is_on(node: &Node) -> bool {
    node.get("enabled").is_none_or(|node| boolean(node) != Setting::Set(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drain::shipper::filebeat::config::{Flags, read};
    use std::time::Duration;

    #[test]
    fn queues_stand_at_the_top_and_below_the_output() {
        let disk = |path: &str| Queue::Disk(Setting::Set(path.into()));
        let usual = || Queue::Disk(Setting::Default);
        let other = |name: &str| Queue::Other(name.into());
        for (text, queues) in [
            ("queue.mem.events: 10\n", vec![]),
            ("queue.disk.max_size: 1GB\n", vec![usual()]),
            ("queue: {disk: {path: /q}}\n", vec![disk("/q")]),
            ("queue.disk: {enabled: false, max_size: 1GB}\n", vec![]),
            ("queue.disk:\n", vec![]),
            ("queue.spool.file.size: 1GB\n", vec![other("queue.spool")]),
            ("queue.next: {x: 1}\n", vec![other("queue.next")]),
            ("queue: '${Q}'\n", vec![other("queue: ${Q}")]),
            ("queue.disk: '${Q}'\n", vec![other("queue.disk: ${Q}")]),
            ("output.elasticsearch:\n  hosts: [x]\n  queue.disk.max_size: 1GB\n", vec![usual()]),
            ("output.logstash: {queue: {disk: {path: /q}}}\n", vec![disk("/q")]),
            ("output.kafka.queue.next.x: 1\n", vec![other("output.kafka.queue.next")]),
            ("output.logstash: {enabled: false, queue.disk.path: /q}\n", vec![]),
            ("output.logstash.queue.mem.events: 5\n", vec![]),
            ("queue.disk.path: /a\noutput.x.queue.disk.path: /b\n", vec![disk("/a"), disk("/b")]),
            ("management.enabled: true\n", vec![usual()]),
        ] {
            assert_eq!(read("f", text, &Flags::default()).unwrap().queues, queues, "{text}");
        }
    }

    #[test]
    fn the_time_that_a_queue_waits_may_stand_below_the_output() {
        for (text, seconds) in [
            ("queue.mem.flush.timeout: 3s\n", 3),
            ("output.x.queue.mem.flush.timeout: 40s\nqueue.mem.flush.timeout: 3s\n", 40),
        ] {
            let config = read("f", text, &Flags::default()).unwrap();
            assert_eq!(config.queue_flush, Setting::Set(Duration::from_secs(seconds)), "{text}");
        }
    }
}
