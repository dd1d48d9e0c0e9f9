//! What each letter says of an application: facts for the places of its text. Pure.

use jiff::Timestamp;
use law::CivilDate;
use letters::{Block, Draft, Facts, LetterKind};
use ra::{Acknowledged, Catalogue, Decision, Matter, Receipt, SignedAgreement, State};

use super::due::sets;
use super::words::{groups, minute};
use crate::error::Error;
use crate::registration::StatusNotice;
use crate::settings::Settings;

/// The letter of this kind and position.
pub(super) fn draft(
    (matter, changes): (&Matter, &[StatusNotice]),
    (kind, position): (LetterKind, u32),
    (catalogue, settings): (&Catalogue, &Settings),
) -> Result<Draft, Error> {
    let common = common(matter, (catalogue, settings))?;
    let facts = match kind {
        LetterKind::Receipt => receipt(matter, catalogue, common)?,
        LetterKind::Notices => notices(matter, position, common)?,
        LetterKind::Supplement => supplement(matter, (position, catalogue), common)?,
        LetterKind::NotAccepted | LetterKind::NotIssued => refusal(matter, catalogue, common)?,
        LetterKind::Agreement => agreement(matter, common)?,
        LetterKind::Delivery => delivery(matter, common)?,
        LetterKind::Revocation | LetterKind::Suspension | LetterKind::Resumption => {
            change(matter, common)?
        }
        LetterKind::StatusNotice => told(changes, (position, catalogue), common)?,
    };
    // An agreement names its parties itself.
    let addressee = (kind != LetterKind::Agreement).then(|| addressee(matter));
    let application = matter.application.id.to_string();
    Ok(Draft { kind, application, position, addressee, facts })
}

fn addressee(matter: &Matter) -> String {
    match matter.holder.trim() {
        "" => "申请人".to_owned(),
        holder => holder.to_owned(),
    }
}

fn common(matter: &Matter, (catalogue, settings): (&Catalogue, &Settings)) -> Result<Facts, Error> {
    let application = &matter.application;
    let base = settings.server.public_url.trim_end_matches('/');
    let published = |what: &str, number: &str| match number.trim() {
        "" => format!("联系方式见 {base}/disclosure"),
        number => format!("{what} {number}"),
    };
    let office = matter.office.clone().unwrap_or_else(|| settings.institution.name.clone());
    Ok(Facts::default()
        .text("addressee", addressee(matter))
        .text("application", application.number.to_string())
        .text("service", catalogue.service(&application.service)?.title.clone())
        .text("kind", catalogue.kind(&application.kind)?.title.clone())
        .text("office", office)
        .text("contact", published("电话", &settings.contact.phone))
        .text("complaints", format!("投诉入口（{base}/complaints）"))
        .text("supervision", published("监督电话", &settings.disclosure.supervision_phone)))
}

fn receipt(matter: &Matter, catalogue: &Catalogue, facts: Facts) -> Result<Facts, Error> {
    let submitted = at(matter, "application.submitted")?;
    let service = catalogue.service(&matter.application.service)?;
    let promise = format!(
        "{} 个工作日内审核（国密局字〔2018〕571号：不超过两个工作日）",
        service.promised_working_days
    );
    let came = |(_, at): &&(String, Timestamp)| *at <= submitted;
    let rows: Vec<Vec<String>> = matter
        .materials
        .iter()
        .filter(came)
        .map(|(title, at)| vec![title.clone(), minute(*at)])
        .collect();
    let materials = match rows.is_empty() {
        true => Block::Paragraph { text: "没有提交材料。".to_owned() },
        false => Block::Table { head: vec!["材料".to_owned(), "收到时间".to_owned()], rows },
    };
    Ok(facts
        .text("submitted", minute(submitted))
        .text("promise", promise)
        .blocks("materials", vec![materials]))
}

/// The latest acknowledgement of each notice at the time of the set.
fn notices(matter: &Matter, position: u32, facts: Facts) -> Result<Facts, Error> {
    let names: Vec<&str> = matter.acknowledged.iter().map(|one| one.name.as_str()).collect();
    let index = usize::try_from(position.saturating_sub(1)).unwrap_or(usize::MAX);
    let size = sets(&names).get(index).copied().ok_or(Error::Stored("告知确认"))?;
    let given: Vec<&Acknowledged> = matter.acknowledged.iter().take(size).collect();
    let last = given.last().ok_or(Error::Stored("告知确认"))?.at;
    let mut blocks = Vec::new();
    for (place, one) in given.iter().enumerate() {
        let later = given.iter().skip(place + 1).any(|other| other.name == one.name);
        if later {
            continue;
        }
        blocks.push(Block::Heading { text: one.title.clone() });
        blocks.extend(one.paragraphs.iter().map(|text| Block::Paragraph { text: text.clone() }));
        let text = format!(
            "（文本版本 {}，SM3 杂凑值 {}，确认于 {}）",
            one.version,
            one.sm3,
            minute(one.at)
        );
        blocks.push(Block::Paragraph { text });
    }
    Ok(facts.text("acknowledged", minute(last)).blocks("notices", blocks))
}

