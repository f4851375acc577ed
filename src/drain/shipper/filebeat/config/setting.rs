//! The value of one option: said, not said, or said in a way that amr cannot know. Pure.

use super::yaml::{Node, Value};
use std::time::Duration;

/// What a configuration says of one option.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Setting<T> {
    /// It is not said: the version's default holds.
    #[default]
    Default,
    /// It is said, and understood.
    Set(T),
    /// It is said in a way that amr cannot know; as it stands there.
    Unknown(String),
}

impl<T> Setting<T> {
    /// The value, if it is said.
    pub fn set(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Default | Self::Unknown(_) => None,
        }
    }

    /// The value, or the default; `None` if it cannot be known.
    pub fn or(self, default: T) -> Option<T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Default => Some(default),
            Self::Unknown(_) => None,
        }
    }
}

/// A text; one with `${…}` is not known.
pub(super) fn string(node: &Node) -> Setting<String> {
    match &node.value {
        Value::Null => Setting::Default,
        Value::Text(text) if text.contains("${") => Setting::Unknown(text.clone()),
        Value::Text(text) => Setting::Set(text.clone()),
        Value::List(_) | Value::Map(_) => Setting::Unknown("a list or map".into()),
    }
}

/// `true`, `yes`, `on` and their opposites.
pub(super) fn boolean(node: &Node) -> Setting<bool> {
    parsed(node, |text| match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" | "t" | "1" => Some(true),
        "false" | "no" | "off" | "n" | "f" | "0" => Some(false),
        _ => None,
    })
}

pub(super) fn number(node: &Node) -> Setting<u64> {
    parsed(node, |text| text.parse().ok())
}

/// Go's `1h30m`; a plain number is seconds, as go-ucfg has it.
pub(super) fn duration(node: &Node) -> Setting<Duration> {
    parsed(node, go_duration)
}

fn parsed<T>(node: &Node, parse: impl Fn(&str) -> Option<T>) -> Setting<T> {
    match string(node) {
        Setting::Set(text) => match parse(text.trim()) {
            Some(value) => Setting::Set(value),
            None => Setting::Unknown(text),
        },
        Setting::Default => Setting::Default,
        Setting::Unknown(text) => Setting::Unknown(text),
    }
}

/// A duration as Go writes it.
#[must_use]
pub fn go_duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (value, tail) = rest.split_at(digits);
        let unit = tail.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit);
        let nanos = match unit {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        sum = sum.checked_add(Duration::from_nanos(decimal(value, nanos)?))?;
        rest = tail;
    }
    (!text.is_empty()).then_some(sum)
}

/// `value`, digits with at most one point among them, times `unit`; what is smaller than 1 is cut off.
fn decimal(value: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    let mut sum = whole.checked_mul(unit)?;
    let mut part = unit;
    for digit in fraction.chars() {
        part /= 10;
        sum = sum.checked_add(part.checked_mul(digit.to_digit(10)?.into())?)?;
    }
    Some(sum)
}
