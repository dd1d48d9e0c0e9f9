//! 沙箱: what a developer who connects an application finds here: addresses, test certificates with the answers that
//! they get, and commands to copy. There only in a sandbox (`yinxin demo up --sandbox`).

use std::path::Path;

use askama::Template;
use axum::extract::State;
use pki::Certificate;

use super::answer::{Answer, page};
use super::frame::Frame;
use crate::api::App;
use crate::problem::Problem;

/// Largest certificate file that is read, in octets.
const MOST_OCTETS: u64 = 64 << 10;

#[derive(Template)]
#[template(path = "hall/sandbox.html")]
struct SandboxPage {
    frame: Frame,
    base: String,
    folder: String,
    endpoints: Vec<(&'static str, String, &'static str)>,
    certificates: Vec<Row>,
    clients: Vec<Client>,
    commands: Vec<(&'static str, String)>,
}

/// A test certificate and the answers that it gets.
struct Row {
    file: &'static str,
    state: &'static str,
    serial: Option<String>,
    ocsp: &'static str,
    verdict: &'static str,
    code: &'static str,
    list: &'static str,
}

struct Client {
    file: &'static str,
    role: &'static str,
    id: Option<String>,
}

/// File, state, OCSP, verdict, code of the row that decides, revocation list.
const CERTIFICATES: [(&str, &str, &str, &str, &str, &str); 6] = [
    ("good", "有效", "good", "passed", "status.good", "不在列"),
    (
        "suspended",
        "暂停",
        "revoked（certificateHold）",
        "failed",
        "status.suspended",
        "在列，原因 6",
    ),
    (
        "revoked",
        "已撤销",
        "revoked（cessationOfOperation）",
        "failed",
        "status.revoked",
        "在列，原因 5",
    ),
    ("expired", "已过期", "good（到期后状态仍可查）", "failed", "validity.expired", "不在列"),
    ("early", "未生效", "good", "failed", "validity.not-yet", "不在列"),
    ("stranger", "不认识的颁发者", "unauthorized", "unknown", "path.unknown", "没有列表"),
];

/// File, role.
const CLIENTS: [(&str, &str); 3] = [
    ("application", "应用系统：使用签名密钥（已开通一把）"),
    ("operator", "业务操作员：签发、更新、暂停、撤销证书"),
    ("reader", "只读：查询证书和撤销列表"),
];

/// `GET /sandbox`.
pub async fn show(State(app): State<App>, frame: Frame) -> Answer {
    if !frame.site.is_sandbox() {
        return Err(Problem::not_found("这里不是沙箱；接入说明见“接口说明”"));
    }
    let folder = app.layout().sandbox();
    let certificates = CERTIFICATES.map(|(file, state, ocsp, verdict, code, list)| Row {
        file,
        state,
        serial: serial(&folder.join("certificates").join(format!("{file}.pem"))),
        ocsp,
        verdict,
        code,
        list,
    });
    let clients = CLIENTS.map(|(file, role)| Client {
        file,
        role,
        id: limited(&folder.join("clients").join(format!("{file}.id")))
            .and_then(|octets| String::from_utf8(octets).ok()),
    });
    let base = frame.site.public_url().to_owned();
    let directory = app.settings().directory.listen.clone();
    page(&SandboxPage {
        endpoints: endpoints(&base, &directory),
        commands: commands(&base, &folder.display().to_string()),
        folder: folder.display().to_string(),
        certificates: certificates.into(),
        clients: clients.into(),
        base,
        frame,
    })
}

fn limited(path: &Path) -> Option<Vec<u8>> {
    let size = std::fs::metadata(path).ok()?.len();
    if size > MOST_OCTETS { None } else { std::fs::read(path).ok() }
}

fn serial(path: &Path) -> Option<String> {
    let certificate = Certificate::from_pem_or_der(&limited(path)?).ok()?;
    Some(certificate.serial().to_hex())
}

/// What it is, where, and the guide.
fn endpoints(base: &str, directory: &str) -> Vec<(&'static str, String, &'static str)> {
    let at = |path: &str| format!("{base}{path}");
    let mut all = vec![
        ("接口说明（OpenAPI）", at("/api/openapi.json"), "clients.md"),
        ("证书业务接口", at("/api/v1/…"), "clients.md"),
        ("验证证书", at("/api/verify/certificate"), "verify.md"),
        ("验证签名", at("/api/verify/signature"), "verify.md"),
        ("应用签名", at("/api/sign/…"), "signing.md"),
        ("签名验签服务器报文（GM/T 0029）", at("/svs"), "svs.md"),
        ("密码服务函数（GM/T 0020）", at("/api/sof/…"), "sof.md"),
        ("状态在线查询（OCSP）", at("/ocsp"), "ocsp.md"),
        ("撤销列表（CRL）", format!("{base}/crl/{}.crl", app::ISSUER), "crl.md"),
        ("时间戳（国密格式）", at("/tsa"), "timestamp.md"),
        ("时间戳（RFC 3161）", at("/tsa/rfc3161"), "timestamp.md"),
        ("证书登录", at("/login/key"), "login.md"),
    ];
    if !directory.is_empty() {
        all.push(("证书目录（LDAP）", format!("ldap://{directory}"), "ldap.md"));
    }
    all
}

/// What is done, and the command.
fn commands(base: &str, folder: &str) -> Vec<(&'static str, String)> {
    let of = |file: &str| format!("{folder}/certificates/{file}.pem");
    vec![
        (
            "验证一张证书（把 good 换成表中的其他名称，看各种结论）",
            format!(
                "jq -n --rawfile certificate {} '{{certificate: $certificate}}' |\n  curl -sS -H 'Content-Type: application/json' --data-binary @- {base}/api/verify/certificate | jq -r .verdict",
                of("good")
            ),
        ),
        (
            "用 OpenSSL 查询状态",
            format!(
                "openssl ocsp -issuer {folder}/{}.pem -cert {} -url {base}/ocsp -noverify",
                app::ISSUER,
                of("revoked")
            ),
        ),
        (
            "用测试证书的密钥签名，再验证",
            format!(
                "echo 内容 >content.txt\nopenssl dgst -sm3 -sign {folder}/certificates/good.key.pem -sigopt distid:1234567812345678 -out signature.der content.txt\nexamples/curl/verify.sh {base} {} content.txt signature.der",
                of("good")
            ),
        ),
        (
            "由应用签名（密钥在本机构的密码设备中）",
            format!(
                "python3 examples/python/sign.py {base} \"$(cat {folder}/clients/application.id)\" {folder}/clients/application.key.pem content.txt signature.der"
            ),
        ),
        ("盖时间戳", format!("examples/curl/stamp.sh {base} content.txt content.tsr")),
    ]
}
