//! Registration joined with the rest of the institution (Measures Art. 21): the institution signs the
//! agreement, an application that is ready becomes certificates, and their holder hears of it.
//!
//! The rules are in `ra`; what is here joins subjects and decides nothing.

mod act;
mod agree;
mod apply;
mod compare;
mod deliver;
mod direct;
mod failing;
mod foresee;
mod holds;
mod issue;
mod keys;
mod seal;
mod sql;
mod status;
mod told;
mod unmask;

use std::sync::Arc;

use law::Calendar;
use pki::attestation::Products;
use pki::ident::CreditCode;
use pki::profile::ProfileSet;
use ra::{Offline, Ra, RaConfig};
use store::Store;

use crate::error::Error;
use crate::institution::{Institution, Parts};
use keys::CertifiedKeys;

pub use act::Done;
pub use direct::{OrderOnRecord, StatusOrder};
pub(crate) use failing::Failing;
pub(crate) use holds::{Asked, Effect, HoldAsked, LiftAsked};
pub(crate) use issue::order as issue_order_of;
pub use seal::SEAL_KEY;
pub(crate) use seal::{find_seal_key, seal_key, seal_label};
pub use sql::RevocationLine;
pub(crate) use sql::status_of;
pub(crate) use told::Why;
pub use told::{ChangeWord, StatusNotice};

/// Whether a service can be begun online: only what can also be carried to its end here.
#[must_use]
pub fn is_online(service: &str) -> bool {
    // Every service of `services.toml` has its end: issue, replacement or change of status.
    matches!(
        service,
        "new" | "renew" | "rekey" | "change" | "recover" | "suspend" | "resume" | "revoke"
    )
}

/// Opens registration, or leaves it closed while the institution has no credit code: its
/// agreements could not name their party (Measures Art. 27).
pub(crate) async fn open(
    parts: &Parts,
    store: &Store,
    (ca, profiles, products): (&ca::Ca, &ProfileSet, &Arc<Products>),
) -> Result<Option<Ra>, Error> {
    let institution = &parts.settings.institution;
    if institution.credit_code.is_empty() {
        return Ok(None);
    }
    let code = CreditCode::parse(&institution.credit_code).map_err(|error| {
        let text = "配置项 [institution] credit_code 不是有效的统一社会信用代码";
        Error::Setup(format!("{text}：{error}；请改正 yinxin.toml 后重新启动"))
    })?;
    let config = RaConfig {
        institution: ra::Institution {
            name: institution.name.clone(),
            credit_code: code.as_str().to_owned(),
            agreement_key: seal_key(store, &parts.device).await?,
        },
        calendar: Calendar::published().map_err(ra::Error::from)?,
        profiles: profiles.clone(),
        keys: Arc::new(CertifiedKeys(ca.clone())),
        products: products.clone(),
        public_data: Arc::new(Offline),
    };
    Ok(Some(Ra::open(store.clone(), parts.device.clone(), config)?))
}

impl Institution {
    /// Registration; closed while the institution has no credit code.
    pub fn registration(&self) -> Result<&Ra, Error> {
        self.ra().ok_or_else(|| {
            let text = "证书注册业务尚未开通：请在 yinxin.toml 的 [institution] 中填写 credit_code（机构的统一社会信用代码）后重新启动";
            Error::Setup(text.to_owned())
        })
    }
}
