//! Any bytes are an init script: both readers answer, the fast reader of the unit agrees with the
//! whole scan, what stands behind a NUL counts for nothing, and a header that is written as it was
//! read reads the same.
#![no_main]

use amr::sysv::header::{self, Header};
use amr::sysv::lsb;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let _ = lsb::parse(file);
    let _ = lsb::differences(file);
    let unit = header::unit_line(file);
    let Ok(scan) = header::scan(file) else { return };
    assert_eq!(scan.unit.as_deref(), unit);
    if let Some(end) = file.iter().position(|b| *b == 0) {
        assert_eq!(header::scan(&file[..=end]).as_ref(), Ok(&scan));
    }
    let _ = scan.clone().overridden(scan.clone()).map(|both| both.accept());
    let Ok(Header { levels, start: Some(start), stop: Some(stop), .. }) = scan.accept() else { return };
    let again = header::parse(format!("# chkconfig: {levels} {start} {stop}\n").as_bytes());
    assert_eq!(again.map(|h| (h.levels, h.start, h.stop)), Ok((levels, Some(start), Some(stop))));
});
