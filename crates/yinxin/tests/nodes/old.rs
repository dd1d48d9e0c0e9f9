//! The program that is to be replaced.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The first state from which nodes can be upgraded one after the other.
const FIRST: &str = "7c21a7c07e38fd2f51932512bdf64a25dcb7b9d1";

/// The program before: a file, or a commit that is built now.
pub fn program() -> PathBuf {
    if let Ok(path) = std::env::var("YINXIN_OLD_BINARY") {
        return path.into();
    }
    let commit = std::env::var("YINXIN_OLD").ok().filter(|commit| !commit.is_empty());
    let commit = commit.unwrap_or_else(|| FIRST.to_owned());
    build(&commit)
}

/// Builds it in a working tree of its own; both are gone afterwards, and the program stays in the folder of temporary
/// files under the name of its commit, for the next time.
fn build(commit: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = std::env::temp_dir().join(format!("yinxin-{commit}"));
    if program.exists() {
        return program;
    }
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    let git = |arguments: &[&str]| {
        let done = Command::new("git").current_dir(here).args(arguments).status().unwrap();
        assert!(done.success(), "git {arguments:?}");
    };
    git(&["worktree", "add", "--detach", "--quiet", tree.to_str().unwrap(), commit]);
    let target = folder.path().join("target");
    let done = Command::new("cargo")
        .current_dir(&tree)
        .env("CARGO_TARGET_DIR", &target)
        .args(["build", "--locked", "--package", "yinxin", "--bin", "yinxin"])
        .status();
    git(&["worktree", "remove", "--force", tree.to_str().unwrap()]);
    assert!(done.unwrap().success(), "the program of {commit} does not build");
    std::fs::copy(target.join("debug/yinxin"), &program).unwrap();
    program
}
