//! The registration offices of the demonstration: set up, filed and limited by signed acts, as
//! Measures Art. 25 to 27 have it.

use access::ActKind;
use law::CivilDate;
use ra::{Conditions, Office, OfficeOrder};

use super::desk::Desk;

/// Name, address and number of the filing of each.
pub const OFFICES: [(&str, &str, &str); 2] = [
    ("云中区政务服务中心受理点", "云中市云中区示例路 1 号政务服务中心二层", "演备〔2026〕1 号"),
    ("望海县政务服务中心受理点", "云中市望海县样例街 9 号政务服务中心一层", "演备〔2026〕2 号"),
];

/// What each may take a day, by kind.
const QUOTAS: [(&str, u32); 5] =
    [("person", 200), ("staff", 200), ("unit", 100), ("device", 50), ("server", 50)];

/// Sets up what is missing; who manages them is `login`.
pub async fn establish(desk: &Desk<'_>, login: &str) -> anyhow::Result<Vec<Office>> {
    let ra = desk.institution.registration()?;
    let mut offices = Vec::new();
    for (name, address, filing) in OFFICES {
        let open = ra.open_offices().await?.into_iter().find(|office| office.name == name);
        let office = match open {
            Some(office) => office,
            None => set_up(desk, login, (name, address, filing)).await?,
        };
        offices.push(office);
    }
    Ok(offices)
}

async fn set_up(
    desk: &Desk<'_>,
    login: &str,
    (name, address, filing): (&str, &str, &str),
) -> anyhow::Result<Office> {
    let order = OfficeOrder::Establish {
        name: name.to_owned(),
        address: address.to_owned(),
        province: "北京市".to_owned(),
        established_on: CivilDate::new(2026, 11, 2)?,
        conditions: conditions(),
    };
    desk.act(login, (ActKind::ManageOffice, "office:new"), &order).await?;
    let office = find(desk, login, name).await?;
    let object = format!("office:{}", office.id);
    let order = OfficeOrder::File { version: office.version, number: filing.to_owned(), on: None };
    desk.act(login, (ActKind::ManageOffice, &object), &order).await?;
    for (kind, per_day) in QUOTAS {
        let version = find(desk, login, name).await?.version;
        let order = OfficeOrder::Quota { version, kind: kind.to_owned(), per_day };
        desk.act(login, (ActKind::ManageOffice, &object), &order).await?;
    }
    let version = find(desk, login, name).await?.version;
    desk.act(login, (ActKind::ManageOffice, &object), &OfficeOrder::Announce { version }).await?;
    find(desk, login, name).await
}

async fn find(desk: &Desk<'_>, login: &str, name: &str) -> anyhow::Result<Office> {
    let (principal, _) = desk.sign_in(login).await?;
    let permit = desk.institution.permit(&principal, access::Action::ReadOffices)?;
    let offices = desk.institution.registration()?.offices(&permit).await?;
    let found = offices.into_iter().find(|office| office.name == name);
    found.ok_or_else(|| anyhow::anyhow!("演示受理点“{name}”没有建立起来"))
}

fn conditions() -> Conditions {
    let text = |what: &str| format!("{what}：符合要求，见演示备案材料");
    Conditions {
        premises: text("固定的受理场所，设有身份核验区和等候区"),
        equipment: text("证件读取设备、高拍仪、专用终端和网络"),
        staff: text("录入员、审核员各两名，均已签订保密协议"),
        ability: text("上岗前完成培训和考核"),
        rules: text("受理、核验、保密和应急制度"),
    }
}
