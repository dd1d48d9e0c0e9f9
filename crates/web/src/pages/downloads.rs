//! 下载: the CA certificates and the revocation lists in force, with what is needed to compare
//! them by (Measures Art. 20: relying parties can find out what a certificate depends on).

use askama::Template;
use axum::extract::State;
use pki::Certificate;
use status::{ListKind, ListName};

use super::answer::{Answer, page};
use super::frame::Frame;
use super::generations::{self, Kind, Named};
use super::words;
use crate::api::App;

#[derive(Template)]
#[template(path = "hall/downloads.html")]
struct Downloads {
    frame: Frame,
    authorities: Vec<Authority>,
    /// Whether the root has more than one key.
    has_links: bool,
    /// Cross-certificates in force, ours for other institutions' CAs and theirs for ours.
    crosses: Vec<Authority>,
    lists: Vec<List>,
    ocsp: String,
    timestamps: Option<Timestamps>,
}

/// The timestamp service.
struct Timestamps {
    address: String,
    policies: Vec<String>,
    accuracy: Option<String>,
    certificate: Option<Authority>,
}

struct Authority {
    title: String,
    file: String,
    role: Option<String>,
    subject: String,
    serial: String,
    from: String,
    until: String,
    sm3: String,
}

struct List {
    title: String,
    file: String,
    number: u64,
    published: String,
    next: String,
    size: String,
    is_late: bool,
}

/// `GET /downloads`.
pub async fn show(State(app): State<App>, frame: Frame) -> Answer {
    let named = generations::named(&app).await?;
    let of = |kind: Kind| named.iter().filter(move |one| one.kind == kind);
    let mut lists = Vec::new();
    let kinds = [("完整列表", "", ListKind::Full), ("增量列表", "-delta", ListKind::Delta)];
    for Named { file: name, .. } in of(Kind::Issuing) {
        for (title, ending, kind) in kinds {
            let title = match of(Kind::Issuing).count() {
                1 => title.to_owned(),
                _ => format!("{title}（{name}）"),
            };
            lists.extend(list(&app, (title, ending), (name.as_str(), kind)).await?);
        }
    }
    for Named { file: name, .. } in of(Kind::Root) {
        let title = match of(Kind::Root).count() {
            1 => "根的撤销列表".to_owned(),
            _ => format!("根的撤销列表（{name}）"),
        };
        lists.extend(list(&app, (title, ""), (name.as_str(), ListKind::Full)).await?);
    }
    let has_links = of(Kind::Link).next().is_some();
    let mut authorities = Vec::new();
    for Named { title, file, role, certificate, .. } in named {
        authorities.push(Authority { role, ..authority(title, file, &certificate) });
    }
    let ocsp = format!("{}/ocsp", frame.site.public_url());
    let timestamps = timestamps(&app, frame.site.public_url());
    let crosses = crosses(&app).await?;
    page(&Downloads { frame, authorities, has_links, crosses, lists, ocsp, timestamps })
}

async fn crosses(app: &App) -> Result<Vec<Authority>, app::Error> {
    let (view, now) = (app.cross_certificates().await?, app.clock().now());
    let file = |one: &Certificate| format!("{}{}", app::cross::FILE_PREFIX, one.fingerprint());
    let issued = view.issued.iter().filter(|one| one.is_in_force(now)).map(|one| {
        let title = "本机构签发给其他机构的交叉证书".to_owned();
        authority(title, file(&one.certificate), &one.certificate)
    });
    let received = view.received.iter().filter(|one| one.is_in_force(now)).map(|one| {
        let title = "其他机构签发给本机构的交叉证书".to_owned();
        let role = Some(one.certificate.issuer().to_string());
        Authority { role, ..authority(title, file(&one.certificate), &one.certificate) }
    });
    Ok(issued.chain(received).collect())
}

fn timestamps(app: &App, base: &str) -> Option<Timestamps> {
    let health = app.timestamp()?.health();
    let certificate = health.certificate.as_ref();
    Some(Timestamps {
        address: format!("{base}/tsa"),
        policies: health.policies.iter().map(ToString::to_string).collect(),
        accuracy: health.accuracy.map(|accuracy| format!("{} 毫秒", accuracy.as_millis())),
        certificate: certificate
            .map(|it| authority("时间戳证书".to_owned(), "certificate".to_owned(), it)),
    })
}

fn authority(title: String, file: String, certificate: &Certificate) -> Authority {
    Authority {
        title,
        file,
        role: None,
        subject: certificate.subject().to_string(),
        serial: words::groups(&certificate.serial().to_hex()),
        from: words::day(certificate.not_before()),
        until: words::day(certificate.not_after()),
        sm3: words::groups(&certificate.fingerprint()),
    }
}

async fn list(
    app: &App,
    (title, ending): (String, &str),
    (issuer, kind): (&str, ListKind),
) -> Result<Option<List>, app::Error> {
    let name = ListName { issuer: issuer.to_owned(), kind };
    let now = app.clock().now();
    Ok(app.lists().current(&name).await?.map(|list| List {
        title,
        file: format!("{issuer}{ending}.crl"),
        number: list.number,
        published: words::minute(list.published_at),
        next: words::minute(list.next_update),
        size: words::size(list.der.len()),
        is_late: list.next_update < now,
    }))
}
