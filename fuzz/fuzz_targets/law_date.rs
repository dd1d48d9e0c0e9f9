//! A civil date from text: what is read is written the same again.
#![no_main]

use law::CivilDate;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(date) = text.parse::<CivilDate>() {
        assert_eq!(String::from(date), text);
        assert_eq!(CivilDate::of(date.begin()), date);
    }
});
