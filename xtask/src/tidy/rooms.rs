//! Every subject of L3 has the same rooms, so that who knows one knows all.

use super::Offence;
use crate::layers;
use crate::source::Source;

/// A room is a file or a folder of that name.
const ROOMS: [&str; 6] = ["lib", "model", "rules", "sql", "service", "error"];

/// Names the rooms that a subject lacks.
pub fn subjects_have_the_same_rooms(sources: &[Source]) -> Vec<Offence> {
    let exists = |start: &str| sources.iter().any(|source| source.path.starts_with(start));
    let mut offences = Vec::new();
    for subject in layers::subjects() {
        let home = format!("crates/{subject}/src");
        if !exists(&format!("{home}/")) {
            continue;
        }
        for room in ROOMS {
            if !exists(&format!("{home}/{room}.rs")) && !exists(&format!("{home}/{room}/")) {
                offences.push(Offence::new(&home, 0, format!("the room {room}.rs is missing")));
            }
        }
    }
    offences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_room_is_named_and_a_folder_counts() {
        let files = ["lib.rs", "model/mod.rs", "rules.rs", "sql.rs", "error.rs"];
        let sources: Vec<Source> =
            files.iter().map(|file| Source::new(&format!("crates/ca/src/{file}"), "")).collect();
        let offences = subjects_have_the_same_rooms(&sources);
        assert_eq!(offences.len(), 1);
        assert!(offences[0].message.contains("service.rs"));
    }
}
