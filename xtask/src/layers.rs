//! Holds the crates to the layers of ARCHITECTURE.md.
//!
//! A crate uses only layers below its own; two edges within L0 are allowed. The
//! subjects of L3 never see each other. `testkit` is for dev-dependencies, `xtask`
//! is for nobody, and `anyhow` stays out of the libraries.

use crate::metadata::{Dependency, Metadata, Package};
use anyhow::bail;

/// Where a crate lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    /// One of the seven layers, lowest first.
    Floor(u8),
    /// `testkit`: any crate may use it in tests.
    Testkit,
    /// `xtask`: outside of the product.
    Xtask,
}

/// The house, floor by floor. A new crate is entered here first.
const FLOORS: [&[&str]; 7] = [
    &["gm-core", "gm", "pki", "tlog", "law"],
    &["store", "gm-sdf"],
    &["access", "exchange", "letters"],
    &["ca", "kmc", "ra", "status", "directory", "compliance", "oversight"],
    &["app"],
    &["web"],
    &["yinxin", "typeset"],
];

/// The floor of the subjects, that never import each other.
const SUBJECTS: u8 = 3;

/// The only edges within one layer.
const SIDEWAYS: [(&str, &str); 2] = [("gm", "gm-core"), ("pki", "gm")];

/// Programs may use `anyhow`; libraries have an error enum of their own.
const MAY_USE_ANYHOW: [&str; 3] = ["yinxin", "typeset", "xtask"];

/// Runs the check on this workspace.
pub fn command(_: &[String]) -> anyhow::Result<()> {
    let metadata = Metadata::of_workspace()?;
    let offences = offences(&metadata.packages);
    if offences.is_empty() {
        println!("layers: {} crates, every edge points down", metadata.packages.len());
        return Ok(());
    }
    bail!("{} offence(s)\n  {}", offences.len(), offences.join("\n  "));
}

/// The crates of L3, for checks of their form.
pub fn subjects() -> &'static [&'static str] {
    FLOORS.get(usize::from(SUBJECTS)).copied().unwrap_or_default()
}

fn offences(packages: &[Package]) -> Vec<String> {
    let ours = |package: &&Package| package.source.is_none();
    packages.iter().filter(ours).flat_map(offences_of_package).collect()
}

fn offences_of_package(package: &Package) -> Vec<String> {
    let Some(from) = layer_of(&package.name) else {
        return vec![format!("{}: has no layer; enter it in xtask/src/layers.rs", package.name)];
    };
    package.dependencies.iter().filter_map(|edge| offence(package, from, edge)).collect()
}

fn offence(package: &Package, from: Layer, edge: &Dependency) -> Option<String> {
    let name = &package.name;
    let dev = edge.kind.as_deref() == Some("dev");
    if edge.name == "anyhow" && !dev && !MAY_USE_ANYHOW.contains(&name.as_str()) {
        return Some(format!("{name} → anyhow: a library has its own error enum"));
    }
    edge.path.as_ref()?;
    let to = match layer_of(&edge.name) {
        Some(layer) => layer,
        None => return Some(format!("{name} → {}: the target has no layer", edge.name)),
    };
    let why = forbidden(name, from, &edge.name, to, dev)?;
    let kind = edge.kind.as_deref().map(|kind| format!(" ({kind})")).unwrap_or_default();
    Some(format!("{name} → {}{kind}: {why}", edge.name))
}

