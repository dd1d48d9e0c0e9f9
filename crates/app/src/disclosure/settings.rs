//! What an operator discloses.

use serde::{Deserialize, Serialize};

/// `[disclosure]` of `yinxin.toml`. What is empty is shown as 尚未公布, and the doctor warns.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DisclosureSettings {
    /// Number of the licence (资质证书编号).
    pub licence_number: String,
    /// Its term, in words.
    pub licence_term: String,
    /// Who granted it.
    pub licence_issuer: String,
    /// When.
    pub licence_date: String,
    /// What it covers.
    pub scope: String,
    /// The fee standards, one line each; a free service says so.
    pub fees: Vec<String>,
    /// The telephone of the cryptography administration that supervises.
    pub supervision_phone: String,
    /// Working days in which a complaint is taken up.
    pub complaint_accept_days: u16,
    /// Working days in which it is answered, from the day it came.
    pub complaint_answer_days: u16,
    /// Folder with the practice statement and the certificate policies; a relative path counts from
    /// the data folder.
    pub documents: String,
}

impl Default for DisclosureSettings {
    fn default() -> Self {
        Self {
            licence_number: String::new(),
            licence_term: String::new(),
            licence_issuer: String::new(),
            licence_date: String::new(),
            scope: String::new(),
            fees: Vec::new(),
            supervision_phone: String::new(),
            complaint_accept_days: 5,
            complaint_answer_days: 15,
            documents: "cps".to_owned(),
        }
    }
}
