//! A profile: its hash is of what it says, not of how it is written.
#![no_main]

use pki::profile::Profile;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(profile) = Profile::from_toml(text) else {
        return;
    };
    let commented = format!("# a remark\n{text}\n# another");
    let again = Profile::from_toml(&commented).unwrap();
    assert_eq!(again.hash(), profile.hash());
    assert_eq!(again.is_ca(), profile.is_ca());
    let validity = profile.validity();
    assert!(validity.default_days > 0 && validity.default_days <= validity.max_days);
});
