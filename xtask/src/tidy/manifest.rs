//! Every dependency has a reason, written above it.

use super::Offence;

/// In `[workspace.dependencies]` each group (lines without a blank line between)
/// opens with a comment that gives the reason.
pub fn dependencies_have_reasons(manifest: &str) -> Vec<Offence> {
    let mut offences = Vec::new();
    let mut inside = false;
    let mut reason = false;
    for (at, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line == "[workspace.dependencies]";
            reason = false;
        } else if line.is_empty() {
            reason = false;
        } else if line.starts_with('#') {
            reason = true;
        } else if inside && !reason && line.contains('=') {
            let name = line.split('=').next().unwrap_or(line).trim();
            offences.push(Offence::new(
                "Cargo.toml",
                at + 1,
                format!("`{name}`: no reason is given above it"),
            ));
        }
    }
    offences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_without_a_reason_is_found() {
        let text = "[workspace.dependencies]\n# why\na = \"1\"\nb = \"1\"\n\nc = \"1\"\n[profile.dev]\nd = 1\n";
        let offences = dependencies_have_reasons(text);
        assert_eq!(offences.len(), 1);
        assert!(offences[0].message.starts_with("`c`") && offences[0].line == 6);
    }
}
