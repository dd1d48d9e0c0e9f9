//! Letters about applications: which are due, what they say, who may open them, and their PDFs
//! (Measures Art. 21, 24).
//!
//! A letter is made after the step that it tells of, never inside of it: a letter that cannot be made
//! undoes nothing. What a cut or a failure left out, the sweep over the journal makes up for.

mod draft;
mod due;
mod list;
mod open;
mod settings;
mod sql;
mod sweep;
mod typeset;
mod words;

use letters::{Issued, Letters, LettersConfig};
use ra::ApplicationId;

use crate::error::Error;
use crate::institution::{Institution, Parts};
use crate::registration::seal_label;

pub use list::{LetterFilter, ListedLetter};
pub use open::Opened;
pub use settings::LettersSettings;

/// Opens the letters of an institution whose registration is open: its agreement key signs them.
pub(crate) fn open(
    parts: &Parts,
    store: &store::Store,
    ra: Option<&ra::Ra>,
) -> Result<Option<Letters>, Error> {
    let Some(ra) = ra else { return Ok(None) };
    let base = parts.settings.server.public_url.trim_end_matches('/');
    let config = LettersConfig {
        issuer: ra.institution().name.clone(),
        issuer_code: ra.institution().credit_code.clone(),
        address: format!("{base}/letters/verify"),
        label: seal_label()?,
        key: ra.institution().agreement_key,
    };
    Ok(Some(Letters::open(store.clone(), parts.device.clone(), config)?))
}

impl Institution {
    /// The letters; closed while registration is.
    pub fn letters(&self) -> Result<&Letters, Error> {
        self.letters_if_open().ok_or_else(|| {
            let text = "文书尚不可用：请先在 yinxin.toml 的 [institution] 中填写 credit_code（机构的统一社会信用代码）后重新启动";
            Error::Setup(text.to_owned())
        })
    }

    /// Makes the letters that are due about an application and are not there yet. Asked again, it
    /// makes nothing twice.
    pub async fn ensure_letters(&self, id: &ApplicationId) -> Result<Vec<Issued>, Error> {
        let (ra, letters) = (self.registration()?, self.letters()?);
        let matter = ra.matter(id).await?;
        let changes = self.status_notices(id).await?;
        let there = letters.of_application(id.as_str()).await?;
        let mut made = Vec::new();
        for which in due::due(&due::History::of(&matter, &changes)) {
            if there.iter().any(|one| (one.kind, one.position) == which) {
                continue;
            }
            let about = (&matter, changes.as_slice());
            let draft = draft::draft(about, which, (ra.catalogue(), self.settings()))?;
            made.push(letters.issue(&draft).await?);
        }
        Ok(made)
    }

    /// The same after a step that is committed already: what goes wrong here is logged, and the sweep
    /// tries again.
    pub async fn letters_after(&self, id: &ApplicationId) {
        if let Err(error) = self.ensure_letters(id).await {
            tracing::warn!(application = %id, code = error.code(), %error, "letters are owed");
        }
    }
}
