//! What the CloudWatch agent's own log says of its output: `2026-01-31T14:02:07Z E! [outputs.cloudwatchlogs]
//! …`, with a slashed date in older agents. Source: `plugins/outputs/cloudwatchlogs/internal/pusher/sender.go`
//! of the agent. Pure.

use crate::drain::cursor::Timestamp;
use crate::drain::shipper::interface::LogEvidence;
use crate::drain::shipper::trouble::OutputTrouble;
use crate::unit::value::utc::Utc;

/// How much of a message is read for its cause, which stands at the end.
const READ: usize = 4096;

/// What the end of the log says. What was said before the last start is of another process.
#[must_use]
pub(super) fn testimony(text: &str) -> LogEvidence {
    let (mut trouble, mut dropped, mut failing) = (None::<OutputTrouble>, 0u64, None::<(String, String)>);
    for line in text.lines() {
        if line.contains("Starting AmazonCloudWatchAgent") {
            (trouble, dropped, failing) = (None, 0, None);
        }
        // The rest of an error, on lines of its own.
        if let Some((message, head)) = failing.take_if(|_| line.starts_with("caused by: ")) {
            let message = format!("{message}\n{}", kept(line));
            trouble = Some(OutputTrouble::further(trouble, &message, &head, at(&head)));
            continue;
        }
        failing = None;
        if !line.contains("cloudwatchlogs") {
            continue;
        }
        if ["request dropped", "logs will be missing"].iter().any(|words| line.contains(words)) {
            dropped = dropped.saturating_add(1);
        }
        if line.contains("rror received when sending logs to ") {
            let head: String = line.chars().take(40).collect();
            trouble = Some(OutputTrouble::further(trouble, &kept(line), &head, at(&head)));
            failing = Some((kept(line), head));
        } else if line.contains("going to sleep ") {
            trouble = trouble.map(|trouble| trouble.again(at(line)));
        }
    }
    let note = format!("its log has {dropped} lines about dropped batches");
    let notes = if dropped > 0 { vec![note] } else { Vec::new() };
    LogEvidence { notes, trouble, ..LogEvidence::default() }
}

/// A line without what the agent adds to an error that it takes for a final one.
fn kept(line: &str) -> String {
    let line = line.split(". CloudWatch agent will not retry").next().unwrap_or(line);
    line.chars().take(READ).collect()
}

/// When a line was written, where it says so in RFC 3339.
fn at(line: &str) -> Option<Timestamp> {
    Some(Timestamp(Utc::parse(line.split(' ').next()?)?.0.saturating_mul(1_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_the_output_stands_still_is_told() {
        let error = "E! [outputs.cloudwatchlogs] Aws error received when sending logs to web/i-1:";
        let log = format!(
            "2026-01-31T14:02:07Z {error} RequestError: send request failed\n\
             caused by: Post \"https://logs.eu-west-1.amazonaws.com/\": dial tcp 1.2.3.4:443: connect: connection refused\n\
             2026-01-31T14:02:07Z W! [outputs.cloudwatchlogs] Retried 0 time, going to sleep 133ms before retrying.\n\
             2026-01-31T14:03:00Z I! [logagent] piping log from web/i-1(/var/log/a)\n"
        );
        let told = testimony(&log);
        let words = |told: &LogEvidence| told.trouble.as_ref().map(ToString::to_string);
        assert_eq!(words(&told).as_deref(), Some("output refuses: connection refused since 14:02"));
        assert!(told.notes.is_empty());
        let denied = format!("{log}2026-01-31T14:05:07Z {error} AccessDeniedException: not authorized\n");
        assert_eq!(words(&testimony(&denied)).as_deref(), Some("output refuses: not authorized since 14:02"));
        let old = format!("2021/01/31 14:02:07 {error} AccessDeniedException: not authorized");
        assert_eq!(words(&testimony(&old)).as_deref(), Some("output refuses: not authorized since 14:02"));
        // Agents with the second SDK: what does not come from the service itself is final.
        let second = "operation error CloudWatch Logs: PutLogEvents, exceeded maximum number of attempts, 3, https \
            response error StatusCode: 0, RequestID: , request send failed, Post \"https://logs.eu-west-1.amazonaws.com/\": \
            dial tcp 1.2.3.4:443: connect: connection refused. CloudWatch agent will not retry and logs will be missing!";
        let final_one = testimony(&format!(
            "2026-01-31T14:02:07Z E! [outputs.cloudwatchlogs] Non aws error received when sending logs to web/i-1: {second}\n"
        ));
        assert_eq!(words(&final_one).as_deref(), Some("output refuses: connection refused since 14:02"));
        assert_eq!(final_one.notes, ["its log has 1 lines about dropped batches"]);
        let dropped = format!(
            "{log}2026-01-31T14:09:00Z E! [outputs.cloudwatchlogs] All 14 retries to web/i-1 failed for PutLogEvents, request dropped.\n"
        );
        assert_eq!(testimony(&dropped).notes, ["its log has 1 lines about dropped batches"]);
        let anew = format!("{dropped}2026-01-31T14:10:00Z I! Starting AmazonCloudWatchAgent CWAgent/1.3\n");
        assert_eq!(testimony(&anew), LogEvidence::default());
        assert_eq!(testimony("caused by: x\n\u{1b}[2J\n"), LogEvidence::default());
    }
}