/// Why this edge may not be, or `None` if it may.
fn forbidden(name: &str, from: Layer, target: &str, to: Layer, dev: bool) -> Option<String> {
    match (from, to) {
        (_, Layer::Xtask) => Some("nothing depends on xtask".into()),
        (Layer::Xtask, _) => Some("xtask depends on no crate of the product".into()),
        (_, Layer::Testkit) if dev => None,
        (_, Layer::Testkit) => Some("testkit is a dev-dependency only".into()),
        (Layer::Testkit, Layer::Floor(_)) => None,
        (Layer::Floor(a), Layer::Floor(b)) if b < a => None,
        (Layer::Floor(_), Layer::Floor(_)) if SIDEWAYS.contains(&(name, target)) => None,
        (Layer::Floor(SUBJECTS), Layer::Floor(SUBJECTS)) => {
            Some("subjects of L3 never import each other; join them in app".into())
        }
        (Layer::Floor(a), Layer::Floor(b)) => Some(format!("L{a} may not use L{b}")),
    }
}

fn layer_of(name: &str) -> Option<Layer> {
    match name {
        "testkit" => Some(Layer::Testkit),
        "xtask" => Some(Layer::Xtask),
        _ => {
            let floor = FLOORS.iter().position(|crates| crates.contains(&name))?;
            u8::try_from(floor).ok().map(Layer::Floor)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, edges: &[(&str, Option<&str>)]) -> Package {
        let dependencies = edges
            .iter()
            .map(|(to, kind)| Dependency {
                name: (*to).into(),
                kind: kind.map(Into::into),
                path: layer_of(to).map(|_| "/somewhere".into()),
            })
            .collect();
        Package {
            id: String::new(),
            name: name.into(),
            version: String::new(),
            license: None,
            source: None,
            dependencies,
            targets: Vec::new(),
        }
    }

    fn only_offence(name: &str, to: &str, kind: Option<&str>) -> String {
        let found = offences(&[package(name, &[(to, kind)])]);
        assert_eq!(found.len(), 1, "{name} → {to} {kind:?}: {found:?}");
        found[0].clone()
    }

    fn allowed(name: &str, to: &str, kind: Option<&str>) {
        assert_eq!(offences(&[package(name, &[(to, kind)])]), Vec::<String>::new());
    }

    #[test]
    fn edges_that_point_down_are_allowed() {
        allowed("store", "gm", None);
        allowed("ca", "access", None);
        allowed("app", "kmc", None);
        allowed("yinxin", "law", None);
    }

    #[test]
    fn the_two_sideways_edges_of_l0_are_allowed_and_no_other() {
        allowed("gm", "gm-core", None);
        allowed("pki", "gm", None);
        assert!(only_offence("gm", "pki", None).starts_with("gm → pki: L0 may not use L0"));
        assert!(only_offence("tlog", "gm", None).contains("tlog → gm"));
    }

    #[test]
    fn edges_that_point_up_are_named() {
        assert_eq!(only_offence("store", "ca", None), "store → ca: L1 may not use L3");
        assert_eq!(
            only_offence("store", "ca", Some("build")),
            "store → ca (build): L1 may not use L3"
        );
    }

    #[test]
    fn subjects_never_import_each_other_not_even_in_tests() {
        assert!(only_offence("ca", "kmc", None).contains("join them in app"));
        assert!(only_offence("status", "ca", Some("dev")).contains("status → ca (dev)"));
    }

    #[test]
    fn testkit_is_for_tests_only() {
        allowed("gm", "testkit", Some("dev"));
        allowed("testkit", "store", None);
        assert!(only_offence("gm", "testkit", None).contains("dev-dependency only"));
    }

    #[test]
    fn xtask_stands_apart() {
        assert!(only_offence("xtask", "gm", None).contains("no crate of the product"));
        assert!(only_offence("gm", "xtask", None).contains("nothing depends on xtask"));
    }

    #[test]
    fn a_crate_without_a_layer_is_an_offence() {
        assert!(offences(&[package("newcomer", &[])])[0].contains("newcomer: has no layer"));
    }

    #[test]
    fn anyhow_stays_out_of_the_libraries() {
        allowed("yinxin", "anyhow", None);
        allowed("ca", "anyhow", Some("dev"));
        assert!(only_offence("ca", "anyhow", None).contains("ca → anyhow"));
    }
}
