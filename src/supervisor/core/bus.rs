//! What a supervisor says to the message bus of the host and hears from it, to know whether a name has an owner
//! (`BusName=`): the few words of the D-Bus specification that this takes. The bus itself is believed, in that alone.
//! Everybody else on it can send messages here as well: these are passed over. What is too long or no message at all
//! ends the conversation.
//!
//! Pure.

use thiserror::Error;

/// Longer messages are not for this.
const LIMIT: usize = 64 << 10;

const BUS: &str = "org.freedesktop.DBus";

/// The serials of what is asked: to be known, to hear of changes, whether there is an owner now.
const HELLO: u32 = 1;
const MATCH: u32 = 2;
const HAS_OWNER: u32 = 3;

/// A conversation about a name.
#[derive(Debug)]
pub struct Conversation {
    name: String,
    known: bool,
    /// What does not make a whole yet.
    heard: Vec<u8>,
}

/// What follows from what was heard.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// To be said.
    pub say: Vec<u8>,
    /// Has the name an owner? The last that is known.
    pub owned: Option<bool>,
}

/// It makes no sense to go on.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the message bus {0}")]
pub struct Broken(pub String);

impl Conversation {
    /// Begins one, and with what. `uid`: who asks.
    #[must_use]
    pub fn begin(name: &str, uid: u32) -> (Self, Vec<u8>) {
        let uid: String = uid.to_string().bytes().map(|b| format!("{b:02x}")).collect();
        let first = format!("\0AUTH EXTERNAL {uid}\r\n").into_bytes();
        (Self { name: name.to_owned(), known: false, heard: Vec::new() }, first)
    }

    /// About which name?
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes what was read.
    ///
    /// # Errors
    /// The bus refuses, or what it says makes no sense.
    pub fn hear(&mut self, bytes: &[u8]) -> Result<Heard, Broken> {
        self.heard.extend_from_slice(bytes);
        let mut heard = Heard::default();
        if !self.known {
            let Some(end) = self.heard.iter().position(|b| *b == b'\n') else {
                return if self.heard.len() > LIMIT { Err(nonsense()) } else { Ok(heard) };
            };
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            if !line.starts_with(b"OK ") {
                let line = String::from_utf8_lossy(&line);
                return Err(Broken(format!("does not know this user: {}", line.trim_end().escape_debug())));
            }
            self.known = true;
            heard.say = self.questions();
        }
        while let Some(length) = whole(&self.heard)? {
            let message: Vec<u8> = self.heard.drain(..length).collect();
            heard.owned = self.read(&message)?.or(heard.owned);
        }
        Ok(heard)
    }

    fn questions(&self) -> Vec<u8> {
        let rule = format!(
            "type='signal',sender='{BUS}',interface='{BUS}',member='NameOwnerChanged',path='/org/freedesktop/DBus',arg0='{}'",
            self.name
        );
        let calls = [
            call(HELLO, "Hello", None),
            call(MATCH, "AddMatch", Some(&rule)),
            call(HAS_OWNER, "NameHasOwner", Some(&self.name)),
        ];
        [b"BEGIN\r\n".to_vec(), calls.concat()].concat()
    }

    /// What a message says of the name.
    fn read(&self, message: &[u8]) -> Result<Option<bool>, Broken> {
        // Others may write in an order of theirs, or what this has no words for. The bus puts in who they are.
        let Some(head) = Head::read(message).filter(|head| head.sender == Some(BUS)) else { return Ok(None) };
        let mut body = Reader { bytes: message, at: head.body };
        match (head.kind, head.reply) {
            (2, Some(HAS_OWNER)) => Ok(Some(body.number().ok_or_else(nonsense)? != 0)),
            (3, Some(HELLO | MATCH | HAS_OWNER)) => Err(Broken("refuses to tell of names".to_owned())),
            (4, _) if head.member == Some("NameOwnerChanged") => {
                let mut text = || body.text().ok_or_else(nonsense);
                let (name, _before, owner) = (text()?, text()?, text()?);
                Ok((name == self.name).then_some(!owner.is_empty()))
            }
            _ => Ok(None),
        }
    }
}

fn nonsense() -> Broken {
    Broken("says what makes no sense".to_owned())
}

