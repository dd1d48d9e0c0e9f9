//! Where an institution's files are: one data folder, one place for each thing.

use std::path::{Path, PathBuf};

/// The files of one institution below its data folder.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout below `root`; nothing is created.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The data folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Settings of the institution (`yinxin.toml`).
    pub fn settings(&self) -> PathBuf {
        self.root.join("yinxin.toml")
    }

    /// The institution's software device.
    pub fn device(&self) -> PathBuf {
        self.root.join("device")
    }

    /// The key centre's own software device.
    pub fn kmc_device(&self) -> PathBuf {
        self.root.join("kmc-device")
    }

    /// The institution's embedded database.
    pub fn database(&self) -> PathBuf {
        self.root.join("institution.db")
    }

    /// The key centre's embedded database.
    pub fn kmc_database(&self) -> PathBuf {
        self.root.join("kmc.db")
    }

    /// The guarded place of the institution's journal head (outside the database).
    pub fn anchor(&self) -> PathBuf {
        self.root.join("anchor").join("institution")
    }

    /// The guarded place of the key centre's journal head.
    pub fn kmc_anchor(&self) -> PathBuf {
        self.root.join("anchor").join("kmc")
    }

    /// The public key of a key centre in another process.
    pub fn centre_key(&self) -> PathBuf {
        self.root.join("kmc-centre.pub.pem")
    }

    /// What the ceremony produced: protocol, share files, certificates.
    pub fn ceremony(&self) -> PathBuf {
        self.root.join("ceremony")
    }

    /// The protocol of one ceremony of succession; the one of the founding stays beside it.
    pub fn succession(&self, ceremony: &str) -> PathBuf {
        self.ceremony().join(format!("succession-{ceremony}"))
    }

    /// Protocol and shares of one ceremony of the root's next key.
    pub fn root_succession(&self, ceremony: &str) -> PathBuf {
        self.ceremony().join(format!("root-succession-{ceremony}"))
    }

    /// Trust anchors of the verification service, beside the own roots: `*.pem`.
    pub fn trust(&self) -> PathBuf {
        self.root.join("trust")
    }

    /// The register of certified cryptographic products; roots of their makers are beside it.
    pub fn products(&self) -> PathBuf {
        self.root.join("devices").join("products.toml")
    }

    /// Messages to applicants, for the operator's gateway.
    pub fn outbox(&self) -> PathBuf {
        self.root.join("outbox")
    }

    /// Passphrases that a demonstration generated for itself; a real institution has none here.
    pub fn demo_secrets(&self) -> PathBuf {
        self.root.join("demo-secrets")
    }

    /// Test certificates and clients of a sandbox, with their keys; a real institution has none.
    pub fn sandbox(&self) -> PathBuf {
        self.root.join("sandbox")
    }

    /// The embedded databases as URLs for `store`.
    pub fn database_url(path: &Path) -> String {
        format!("sqlite:{}", path.display())
    }
}
