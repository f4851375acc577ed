use super::*;
use crate::supervisor::core::version::Newer;

#[test]
fn survives_the_way_through_a_file_and_words_from_the_future() {
    let r = Record {
        version: VERSION,
        unit: "a.service".into(),
        sub: "running".into(),
        result: "success".into(),
        main: Some(ProcessMark { pid: 7, start_time: 99 }),
        ..Record::default()
    };
    assert_eq!(Record::decode(&r.encode()), Ok(Some(r.clone())));
    let newer = br#"{"version":9,"unit":"a.service","sub":"hovering","more":[1,2]}"#;
    let read = Record::decode(newer).unwrap().unwrap();
    assert_eq!((read.state(), read.unit.as_str()), (State::Dead, "a.service"));
    assert_eq!(Record::decode(b"no json"), Ok(None));
    assert_eq!(Record::decode(&r.encode()[..20]), Ok(None));
}

#[test]
fn one_that_needs_a_newer_amr_is_refused_whatever_its_form() {
    for form in ["", r#","main":"pid 7","sub":{}"#] {
        let text = format!(r#"{{"version":9,"needs":8,"boot_id":"one"{form}}}"#);
        let too_new = Record::decode(text.as_bytes()).unwrap_err();
        assert_eq!(too_new, TooNew { newer: Newer(8), boot_id: "one".into() });
    }
}

fn running(boot: &str) -> Record {
    Record {
        sub: "running".into(),
        boot_id: boot.into(),
        wanted: true,
        exec_main_pid: 7,
        ..Record::default()
    }
}

#[test]
fn a_record_of_an_earlier_boot_is_about_nobody() {
    let r = running("one").unsupervised("two", Living { main: true, control: true, others: true });
    assert_eq!((r.state(), r.main), (State::Dead, None));
}

#[test]
fn without_a_supervisor_the_processes_say_what_is_true() {
    let main = Living { main: true, ..Living::default() };
    assert_eq!(running("one").unsupervised("one", main).state(), State::Running);
    let r = running("one").unsupervised("one", Living::default());
    assert_eq!((r.state(), r.service_result()), (State::Failed, ServiceResult::ExitCode));
    assert!(r.unknown.is_some_and(|unknown| unknown.contains("how it ended is unknown")));
    assert_eq!(running("one").phase(false, true), Some(Phase::Stopping));
}

#[test]
fn what_lives_goes_on_whatever_its_supervisor_did_not_see() {
    let found = |sub: &str, living: Living, exec_main_pid| {
        let r = Record { sub: sub.into(), exec_main_pid, wanted: true, ..Record::default() };
        let phase = r.phase(living.main, living.others);
        let seen = r.unsupervised("", living);
        (phase, seen.state(), seen.unknown.is_some())
    };
    let main = Living { main: true, ..Living::default() };
    let starter = Living { control: true, others: true, ..Living::default() };
    let daemon = Living { others: true, ..Living::default() };
    for sub in ["start", "start-post", "reload", "running"] {
        assert_eq!(found(sub, main, 7), (Some(Phase::Running), State::Running, true), "{sub}");
    }
    // A daemon whose number nobody has read yet.
    assert_eq!(found("start", starter, 0), (Some(Phase::Starting), State::Start, true));
    assert_eq!(found("start", daemon, 0), (Some(Phase::Starting), State::Running, true));
    assert_eq!(found("start-post", daemon, 0), (Some(Phase::Running), State::Running, true));
    // A stop that was begun is brought to its end; until then the main process lives.
    assert_eq!(found("stop-sigterm", main, 7), (Some(Phase::Stopping), State::Running, true));
    let once = Record { sub: "start".into(), oneshot: true, exec_main_pid: 7, ..Record::default() };
    assert_eq!(once.phase(true, false), Some(Phase::Starting));
}