fn supplement(
    matter: &Matter,
    (position, catalogue): (u32, &Catalogue),
    facts: Facts,
) -> Result<Facts, Error> {
    let list = matter.supplements.iter().find(|(number, ..)| *number == position);
    let (_, told, items) = list.ok_or(Error::Stored("补正通知"))?;
    let days = i32::from(catalogue.services().supplement_days);
    let until = CivilDate::of(*told).plus_days(days);
    let row = |item: &ra::SupplementItem| {
        vec![item.target.clone(), item.defect.clone(), item.remedy.clone(), item.article.clone()]
    };
    let table = Block::Table {
        head: ["项目", "问题", "怎样补正", "依据"].map(str::to_owned).to_vec(),
        rows: items.iter().map(row).collect(),
    };
    Ok(facts
        .text("round", position.to_string())
        .text("until", until.to_string())
        .blocks("items", vec![table]))
}

fn refusal(matter: &Matter, catalogue: &Catalogue, facts: Facts) -> Result<Facts, Error> {
    let record = matter.decision.as_ref().ok_or(Error::Stored("审核结论"))?;
    let (reason, basis) = match &record.decision {
        Decision::Refuse { reason, basis } => (reason.clone(), basis.clone()),
        Decision::Decline { ground, reason } => {
            let known = catalogue.declines().iter().find(|one| one.name == *ground);
            let known = known.ok_or(Error::Stored("不予受理情形"))?;
            let text =
                format!("{}。{}。{}", known.title, reason.trim_end_matches('。'), known.next);
            (text, known.basis.clone())
        }
        Decision::Approve { .. } => return Err(Error::Stored("审核结论")),
    };
    Ok(facts.text("reason", reason).text("basis", basis))
}

fn agreement(matter: &Matter, facts: Facts) -> Result<Facts, Error> {
    let signed = matter.agreement.as_ref().ok_or(Error::Stored("服务协议"))?;
    let block = |line: &ra::AgreementLine| match line.heading {
        true => Block::Heading { text: line.text.clone() },
        false => Block::Paragraph { text: line.text.clone() },
    };
    let blocks = signed.text.lines.iter().map(block).collect();
    Ok(facts.text("signatures", signatures(signed)).blocks("agreement", blocks))
}

fn signatures(signed: &SignedAgreement) -> String {
    let applicant = match &signed.applicant_key {
        Some(key) => format!("乙方以密钥作 SM2 签名，公钥指纹 {}", groups(key)),
        None => "乙方在纸质文本上手写签名，有两名见证人在场".to_owned(),
    };
    format!(
        "双方签署于{}。甲方以机构签名密钥作 SM2 签名；{applicant}。双方签署的陈述为：{}",
        minute(signed.at),
        signed.text.statement()
    )
}

fn delivery(matter: &Matter, facts: Facts) -> Result<Facts, Error> {
    let State::Confirmed { serials, receipt } = &matter.application.state else {
        return Err(Error::Stored("领取"));
    };
    let way = match receipt {
        Receipt::Code => "申请人以激活码确认",
        Receipt::Time => "交付后在规定时间内未提出异议，视为已经领取",
    };
    Ok(facts
        .text("serial", groups(&serials.sign))
        .text("enc_serial", serials.enc.as_deref().map(groups).unwrap_or_default())
        .text("received", minute(at(matter, "application.confirmed")?))
        .text("way", way))
}

fn change(matter: &Matter, facts: Facts) -> Result<Facts, Error> {
    let serial = match &matter.application.state {
        State::CarriedOut { serial } => Some(serial.clone()),
        _ => matter.application.concerns.clone(),
    };
    let serial = serial.ok_or(Error::Stored("证书序列号"))?;
    let done = at(matter, "application.carried-out")
        .or_else(|_| at(matter, "application.replaced-ended"))?;
    Ok(facts.text("serial", groups(&serial)).text("done", minute(done)))
}

/// What others brought about.
fn told(
    changes: &[StatusNotice],
    (position, catalogue): (u32, &Catalogue),
    facts: Facts,
) -> Result<Facts, Error> {
    let notice = changes.iter().find(|one| one.position == position);
    let notice = notice.ok_or(Error::Stored("状态变更告知"))?;
    let told = notice.told(catalogue)?;
    Ok(facts
        .text("serial", groups(&notice.serial))
        .text("change", notice.change.chinese())
        .text("done", minute(notice.at))
        .text("source", told.source)
        .text("reason", told.reason)
        .text("basis", told.basis)
        .text("number", notice.number.clone().unwrap_or_default())
        .text("next", told.next))
}

/// When something first happened.
fn at(matter: &Matter, kind: &str) -> Result<Timestamp, Error> {
    let found = matter.happenings.iter().find(|one| one.kind == kind);
    found.map(|one| one.at).ok_or(Error::Stored("办理经过"))
}
