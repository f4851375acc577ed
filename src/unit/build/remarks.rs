//! What is said of a unit's settings while it is built: findings, and directives that have no effect.

use super::{Draft, inline};
use crate::unit::directive::{self, Directive, Since};
use crate::unit::finding::Id;
use crate::unit::line::{Remark, ValueProblem};
use crate::unit::merge::{Setting, Source};
use crate::unit::model::{Finding, LoadState, Origin, Severity, Unapplied};
use crate::unit::syntax::physical_line;
use crate::unit::value::Span;
use std::sync::Arc;

impl<'a> Draft<'a> {
    pub(super) fn remark(&mut self, setting: Setting<'a>, remark: Remark) {
        match remark {
            Remark::Trouble(trouble) => self.trouble(setting, trouble),
            Remark::Unapplied(why) => self.unapplied(setting, why),
            Remark::Advice(message, hint) => {
                let span = setting.assignment.value.full_span();
                self.note(setting, (Id::DoubtfulValue, Severity::Warning), span, message, hint);
            }
            Remark::Note(note) => {
                let span = setting.assignment.value.span(note.at, note.len);
                self.note(setting, (Id::PartOfValue, Severity::Warning), span, note.message, None);
            }
        }
    }

    /// Directives that would be worse ignored than refused, where their last value asks for something.
    pub(super) fn refuse_what_cannot_be_left_out(&mut self) {
        for (setting, why) in std::mem::take(&mut self.refused).into_values() {
            self.refuse(LoadState::BadSetting);
            let message = format!("{}= cannot be applied: {why}", setting.assignment.key);
            let kind = (Id::CannotBeLeftOut, Severity::Error);
            self.note(setting, kind, setting.assignment.key_span, message, None);
        }
    }

    pub(super) fn trouble(&mut self, setting: Setting<'_>, trouble: ValueProblem) {
        let kind = if trouble.fatal {
            (Id::RefusedValue, Severity::Error)
        } else {
            (Id::BadValue, Severity::Warning)
        };
        let message = if trouble.fatal {
            self.refuse(LoadState::BadSetting);
            trouble.message
        } else if trouble.message.contains(", ignoring ") {
            // It says itself how much does not count.
            trouble.message
        } else {
            format!("{}, ignoring", trouble.message)
        };
        let span = setting.assignment.value.span(trouble.at, trouble.len);
        self.note(setting, kind, span, message, trouble.hint);
    }

    pub(super) fn unknown(&mut self, setting: Setting<'a>, row: Option<&Directive>) {
        let (section, key) = (setting.section, setting.assignment.key.as_ref());
        let hint = match row {
            Some(row) => row.removed.map_or_else(
                || match row.since {
                    Since::V(v) => Some(format!("known since systemd {v}")),
                    Since::Before184 => None,
                },
                |removed| {
                    let instead = row.replaced_by.map(|r| format!("; write {r}")).unwrap_or_default();
                    Some(format!("{removed}{instead}"))
                },
            ),
            None => self.suggest(section, key),
        };
        let message = format!("unknown key '{key}' in section [{section}], ignoring");
        self.note(setting, (Id::UnknownKey, Severity::Warning), setting.assignment.key_span, message, hint);
    }

    /// What an unknown key was probably meant to be.
    fn suggest(&self, section: &str, key: &str) -> Option<String> {
        if let Some(other) = directive::sections_with(key, section).find(|s| self.has_section(s)) {
            return Some(format!("it belongs in [{other}]"));
        }
        directive::nearest(section, key).map(|name| format!("did you mean {name}=?"))
    }

    pub(super) fn unapplied(&mut self, setting: Setting<'_>, why: &str) {
        let key = setting.assignment.key.as_ref();
        let value = setting.assignment.value.text.as_ref();
        self.unit.unapplied.push(Unapplied {
            section: setting.section.to_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
            why: why.to_owned(),
            origin: Origin {
                path: Arc::clone(&setting.source.path),
                span: setting.assignment.value.full_span(),
            },
        });
    }

    /// systemd has no comments behind a value: the text becomes part of it.
    pub(super) fn inline_comment(&mut self, setting: Setting<'_>) {
        let key = setting.assignment.key.as_ref();
        let value = &setting.assignment.value;
        let Some(at) = inline::comment(&value.text) else { return };
        let severity = match key {
            "Description" => return,
            key if key.starts_with("Exec") => Severity::Note,
            _ => Severity::Warning,
        };
        let span = value.span(at, value.text.len() - at);
        let message = "a comment behind a value is part of the value".to_owned();
        let hint = "move it to a line of its own".to_owned();
        self.note(setting, (Id::InlineComment, severity), span, message, Some(hint));
    }

    pub(super) fn note(
        &mut self,
        s: Setting<'_>,
        kind: (Id, Severity),
        span: Span,
        message: String,
        hint: Option<String>,
    ) {
        self.find(s.source, span, kind, message, hint);
    }

    pub(super) fn find(
        &mut self,
        s: &Source<'_>,
        span: Span,
        (id, severity): (Id, Severity),
        message: String,
        hint: Option<String>,
    ) {
        self.unit.findings.push(Finding {
            id,
            severity,
            origin: Some(Origin { path: Arc::clone(&s.path), span }),
            line: physical_line(s.bytes, span.line),
            message,
            hint,
        });
    }

    /// The unit will not be loaded; the first reason counts.
    pub(super) fn refuse(&mut self, state: LoadState) {
        if self.unit.load == LoadState::Loaded {
            self.unit.load = state;
        }
    }
}
