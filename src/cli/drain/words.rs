//! The words of a drain: the first line, progress, the verdict.
//!
//! Pure.

use crate::drain::report::size;
use crate::drain::wait::message::Summary;
use crate::unit::value::time;
use std::time::Duration;

/// How fast bytes go, as far as the last looks tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rate {
    last: Option<(Duration, u64)>,
    per_second: Option<f64>,
}

/// The weight of what was before.
const INERTIA: f64 = 0.7;

impl Rate {
    /// So many bytes are left now.
    pub fn at(&mut self, now: Duration, left: u64) {
        if let Some((then, before)) = self.last {
            let span = now.saturating_sub(then).as_secs_f64();
            if span < 0.1 {
                return;
            }
            #[expect(clippy::cast_precision_loss, reason = "a rate is shown with two digits")]
            let fresh = before.saturating_sub(left) as f64 / span;
            let old = self.per_second.unwrap_or(fresh);
            self.per_second = Some(old * INERTIA + fresh * (1.0 - INERTIA));
        }
        self.last = Some((now, left));
    }

    /// Bytes in a second; `None` until it is known.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and far below 2^64"
    )]
    pub fn per_second(&self) -> Option<u64> {
        self.per_second.map(|rate| rate as u64)
    }
}

/// What is left.
fn left(summary: &Summary) -> String {
    match summary.files {
        0 => "nothing left".to_owned(),
        1 => format!("1 file, {} left", size(summary.bytes)),
        files => format!("{files} files, {} left", size(summary.bytes)),
    }
}

/// A span to the second where it is long, to the tenth where it is short.
pub fn span(span: Duration) -> String {
    let accuracy = Duration::from_millis(if span >= Duration::from_secs(60) { 1000 } else { 100 });
    let past = span.as_nanos() % accuracy.as_nanos();
    time::format_to(span.saturating_sub(Duration::from_nanos(u64::try_from(past).unwrap_or(0))), accuracy)
}

/// The first line.
pub fn begin(summary: &Summary, limit: Duration) -> String {
    format!("waiting until every log line is shipped: {}, at most {}", left(summary), time::format(limit))
}

/// The progress line.
pub fn progress(summary: &Summary, rate: &Rate) -> String {
    let left = left(summary);
    let moves = match rate.per_second() {
        Some(rate) if rate > 0 && summary.bytes > 0 => {
            let eta = span(Duration::from_secs(summary.bytes.div_ceil(rate)));
            format!("{left}, {}/s, about {eta} more", size(rate))
        }
        Some(_) | None if summary.bytes > 0 => format!("{left}, nothing moves"),
        Some(_) | None => left,
    };
    [Some(moves), summary.trouble.clone(), most(summary)].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// The file that lags most; how far, where there are others.
fn most(summary: &Summary) -> Option<String> {
    let lag = summary.most.as_ref()?;
    Some(match summary.files {
        0 | 1 => format!("in '{}'", lag.path),
        _ => format!("most in '{}', {}", lag.path, size(lag.rest)),
    })
}

/// The last line.
pub fn end(summary: &Summary, took: Duration, report: Option<&str>) -> String {
    let why = (!summary.because.is_empty()).then(|| summary.because.clone());
    let why: Vec<String> = [why, summary.trouble.clone(), most(summary)].into_iter().flatten().collect();
    let because = if why.is_empty() { String::new() } else { format!(" ({})", why.join("; ")) };
    let report = report.map(|path| format!("; report in '{path}'")).unwrap_or_default();
    format!("{} after {}: {}{because}{report}", summary.verdict, span(took), left(summary))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drain::report::Lag;

    fn summary(files: u64, bytes: u64) -> Summary {
        Summary { files, bytes, verdict: "gave up".into(), code: 13, ..Summary::default() }
    }

    #[test]
    fn lines() {
        let mut rate = Rate::default();
        let second = Duration::from_secs(1);
        rate.at(second, 4096);
        assert_eq!(progress(&summary(2, 4096), &rate), "2 files, 4.0 KiB left, nothing moves");
        rate.at(second * 2, 3072);
        assert_eq!(progress(&summary(2, 3072), &rate), "2 files, 3.0 KiB left, 1.0 KiB/s, about 3s more");
        assert_eq!(progress(&summary(0, 0), &rate), "nothing left");
        let spans = [508, 2034, 3_190, 90_400].map(|ms| span(Duration::from_millis(ms)));
        assert_eq!(spans, ["500ms", "2s", "3.1s", "1min 30s"]);
        assert_eq!(
            begin(&summary(1, 9), second * 1200),
            "waiting until every log line is shipped: 1 file, 9 B left, at most 20min"
        );
        let stuck = Summary { because: "lines are not acknowledged yet".into(), ..summary(1, 9) };
        assert_eq!(
            end(&stuck, second * 90, Some("/r")),
            "gave up after 1min 30s: 1 file, 9 B left (lines are not acknowledged yet); report in '/r'"
        );
        let most = Some(Lag { path: "/l/a.log".into(), rest: 7 });
        let refused = Summary { trouble: Some("output refuses: EOF since 14:02".into()), most, ..stuck };
        assert_eq!(
            end(&refused, second, None),
            "gave up after 1s: 1 file, 9 B left (lines are not acknowledged yet; output refuses: EOF since 14:02; in '/l/a.log')"
        );
        let two = Summary { files: 2, ..refused };
        assert_eq!(
            progress(&two, &Rate::default()),
            "2 files, 9 B left, nothing moves; output refuses: EOF since 14:02; most in '/l/a.log', 7 B"
        );
    }
}