/// The length of the first message, once all of it is there.
fn whole(bytes: &[u8]) -> Result<Option<usize>, Broken> {
    let read: fn([u8; 4]) -> u32 = match bytes.first() {
        Some(b'l') => u32::from_le_bytes,
        Some(b'B') => u32::from_be_bytes,
        Some(_) => return Err(nonsense()),
        None => return Ok(None),
    };
    let number = |at: usize| bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(read);
    let (Some(body), Some(fields)) = (number(4), number(12)) else { return Ok(None) };
    let head =
        usize::try_from(fields).ok().and_then(|fields| fields.checked_add(16)?.checked_next_multiple_of(8));
    let length = head.and_then(|head| head.checked_add(usize::try_from(body).ok()?));
    match length {
        // Of the one version that there is.
        Some(length) if length <= LIMIT && bytes.get(3) == Some(&1) => {
            Ok((bytes.len() >= length).then_some(length))
        }
        Some(_) | None => Err(nonsense()),
    }
}

/// What the head of a message says.
struct Head<'a> {
    kind: u8,
    reply: Option<u32>,
    member: Option<&'a str>,
    sender: Option<&'a str>,
    /// Where the body begins.
    body: usize,
}

impl<'a> Head<'a> {
    /// None of one that is not in the order of bytes in which the bus writes here.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        bytes.first().filter(|order| **order == b'l')?;
        let mut r = Reader { bytes, at: 12 };
        let end = usize::try_from(r.number()?).ok()?.checked_add(16)?;
        let kind = *bytes.get(1)?;
        let mut head =
            Head { kind, reply: None, member: None, sender: None, body: end.checked_next_multiple_of(8)? };
        while r.at < end {
            r.align(8)?;
            let (code, signature) = (r.byte()?, r.signature()?);
            match signature {
                "s" | "o" => {
                    let text = r.text()?;
                    match code {
                        3 => head.member = Some(text),
                        7 => head.sender = Some(text),
                        _ => {}
                    }
                }
                "g" => {
                    r.signature()?;
                }
                "u" => {
                    let number = r.number()?;
                    if code == 5 {
                        head.reply = Some(number);
                    }
                }
                _ => return None,
            }
        }
        Some(head)
    }
}

/// Reads what messages are made of.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn align(&mut self, to: usize) -> Option<()> {
        self.at = self.at.checked_next_multiple_of(to)?;
        Some(())
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self) -> Option<u32> {
        self.align(4)?;
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        let text = std::str::from_utf8(self.take(length)?).ok()?;
        self.take(1)?;
        Some(text)
    }

    fn signature(&mut self) -> Option<&'a str> {
        let length = usize::from(self.byte()?);
        let text = std::str::from_utf8(self.take(length)?).ok()?;
        self.take(1)?;
        Some(text)
    }
}

/// A call of the bus itself, with one text or none.
fn call(serial: u32, member: &str, text: Option<&str>) -> Vec<u8> {
    let mut fields = Vec::new();
    for (code, kind, value) in
        [(1, b'o', "/org/freedesktop/DBus"), (6, b's', BUS), (2, b's', BUS), (3, b's', member)]
    {
        pad(&mut fields);
        fields.extend([code, 1, kind, 0]);
        put(&mut fields, value);
    }
    let mut body = Vec::new();
    if let Some(text) = text {
        pad(&mut fields);
        fields.extend([8, 1, b'g', 0, 1, b's', 0]);
        put(&mut body, text);
    }
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut message = vec![b'l', 1, 0, 1];
    message.extend([length(&body), serial.to_le_bytes(), length(&fields)].concat());
    message.extend(fields);
    pad(&mut message);
    message.extend(body);
    message
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}

