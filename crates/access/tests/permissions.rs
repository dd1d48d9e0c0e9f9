//! The permission table, cell by cell, as the public sees it.

#![allow(clippy::unwrap_used)]

use access::{Action, Error, Permissions, Role, Roles, Scope};
use std::fmt::Write as _;
use std::path::PathBuf;

const TABLE: &str = include_str!("../permissions.toml");
const REFILL: &str = "\"kmc.refill\" = [\"admin\", \"business_admin\"]";

fn matrix() -> String {
    let table = Permissions::embedded().unwrap();
    let mut text = format!("{:<25}", "");
    for role in Role::ALL {
        write!(text, "{:<16}", role.name()).unwrap();
    }
    for action in Action::ALL {
        write!(text, "\n{:<25}", action.name()).unwrap();
        for role in Role::ALL {
            let effect = match (action.changes(), action.audits(), action.is_own()) {
                (true, ..) => "changes",
                (_, true, _) => "audits",
                (_, _, true) => "own",
                _ => "reads",
            };
            let cell = match table.scope(*role, *action) {
                Some(Scope::Any) => effect.to_owned(),
                Some(scope) => format!("{effect} {}", scope.name()),
                None => "-".to_owned(),
            };
            write!(text, "{cell:<16}").unwrap();
        }
    }
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// Invariant 9: the permission table is data, golden-tested.
#[test]
fn golden_permission_matrix() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/permissions.txt");
    if std::env::var("YINXIN_GOLDEN").as_deref() == Ok("write") {
        std::fs::write(&path, matrix()).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert_eq!(matrix(), golden, "a changed right is a decision: cargo xtask golden, and say why");
}

#[test]
fn auditors_and_readers_change_nothing() {
    let table = Permissions::embedded().unwrap();
    for action in Action::ALL.iter().filter(|action| action.changes()) {
        let roles = table.roles(*action);
        for reader in [Role::Auditor, Role::Reader, Role::Inspector] {
            assert!(!roles.contains(&reader), "{action:?}");
        }
    }
}

/// GM/T 0034: an audit mark is the one thing that auditors add, and only auditors add it.
#[test]
fn auditors_alone_mark_what_was_audited_and_that_is_all_they_add() {
    let table = Permissions::embedded().unwrap();
    let audits: Vec<_> = Action::ALL.iter().filter(|action| action.audits()).collect();
    assert_eq!(audits, [&Action::AuditJournal, &Action::ReviewSamples]);
    for action in audits {
        let name = action.name();
        assert!(!action.changes(), "{name}");
        assert_eq!(table.roles(*action), [Role::AuditAdmin, Role::Inspector], "{name}");
        let row = format!("\"{name}\" = [\"audit_admin\", \"inspector\"]");
        assert!(TABLE.contains(&row), "{name}");
        for role in ["business_admin", "super_admin", "admin", "reviewer", "auditor"] {
            let text = TABLE.replace(&row, &format!("\"{name}\" = [\"{role}\"]"));
            let refused = Permissions::parse(&text).unwrap_err().to_string();
            assert!(refused.contains(name), "{role}: {refused}");
        }
    }
}

#[test]
fn nobody_looks_after_clients_and_issues_by_one_role() {
    let table = Permissions::embedded().unwrap();
    let both = Role::ALL.iter().find(|role| {
        let may = |action| table.roles(action).contains(role);
        may(Action::ManageClients) && may(Action::IssueCertificate)
    });
    assert_eq!(both, None);
}

#[test]
fn a_table_that_is_wrong_is_refused_with_its_place() {
    let refused = |from: &str, to: &str| {
        let text = TABLE.replacen(from, to, 1);
        assert_ne!(text, TABLE, "{from} is there");
        match Permissions::parse(&text) {
            Err(Error::Table(why)) => why,
            other => unreachable!("{other:?}"),
        }
    };
    assert!(refused(REFILL, "").contains("kmc.refill"));
    assert!(refused("\"kmc.refill\"", "\"kmc.fill\"").contains("kmc.fill"));
    assert!(
        refused("\"cert.revoke\" = [\"admin\"", "\"cert.revoke\" = [\"auditor\"")
            .contains("cert.revoke")
    );
    assert!(refused(REFILL, "\"kmc.refill\" = [\"reader\"]").contains("kmc.refill"));
    assert!(refused(REFILL, "\"kmc.refill\" = [\"root\"]").contains("kmc.refill"));
    assert!(refused(REFILL, "\"kmc.refill\" = [\"admin\", \"admin\"]").contains("重复"));
}

#[test]
fn a_scope_that_its_role_cannot_have_is_refused() {
    let row = "\"batch.import\" = { entry_clerk = \"office\" }";
    assert!(TABLE.contains(row));
    for (cells, why) in [
        ("{ entry_clerk = \"own\" }", "范围"),
        ("{ admin = \"office\" }", "范围"),
        ("{ subscriber = \"any\" }", "范围"),
        ("[\"subscriber\"]", "范围"),
        ("{ entry_clerk = \"everywhere\" }", "没有这个范围"),
        ("{ inspector = \"any\" }", "审计员"),
        ("{ entry_clerk = 1 }", "应为"),
        ("1", "应为"),
    ] {
        let text = TABLE.replace(row, &format!("\"batch.import\" = {cells}"));
        match Permissions::parse(&text) {
            Err(Error::Table(found)) => {
                assert!(found.contains("batch.import") && found.contains(why), "{found}");
            }
            other => unreachable!("{cells}: {other:?}"),
        }
    }
}

/// Invariant 9: what one enters, one does not review: no role can do both.
#[test]
fn no_role_enters_and_reviews() {
    let table = Permissions::embedded().unwrap();
    for role in Role::ALL {
        let may = |action| table.scope(*role, action).is_some();
        assert!(!(may(Action::CreateApplication) && may(Action::ReviewApplication)), "{role:?}");
        assert!(!(may(Action::ProofIdentity) && may(Action::ReviewApplication)), "{role:?}");
    }
}

/// GM/T 0034 §6: which roles one may join, every pair.
#[test]
fn golden_pairs_of_roles() {
    let mut text = String::new();
    for first in Role::ALL {
        let joins = |second: &&Role| second > &first && Roles::new([*first, **second]).is_ok();
        let with: Vec<_> = Role::ALL.iter().filter(joins).map(|role| role.name()).collect();
        writeln!(text, "{}: {}", first.name(), with.join(" ")).unwrap();
    }
    let text: String = text.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/roles.txt");
    if std::env::var("YINXIN_GOLDEN").as_deref() == Ok("write") {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap());
}

#[test]
fn auditors_hold_no_other_role() {
    assert!(Roles::new([Role::Admin, Role::Operator]).is_ok());
    for other in [Role::Admin, Role::Operator, Role::Reader] {
        assert!(matches!(Roles::new([Role::Auditor, other]), Err(Error::Roles(_))));
    }
    assert!(Roles::new([]).is_err());
    assert_eq!("operator, admin".parse::<Roles>().unwrap().to_string(), "admin,operator");
}
