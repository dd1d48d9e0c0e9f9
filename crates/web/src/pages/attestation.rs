//! 设备证明: what pages say about the device of a subscriber's key, and the attestation as a file
//! (Measures Art. 20 ¶2; check C20-1).

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use pki::attestation::{Judged, Verdict};

use super::answer::Answer;
use super::guard::Visitor;
use crate::api::App;
use crate::problem::Problem;

/// A verdict in words.
pub struct Shown {
    /// 已验证设备证明, 未提供设备证明.
    pub said: &'static str,
    /// The class of the tag.
    pub tag: &'static str,
    /// Product and number of the device.
    pub facts: Vec<(&'static str, String)>,
    /// Whether the attestation can be fetched.
    pub has_file: bool,
}

impl Shown {
    /// What is shown of what was judged.
    pub fn of(judged: &Judged) -> Self {
        let verdict = judged.verdict();
        let tag = match verdict {
            Verdict::Verified(_) | Verdict::Own { .. } => "tag--good",
            Verdict::Absent => "tag--wait",
        };
        let mut facts = verdict.product().map_or_else(Vec::new, |product| {
            let certificate =
                format!("{}，安全等级{}", product.certificate, product.level.chinese());
            vec![
                ("产品", format!("{} {}", product.maker, product.model)),
                ("产品认证证书", certificate),
                ("证书有效期", format!("{} 至 {}", product.valid_from, product.valid_until)),
            ]
        });
        facts.extend(verdict.verified().map(|one| ("设备编号", one.device().to_owned())));
        Self { said: verdict.chinese(), tag, facts, has_file: judged.evidence().is_some() }
    }
}

/// `GET /desk/applications/{id}/attestation`: the evidence, for clerks and reviewers.
pub async fn of_application(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    let application = super::desk::found(&app, &visitor, &id).await?;
    let judged = app.registration()?.key_attestation(visitor.permit()?, &application.id).await?;
    file(judged, application.number.as_str())
}

/// `GET /admin/certificates/{serial}/attestation`: the evidence, for administrators and auditors.
pub async fn of_certificate(State(app): State<App>, Path(serial): Path<String>) -> Answer {
    let missing = || Problem::not_found("本机构没有签发过这个序列号的证书；请核对序列号");
    let serial = pki::Serial::from_hex(&serial).map_err(|_| missing())?;
    let found = app.ca().find(&serial).await.map_err(app::Error::from)?.ok_or_else(missing)?;
    // The other half's key came from the key centre: what was handed in says nothing of it.
    if found.record.role == ca::Role::Enc {
        return Err(Problem::not_found("没有提交过设备证明"));
    }
    let judged = app.attestation_of_order(found.record.request_id.as_str()).await?;
    file(judged, &serial.to_hex())
}

fn file(judged: Option<Judged>, name: &str) -> Answer {
    let content = judged.as_ref().and_then(Judged::evidence).map(str::to_owned);
    let content = content.ok_or_else(|| Problem::not_found("没有提交过设备证明"))?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-pem-file".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}-attestation.pem\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, content).into_response())
}