fn put(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A message from the bus: reply to a serial, or a signal, with a body.
    fn message(kind: u8, reply: Option<u32>, body: &[u8]) -> Vec<u8> {
        message_of(BUS, kind, reply, body)
    }

    fn message_of(sender: &str, kind: u8, reply: Option<u32>, body: &[u8]) -> Vec<u8> {
        let mut fields = Vec::new();
        if let Some(reply) = reply {
            fields.extend([5, 1, b'u', 0]);
            fields.extend(reply.to_le_bytes());
        } else {
            fields.extend([3, 1, b's', 0]);
            put(&mut fields, "NameOwnerChanged");
        }
        pad(&mut fields);
        fields.extend([7, 1, b's', 0]);
        put(&mut fields, sender);
        let mut all = vec![b'l', kind, 0, 1];
        all.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
        all.extend(7_u32.to_le_bytes());
        all.extend(u32::try_from(fields.len()).unwrap().to_le_bytes());
        all.extend(fields);
        pad(&mut all);
        all.extend(body);
        all
    }

    fn changed(name: &str, old: &str, new: &str) -> Vec<u8> {
        let mut body = Vec::new();
        for text in [name, old, new] {
            body.resize(body.len().next_multiple_of(4), 0);
            put(&mut body, text);
        }
        message(4, None, &body)
    }

    #[test]
    fn whether_a_name_has_an_owner_and_when_that_changes() {
        let (mut talk, first) = Conversation::begin("org.x", 0);
        assert_eq!(first, b"\0AUTH EXTERNAL 30\r\n");
        assert_eq!(talk.hear(b"OK 12").unwrap(), Heard::default());
        let said = talk.hear(b"34\r\n").unwrap().say;
        assert!(said.starts_with(b"BEGIN\r\nl\x01\0\x01"));
        // What is said is read as it is written.
        let mut calls = said[7..].to_vec();
        let mut members = Vec::new();
        while let Some(length) = whole(&calls).unwrap() {
            let one: Vec<u8> = calls.drain(..length).collect();
            members.push(Head::read(&one).unwrap().member.unwrap().to_owned());
        }
        assert_eq!(members, ["Hello", "AddMatch", "NameHasOwner"]);
        let mut heard = |bytes: &[u8]| talk.hear(bytes).unwrap().owned;
        assert_eq!(heard(&message(2, Some(HELLO), b"\x04\0\0\0:1.2\0")), None);
        assert_eq!(heard(&message(2, Some(HAS_OWNER), &[0; 4])), Some(false));
        // Byte by byte, and two at once.
        for byte in changed("org.x", "", ":1.3") {
            assert_ne!(heard(&[byte]), Some(false));
        }
        assert_eq!(heard(&[changed("org.y", "", ":1"), changed("org.x", ":1.3", "")].concat()), Some(false));
        assert!(talk.hear(&message(3, Some(MATCH), b"")).is_err());
    }

    #[test]
    fn nobody_else_on_the_bus_is_believed_or_ends_it() {
        let mut talk = Conversation::begin("org.x", 0).0;
        talk.hear(b"OK 1\r\n").unwrap();
        let mut heard = |bytes: &[u8]| talk.hear(bytes).unwrap().owned;
        assert_eq!(heard(&message_of(":1.66", 2, Some(HAS_OWNER), &[1, 0, 0, 0])), None);
        assert_eq!(heard(&message_of(":1.66", 3, Some(HAS_OWNER), b"")), None);
        let mut body = Vec::new();
        for text in ["org.x", "", ":1.66"] {
            body.resize(body.len().next_multiple_of(4), 0);
            put(&mut body, text);
        }
        assert_eq!(heard(&message_of(":1.66", 4, None, &body)), None);
        // In the other order of bytes, and with a field of a kind that there is none of.
        assert_eq!(heard(b"B\x04\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0"), None);
        assert_eq!(heard(b"l\x04\0\x01\0\0\0\0\x01\0\0\0\x08\0\0\0\x01\x01y\0\0\0\0\0"), None);
        assert_eq!(heard(&message(2, Some(HAS_OWNER), &[1, 0, 0, 0])), Some(true));
    }

    #[test]
    fn one_that_refuses_or_talks_nonsense_is_left() {
        for bytes in [
            &b"REJECTED EXTERNAL\r\n"[..],
            b"OK 1\r\nC\x01\0\x01\0\0\0\0\0\0\0\0\0\0\0\0",
            &[b'x'; LIMIT + 1],
        ] {
            assert!(Conversation::begin("org.x", 0).0.hear(bytes).is_err());
        }
        let huge = [b"OK 1\r\nl\x01\0\x01".to_vec(), vec![0xff; 12]].concat();
        assert!(Conversation::begin("org.x", 0).0.hear(&huge).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut talk = Conversation::begin("org.x", 0).0;
            let _ = talk.hear(b"OK 1\r\n");
            let _ = talk.hear(&bytes);
            let head = [b"l\x04\0\x01\x20\0\0\0\x01\0\0\0\x20\0\0\0".to_vec(), bytes].concat();
            let mut talk = Conversation::begin("org.x", 0).0;
            let _ = talk.hear(b"OK 1\r\n");
            let _ = talk.hear(&head);
        }
    }
}
