//! The numbers of `SOF_GetLastError`.
//!
//! The text of GM/T 0020-2012 was not to be had. Names, numbers and meanings are those that two
//! public sources agree in: `sof.h` of GmSSL 2 and the script interface of a certification
//! authority's client; `docs/integrate/sof.md` says so. 0x0B000501 and 0x0B000502 are of the
//! second source alone.

macro_rules! codes {
    ($($code:ident $number:literal $name:literal $chinese:literal,)*) => {
        /// A number of `SOF_GetLastError`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Sor {
            $(#[doc = $chinese] $code = $number,)*
        }

        impl Sor {
            /// All that are ever answered.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }

            /// What happened, and what to do.
            pub const fn chinese(self) -> &'static str {
                match self { $(Self::$code => $chinese,)* }
            }
        }
    };
}

codes! {
    Ok 0 "SOR_OK" "成功",
    Unknown 0x0b00_0001 "SOR_UnknownErr" "异常错误；请稍后重试，仍不成功的请与我们联系",
    NotSupported 0x0b00_0002 "SOR_NotSupportYetErr" "不支持的服务；请与我们联系开通，或改用其他接口",
    Algorithm 0x0b00_0007 "SOR_AlgoTypeErr" "算法类型错误；请使用 SM2 和 SM3",
    KeyUsage 0x0b00_0009 "SOR_KeyUsageErr" "密钥用途错误；请换用有相应用途的证书",
    Indata 0x0b00_0201 "SOR_IndataErr" "输入数据错误；请检查 Base64 编码和各参数的内容",
    KeyNotFound 0x0b00_0309 "SOR_KeyNotFountErr" "密钥未发现；请核对密钥编号和应用的授权",
    CertNotFound 0x0b00_0310 "SOR_CertNotFountErr" "证书未发现；请提交签名者的证书",
    Policy 0x0b00_0312 "SOR_VerifyPolicyErr" "未能完全按照策略验证成功：有检查未能判定，不能当作通过；原因见 report",
    CertEncode 0x0b00_0405 "SOR_CertEncodeErr" "证书编码格式错误；请提交 DER 的 Base64 编码或 PEM",
    CertInvalid 0x0b00_0406 "SOR_CertInvalidErr" "证书无效，不是可信 CA 签发的证书；原因见 report",
    CertExpired 0x0b00_0407 "SOR_CertHasExpiredErr" "证书已过期；请持有人更新证书",
    CertRevoked 0x0b00_0408 "SOR_CertRevokedErr" "证书已被撤销，不能信赖",
    Sign 0x0b00_0409 "SOR_SignDataErr" "签名失败；原因见 message",
    Verify 0x0b00_0410 "SOR_VerifySignDataErr" "验证签名失败：签名与内容或证书不符",
    Encrypt 0x0b00_0415 "SOR_EncryptDataErr" "加密失败；原因见 message",
    Decrypt 0x0b00_0416 "SOR_DecryptDataErr" "解密失败；原因见 message",
    Message 0x0b00_0417 "SOR_PKCS7EncodeErr" "签名消息编码格式错误；请按 GM/T 0010 重新生成",
    Parameter 0x0b00_0419 "SOR_ParameterNotSupportErr" "不支持的参数；可用的值见接口说明",
    NoTrustList 0x0b00_0420 "SOR_CTLNotFound" "没有发现信任列表；可用的别名见 SOF_GetCertTrustListAltNames",
    CertNotYet 0x0b00_0501 "SOR_CertNotYetValidErr" "证书尚未生效；请核对时间",
    CertSuspended 0x0b00_0502 "SOR_CertFrozenErr" "证书已暂停使用，恢复之前不能信赖",
}

impl Sor {
    /// Its number.
    pub const fn number(self) -> u32 {
        self as u32
    }
}

#[cfg(test)]
mod tests {
    use super::Sor;

    #[test]
    fn numbers_are_those_of_the_sources_and_only_one_is_success() {
        for (code, number) in [
            (Sor::Ok, 0),
            (Sor::Indata, 0x0b00_0201),
            (Sor::CertRevoked, 0x0b00_0408),
            (Sor::Verify, 0x0b00_0410),
            (Sor::NoTrustList, 0x0b00_0420),
        ] {
            assert_eq!(code.number(), number, "{}", code.name());
        }
        assert_eq!(Sor::ALL.iter().filter(|code| code.number() == 0).count(), 1);
        let mut numbers: Vec<u32> = Sor::ALL.iter().map(|code| code.number()).collect();
        numbers.dedup();
        assert_eq!(numbers.len(), Sor::ALL.len());
    }
}
