//! The names of a state's fields, and the order in which they were found last.
//!
//! A shipper writes all its states with the same fields in the same order, so the names need not be
//! read a million times: what stood at a place in the state before is looked for first, as bytes.
//! Only where it is not there is a name read as JSON has it. Pure.

use crate::json::{Error, Literal, Reader};

/// The fields that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Source,
    Offset,
    Time,
    Ttl,
    Kind,
    Meta,
    File,
    Cursor,
    Key,
    Skip,
}

/// As Filebeat writes them. They are looked for in any case, for files of another hand.
const NAMES: [(&[u8], Field); 10] = [
    (b"source", Field::Source),
    (b"offset", Field::Offset),
    (b"timestamp", Field::Time),
    (b"updated", Field::Time),
    (b"ttl", Field::Ttl),
    (b"type", Field::Kind),
    (b"FileStateOS", Field::File),
    (b"meta", Field::Meta),
    (b"cursor", Field::Cursor),
    (b"_key", Field::Key),
];

fn field(name: &[u8]) -> Field {
    let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.map_or(Field::Skip, |&(_, field)| field)
}

/// So many fields are remembered; Filebeat writes ten.
const MOST: usize = 24;
/// What stood before a value: `,"NAME":`, without the comma before the first one. Longer ones than a
/// literal holds are read each time.
#[derive(Clone, Copy, Debug)]
struct Lead {
    text: Literal,
    field: Field,
}

impl Lead {
    fn new(name: &[u8], first: bool, field: Field) -> Option<Self> {
        // Of such a name the bytes in the file are known: it has no escape.
        if !name.iter().all(|&byte| byte == b'_' || byte.is_ascii_alphanumeric()) {
            return None;
        }
        let comma: &[u8] = if first { b"" } else { b"," };
        let text = Literal::new(&[comma, b"\"", name, b"\":"].concat())?;
        Some(Self { text, field })
    }
}

/// The order in which the fields were found last.
#[derive(Clone, Debug, Default)]
pub(super) struct Order(Vec<Option<Lead>>);

impl Order {
    /// The next field of an object that was entered, `count` of which were read; `None` leaves it.
    ///
    /// # Errors
    /// No name stands here.
    #[inline]
    pub fn next(&mut self, json: &mut Reader<'_>, count: usize) -> Result<Option<Field>, Error> {
        if let Some(Some(lead)) = self.0.get(count)
            && json.take_literal(&lead.text)
        {
            return Ok(Some(lead.field));
        }
        let Some(name) = json.name(count == 0)? else { return Ok(None) };
        let field = field(name);
        let lead = Lead::new(name, count == 0, field);
        match self.0.get_mut(count) {
            Some(place) => *place = lead,
            None if count < MOST => self.0.push(lead),
            None => {}
        }
        Ok(Some(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(order: &mut Order, text: &str) -> Vec<Field> {
        let mut text = text.as_bytes();
        let mut json = Reader::new(&mut text, 0);
        json.object().unwrap();
        let mut fields = Vec::new();
        while let Some(field) = order.next(&mut json, fields.len()).unwrap() {
            json.skip().unwrap();
            fields.push(field);
        }
        fields
    }

    #[test]
    fn the_order_before_changes_nothing() {
        let texts = [
            r#"{"source":"a","offset":1}"#,
            r#"{"offset":1,"source":"a","x":2}"#,
            r#"{ "source" :"a", "OFFSET":1 , "ttl" : -1}"#,
            r#"{"sourc\u0065":"a","offset":1}"#,
            r#"{"a\":1,\"b":1}"#,
            r#"{"a":1,"b":1}"#,
            "{}",
        ];
        let mut order = Order::default();
        for (one, other) in texts.iter().flat_map(|one| texts.iter().map(move |other| (one, other))) {
            fields(&mut order, one);
            assert_eq!(fields(&mut order, other), fields(&mut Order::default(), other), "{one} {other}");
        }
    }

    #[test]
    fn many_fields_and_long_names_are_read_each_time() {
        let text: Vec<String> = (0..100).map(|n| format!("\"{}{n}\":1", "n".repeat(n))).collect();
        let text = format!("{{{},\"ttl\":1}}", text.join(","));
        let mut order = Order::default();
        for _ in 0..2 {
            let found = fields(&mut order, &text);
            assert_eq!((found.len(), found.last()), (101, Some(&Field::Ttl)));
        }
        assert_eq!(order.0.len(), MOST);
    }
}
