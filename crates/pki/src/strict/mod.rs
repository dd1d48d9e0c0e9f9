//! The strict DER gate (X.690 §8, §10, §11), and the reader and writer that
//! every format of this crate is built on.
//!
//! [`check`] walks a whole structure and is run before anything else looks at
//! it: definite minimal lengths, minimal INTEGERs, BOOLEAN 00 or FF, sorted
//! sets, primitive strings in their alphabets, strict times, no trailing octet,
//! bounded depth and size. [`Reader`] then takes the structure apart without
//! copying and without a way to panic; [`Writer`] puts one together.
//!
//! What the gate cannot know without the type (defaults that must be left out,
//! named bit lists, sets under an implicit tag) is checked where the type is
//! parsed, with the helpers of [`Reader`].

mod gate;
mod reader;
mod tag;
mod value;
mod writer;

use crate::error::reasons;

pub use gate::{Limits, check};
pub use reader::{Bits, Reader, Tlv};
pub use tag::Tag;
pub use writer::Writer;

reasons! {
    /// A rule of the distinguished encoding that was broken.
    Defect {
        Truncated = "der.truncated", "内容不完整";
        Trailing = "der.trailing", "末尾有多余的内容";
        HighTag = "der.high-tag", "标签编号过大";
        EndOfContents = "der.end-of-contents", "出现了结束标记";
        UnknownTag = "der.unknown-tag", "标签种类未知";
        UnexpectedTag = "der.unexpected-tag", "元素种类与规定不同";
        Indefinite = "der.length-indefinite", "长度不确定";
        LengthNotMinimal = "der.length-not-minimal", "长度不是最短形式";
        LengthTooLong = "der.length-too-long", "长度过大";
        Constructed = "der.constructed", "字符串或数值分段编码";
        NotConstructed = "der.not-constructed", "序列或集合未按构造形式编码";
        TooDeep = "der.too-deep", "嵌套层数过多";
        TooMany = "der.too-many", "元素个数过多";
        IntegerEmpty = "der.integer-empty", "整数为空";
        IntegerNotMinimal = "der.integer-not-minimal", "整数不是最短形式";
        IntegerRange = "der.integer-range", "整数超出范围";
        Boolean = "der.boolean", "布尔值不是 00 或 FF";
        Null = "der.null", "空值带有内容";
        BitStringUnused = "der.bit-string-unused", "位串的未用位数不对";
        BitStringPadding = "der.bit-string-padding", "位串的未用位不为零";
        NamedBitsNotMinimal = "der.named-bits-not-minimal", "命名位串末尾有多余的零位";
        OidEmpty = "der.oid-empty", "对象标识符为空";
        OidTruncated = "der.oid-truncated", "对象标识符不完整";
        OidNotMinimal = "der.oid-not-minimal", "对象标识符不是最短形式";
        OidTooLong = "der.oid-too-long", "对象标识符过长";
        Utf8 = "der.utf8", "UTF8String 不是有效的 UTF-8";
        PrintableString = "der.printable-string", "PrintableString 含有不允许的字符";
        Ia5String = "der.ia5-string", "IA5String 含有不允许的字符";
        NumericString = "der.numeric-string", "NumericString 含有不允许的字符";
        VisibleString = "der.visible-string", "VisibleString 含有不允许的字符";
        BmpString = "der.bmp-string", "BMPString 不是有效的双字节字符";
        UniversalString = "der.universal-string", "UniversalString 不是有效的四字节字符";
        UtcTime = "der.utc-time", "UTCTime 不是“年月日时分秒Z”形式的有效时刻";
        GeneralizedTime = "der.generalized-time", "GeneralizedTime 不是“年月日时分秒Z”形式的有效时刻";
        SetOrder = "der.set-order", "集合的元素未按规定排序";
        DefaultEncoded = "der.default-encoded", "写出了应当省略的默认值";
        EmptySequence = "der.empty-sequence", "序列为空";
    }
}
