//! Certified cryptographic devices, and what they say about the keys that they hold (Measures Art. 20 ¶2:
//! signature creation data is made and used by commercial cryptographic devices that were tested and
//! certified; check C20-1).
//!
//! An attestation is a chain of certificates: the first was made by the device for the key in question, the
//! second is the device's own, made in the factory; it names maker (O), model (CN) and number (serialNumber)
//! of the device and carries the purpose [`crate::oid::ATTESTATION_KEY`]. The chain leads to a root of the
//! maker that the institution has registered with the product. The format and its reasons:
//! `docs/integrate/attestation.md` and ADR 11.
//!
//! What it is not: it says nothing about who holds the device, and it asks no maker for revoked device
//! certificates; numbers of devices that are not to be trusted stand in the register.
//!
//! | file | holds |
//! | --- | --- |
//! | `chain` | an attestation as it came, read within bounds |
//! | `products` | the register of products: text in, checked entries out |
//! | `judge` | whether an attestation proves where a key is |
//! | `own` | keys in the institution's own device |
//! | `verdict` | what came of it |

mod chain;
mod judge;
mod own;
mod products;
mod verdict;

use crate::error::reasons;

pub use chain::{Attestation, MOST_CERTIFICATES, MOST_OCTETS};
pub use judge::Subject;
pub use products::{
    Demand, Listed, MOST_REGISTER_OCTETS, MOST_ROOT_OCTETS, Products, Use, day_in_china,
};
pub use verdict::{Entry, Judged, Verdict, Verified};

reasons! {
    /// Why an attestation is refused, or why there has to be one.
    Refusal {
        Missing = "attestation.missing", "此类证书的签名密钥须由通过检测认证的密码设备生成，请提交设备证明；没有的，请换用本机构登记的密码产品";
        PrivateKey = "attestation.private-key", "设备证明中混有私钥，请立即停用该私钥，只提交设备给出的证书";
        Unreadable = "attestation.unreadable", "设备证明无法读取，请提交设备给出的证书链（PEM 或 DER，第一张是设备为该密钥签发的证书）";
        Incomplete = "attestation.incomplete", "设备证明不完整：至少应有设备为该密钥签发的证书和设备自身的证书，请补齐";
        KeyDiffers = "attestation.key-differs", "设备证明中的公钥与证书请求的公钥不同，请用同一密钥的设备证明重新提交";
        NotALeaf = "attestation.not-a-leaf", "设备证明的第一张证书是签发机构证书，不是密钥的证明，请由设备为该密钥出具证明";
        DeviceUnnamed = "attestation.device-unnamed", "设备自身的证书没有写明厂商、型号和设备编号，或不是用来证明密钥的证书，请向设备厂商核实";
        ModelUnknown = "attestation.model-unknown", "设备证明所写的产品没有在本机构登记，请换用已登记的密码产品，或请本机构先登记该产品";
        ChainInvalid = "attestation.chain-invalid", "设备证明的证书链不能追溯到登记的厂商根证书，请核对后重新提交";
        ProductNotYet = "attestation.product-not-yet", "该产品的商用密码产品认证证书尚未生效，请换用证书有效的产品";
        ProductOver = "attestation.product-over", "该产品的商用密码产品认证证书已经过期，请换用证书有效的产品";
        DeviceBlocked = "attestation.device-blocked", "该设备已被本机构列为不可信，请换用其他设备";
        OwnDevice = "attestation.own-device", "此类证书的签名密钥须由通过检测认证的密码设备生成，而本机构的密码设备没有在有效期内的产品认证证书；请先换用经认证的密码设备";
    }
}

reasons! {
    /// What is wrong with the register of products.
    Problem {
        TooLarge = "products.too-large", "文件过大，或登记的产品过多";
        Toml = "products.toml", "不是有效的登记文件，或有不认识的项";
        Text = "products.text", "厂商、型号和证书编号应填写，且不能含有控制字符，不超过 200 字";
        Date = "products.date", "日期应写作 \"2026-01-31\"，且终止日期不早于起始日期";
        Level = "products.level", "安全等级应为 1 至 4 的整数（GM/T 0028）";
        Uses = "products.uses", "用途应写明，可填 subscriber（用户密钥）和 institution（本机构密钥）";
        RootMissing = "products.root-missing", "用于用户密钥的产品应写明厂商根证书文件，且该文件应放在同一文件夹";
        RootUnreadable = "products.root-unreadable", "厂商根证书文件无法读取，应为 PEM 或 DER 格式的签发机构证书";
        Duplicate = "products.duplicate", "同一证书编号登记了两次";
        Demand = "products.demand", "[attestation] 各项只能填 required（必须提交）或 recorded（如实记录）";
        Kind = "products.kind", "[attestation] 中有不认识的证书种类，只能填 default、person、staff、unit、device、server";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_of_its_own() {
        let mut codes: Vec<_> = Refusal::ALL.iter().map(|one| one.code()).collect();
        codes.extend(Problem::ALL.iter().map(|one| one.code()));
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }
}
