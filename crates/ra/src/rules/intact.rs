//! Whether a file is whole, and holds nothing that runs: its structure is looked at as far as that
//! is cheap, nothing of it is drawn. What could not be determined is not passed (Invariant 11).

use crate::error::Error;
use crate::model::Media;
use crate::sheet::inflate;

/// Most dots of a side and of a whole picture: a viewer unpacks four octets for each.
const MOST_SIDE: u32 = 20_000;
const MOST_DOTS: u64 = 100_000_000;
/// A PDF ends within so many octets of its mark (ISO 32000-1, implementation note 18).
const END: usize = 1024;
/// Most octets of a PDF's packed objects, unpacked.
const MOST_UNPACKED: usize = 32 << 20;
/// Names in a PDF that begin something that runs or opens another program.
const ACTIVE: [&[u8]; 4] = [b"JavaScript", b"Launch", b"RichMedia", b"XFA"];
/// Octets of the longest name that matters.
const LONGEST_NAME: usize = 10;

/// Fails with what to do if the file is not what its first octets say.
pub(super) fn check(media: Media, content: &[u8]) -> Result<(), Error> {
    match media {
        Media::Pdf => pdf(content),
        Media::Png => picture(png(content)),
        Media::Jpeg => picture(jpeg(content)),
        Media::Ofd => Ok(()),
    }
}

fn picture(size: Option<(u32, u32)>) -> Result<(), Error> {
    let (width, height) = size.ok_or(Error::Material("图片不完整或已损坏，请重新保存后上传"))?;
    let fits = |side: u32| (1..=MOST_SIDE).contains(&side);
    if fits(width) && fits(height) && u64::from(width) * u64::from(height) <= MOST_DOTS {
        Ok(())
    } else {
        Err(Error::Material("图片的长或宽过大，请缩小到 20000 像素以内后上传"))
    }
}

fn word(content: &[u8], at: usize) -> Option<u32> {
    let octets = content.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(u32::from_be_bytes(octets))
}

/// Width and height, if chunk follows chunk from the head to the end of the file (PNG §5.3).
fn png(content: &[u8]) -> Option<(u32, u32)> {
    if content.get(12..16)? != b"IHDR" {
        return None;
    }
    let size = (word(content, 16)?, word(content, 20)?);
    let mut at = 8;
    loop {
        let length = usize::try_from(word(content, at)?).ok()?;
        let next = at.checked_add(12)?.checked_add(length)?;
        if next > content.len() {
            return None;
        }
        if content.get(at + 4..at + 8)? == b"IEND" {
            return (next == content.len()).then_some(size);
        }
        at = next;
    }
}

/// Width and height from the frame header (ITU-T T.81 §B.2.2). Cameras put their own data behind the
/// end, so nothing is asked of it.
fn jpeg(content: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        if *content.get(at)? != 0xff {
            return None;
        }
        match *content.get(at + 1)? {
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            // No frame header before the scan, or none at all.
            0xd9 | 0xda => return None,
            // C4, C8 and CC are tables between the frame headers' numbers.
            0xc0..=0xcf if !matches!(content.get(at + 1)?, 0xc4 | 0xc8 | 0xcc) => {
                let lines = word(content, at + 5)?;
                return Some((lines & 0xffff, lines >> 16));
            }
            _ => {
                let length = word(content, at + 2)? >> 16;
                at += 2 + usize::try_from(length).ok().filter(|length| *length >= 2)?;
            }
        }
    }
}

fn pdf(content: &[u8]) -> Result<(), Error> {
    let head = content.get(..content.len().min(END)).unwrap_or_default();
    let tail = content.get(content.len().saturating_sub(END)..).unwrap_or_default();
    let end = tail.windows(5).rposition(|part| part == b"%%EOF");
    let rest = end.and_then(|end| tail.get(end + 5..));
    let is_last = |rest: &[u8]| rest.iter().all(|o| o.is_ascii_whitespace() || *o == 0);
    if !rest.is_some_and(is_last) {
        return Err(Error::Material("PDF 文件不完整，或者后面附有其他内容，请重新生成后上传"));
    }
    if is_page(head) || is_package(content) {
        return Err(Error::Material("文件同时是网页或压缩包，请重新生成 PDF 后上传"));
    }
    let mut scan = Scan::default();
    scan.names(content);
    if scan.encrypted {
        return Err(Error::Material(
            "PDF 设有口令或权限限制，无法核对和长期保存，请解除限制后上传",
        ));
    }
    let unpacked = packed_objects(content, &scan.streams, MOST_UNPACKED)
        .ok_or(Error::Material("PDF 的内部结构无法检查，请用“打印为 PDF”重新生成后上传"))?;
    unpacked.iter().for_each(|objects| scan.names(objects));
    match scan.active {
        false => Ok(()),
        true => {
            Err(Error::Material("PDF 含有脚本、外部程序或动态表单，请用“打印为 PDF”重新生成后上传"))
        }
    }
}

/// A browser that guesses types would take it for a page.
fn is_page(head: &[u8]) -> bool {
    let head = head.to_ascii_lowercase();
    let has = |mark: &[u8]| head.windows(mark.len()).any(|part| part == mark);
    [&b"<html"[..], b"<script", b"<!doctype", b"<svg", b"<iframe"].into_iter().any(has)
}

/// Whether a ZIP's directory ends just where the file does (APPNOTE 4.3.16): programs read ZIP from behind.
fn is_package(content: &[u8]) -> bool {
    let Some(last) = content.len().checked_sub(22) else { return false };
    let first = last.saturating_sub(usize::from(u16::MAX));
    (first..=last).any(|at| content.get(at..at + 4) == Some(b"PK\x05\x06"))
}

/// What the names of a PDF tell.
#[derive(Default)]
struct Scan {
    active: bool,
    encrypted: bool,
    /// Where the dictionaries of packed objects are.
    streams: Vec<usize>,
}

impl Scan {
    /// Looks at every name, with its octets written as `#xx` read (ISO 32000-1 §7.3.5).
    fn names(&mut self, content: &[u8]) {
        let starts = content.iter().enumerate().filter(|(_, octet)| **octet == b'/');
        for (at, _) in starts {
            let name = name(content.get(at + 1..).unwrap_or_default());
            self.active |= ACTIVE.contains(&name.as_slice());
            self.encrypted |= name == b"Encrypt";
            if name == b"ObjStm" {
                self.streams.push(at);
            }
        }
    }
}

/// The name at the beginning; of one that is longer than any that matters, the beginning.
fn name(content: &[u8]) -> Vec<u8> {
    let mut name = Vec::new();
    let mut octets = content.iter();
    while name.len() <= LONGEST_NAME
        && let Some(octet) = octets.next()
    {
        let octet = match octet {
            b'#' => {
                let pair = octets.as_slice().get(..2);
                let read = pair.and_then(|pair| std::str::from_utf8(pair).ok());
                let read = read.and_then(|pair| u8::from_str_radix(pair, 16).ok());
                let Some(read) = read else { break };
                octets.nth(1);
                read
            }
            octet if octet.is_ascii_alphanumeric() => *octet,
            _ => break,
        };
        name.push(octet);
    }
    name
}

/// The objects that stand packed in streams (ISO 32000-1 §7.5.7): nothing if one cannot be unpacked, if
/// one is within another, or if all of them together are too large. Every octet is gone through once,
/// whatever a file says of itself.
fn packed_objects(content: &[u8], streams: &[usize], most: usize) -> Option<Vec<Vec<u8>>> {
    let (mut left, mut end) = (most, 0);
    let mut all = Vec::new();
    for from in streams {
        // Not before the end of the one before.
        from.checked_sub(end)?;
        let begin = from + find(content.get(*from..)?, b"stream")? + 6;
        let data = content.get(begin..)?;
        let data = data.get(..find(data, b"endstream")?)?;
        end = begin + data.len();
        let data = data.strip_prefix(b"\r\n").or_else(|| data.strip_prefix(b"\n"))?;
        // A zlib head (RFC 1950 §2.2); plain objects need no unpacking, the scan has seen them.
        match data {
            [0x08 | 0x18 | 0x28 | 0x38 | 0x48 | 0x58 | 0x68 | 0x78, _, packed @ ..] => {
                let objects = inflate(packed, left)?;
                left -= objects.len();
                all.push(objects);
            }
            [b'0'..=b'9', ..] => {}
            _ => return None,
        }
    }
    Some(all)
}

fn find(content: &[u8], word: &[u8]) -> Option<usize> {
    content.windows(word.len()).position(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(media: Media, content: &[u8]) -> String {
        check(media, content).err().map(|error| error.to_string()).unwrap_or_default()
    }

    fn png_of(width: u32, height: u32) -> Vec<u8> {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        png.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
        png.extend(b"\x08\x02\0\0\0crc_\0\0\0\0IENDcrc_");
        png
    }

    fn jpeg_of(width: u16, height: u16) -> Vec<u8> {
        let mut jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc2\0\x0b\x08".to_vec();
        jpeg.extend([height.to_be_bytes(), width.to_be_bytes()].concat());
        jpeg
    }

    #[test]
    fn pictures_have_a_size_within_bounds_and_an_end() {
        assert_eq!(why(Media::Png, &png_of(640, 400)), "");
        assert_eq!(why(Media::Jpeg, &jpeg_of(4000, 3000)), "");
        assert!(why(Media::Png, &png_of(20_001, 1)).contains("过大"));
        assert!(why(Media::Png, &png_of(20_000, 20_000)).contains("过大"));
        assert!(why(Media::Jpeg, &jpeg_of(0, 1)).contains("过大"));
        let mut longer = png_of(1, 1);
        longer.extend(b"<script>");
        let cut = &png_of(1, 1)[..40];
        for broken in [&longer[..], cut, b"\x89PNG\r\n\x1a\n content"] {
            assert!(why(Media::Png, broken).contains("已损坏"));
        }
        for broken in [&b"\xff\xd8\xff display"[..], b"\xff\xd8\xff\xda", b"\xff\xd8\xff\xe0\0\x01"]
        {
            assert!(why(Media::Jpeg, broken).contains("已损坏"));
        }
    }

    /// ITU-T T.81 §B.1.1: what stands before the frame header is gone through as it is built.
    #[test]
    fn the_size_of_a_picture_is_that_of_its_frame_and_of_nothing_before_it() {
        let frame = &jpeg_of(640, 400)[8..];
        let picture = |before: &[u8]| [b"\xff\xd8", before, frame].concat();
        for before in [
            &b""[..],
            b"\xff\xe0\0\x04ab\xff\xe1\0\x05abc\xff\xfe\0\x02",
            b"\xff\xff\xff\xff\xe0\0\x04ab",
            b"\xff\x01\xff\xd0\xff\xd7\xff\xe0\0\x04ab",
            b"\xff\x01\xff\xd0\xff\xe0\0\x04ab",
            b"\xff\xc4\0\x0b\0\0\0\0\0\0\0\0\0",
            b"\xff\xc8\0\x0b\0\0\0\0\0\0\0\0\0",
            b"\xff\xcc\0\x0b\0\0\0\0\0\0\0\0\0",
        ] {
            assert_eq!(jpeg(&picture(before)), Some((640, 400)), "{before:?}");
        }
        for before in [
            &b"\xff\xda\0\x04ab"[..],
            b"\xff\xd9\0\x04ab",
            b"\xff\xe0\0\x01",
            b"\xff\xe0\0\x04abc",
            b"ab",
        ] {
            assert_eq!(jpeg(&picture(before)), None, "{before:?}");
        }
        for kind in [0xc0, 0xc1, 0xc3, 0xcf] {
            let mut other = picture(b"");
            other[3] = kind;
            assert_eq!(jpeg(&other), Some((640, 400)), "{kind:x}");
        }
    }

    /// A picture at the bound is taken: the dots of a whole picture count, not only those of a side.
    #[test]
    fn a_picture_has_at_most_so_many_dots() {
        for (width, height, fits) in [
            (20_000, 5_000, true),
            (20_000, 5_001, false),
            (20_000, 1, true),
            (1, 20_000, true),
            (1, 20_001, false),
            (0, 1, false),
            (1, 0, false),
            (10_000, 10_000, true),
        ] {
            let size = Some((width, height));
            assert_eq!(super::picture(size).is_ok(), fits, "{width} × {height}");
        }
    }

    /// All packed objects of a file share one bound.
    #[test]
    fn many_small_streams_are_as_large_as_one() {
        let one = packed(b"1 0 <</Type/Page>>");
        let content = [&one[..], &one].concat();
        let name = b"/ObjStm";
        let streams: Vec<usize> =
            (0..content.len()).filter(|at| content[*at..].starts_with(name)).collect();
        assert_eq!(streams.len(), 2);
        let all = packed_objects(&content, &streams, 36).unwrap();
        assert_eq!(all, [b"1 0 <</Type/Page>>".to_vec(), b"1 0 <</Type/Page>>".to_vec()]);
        assert_eq!(packed_objects(&content, &streams, 35), None);
        assert_eq!(packed_objects(&content, &[], 0), Some(Vec::new()));
    }

    #[test]
    fn a_name_is_read_as_far_as_it_matters() {
        for (content, wanted) in [
            (&b"Launch/F"[..], &b"Launch"[..]),
            (b"J#61vaScript ", b"JavaScript"),
            (b"JavaScripts", b"JavaScripts"),
            (b"JavaScriptsAndMore", b"JavaScripts"),
            (b"X#4", b"X"),
            (b"", b""),
        ] {
            assert_eq!(name(content), wanted);
        }
    }

    #[test]
    fn a_pdf_is_whole_and_nothing_in_it_runs() {
        assert_eq!(why(Media::Pdf, b"%PDF-1.7 x\n%%EOF\n\0"), "");
        assert_eq!(why(Media::Pdf, b"%PDF-1.7 /JavaScripts /JS /Launcher %%EOF"), "");
        for (content, words) in [
            (&b"%PDF-1.7 x"[..], "不完整"),
            (b"%PDF-1.7 x %%EOF<html>", "附有其他内容"),
            (b"%PDF-1.7 /S /JavaScript /JS (app.alert(1)) %%EOF", "脚本"),
            (b"%PDF-1.7 /S /J#61v#61Script %%EOF", "脚本"),
            (b"%PDF-1.7 /Launch/F(cmd.exe) %%EOF", "外部程序"),
            (b"%PDF-1.7 <</Encrypt 5 0 R>> %%EOF", "口令"),
            (b"%PDF-1.7 <HTML><script>alert(1)</script> %%EOF", "网页"),
            (b"%PDF-1.7 PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0%%EOF", "压缩包"),
        ] {
            assert!(why(Media::Pdf, content).contains(words), "{words}");
        }
    }

    /// `1 0 <</S/JavaScript/JS(app.alert(1))>>`, twice.
    const HIDDEN: &str = "78da33543050b0b1d10fd6f74a2c4b0c4e2eca2c28d1f70ad6482c28d04bcc492d2ad130d4d4b4b333244a15005f6916c7";

    /// DEFLATE, stored: the zlib head, one block, its length twice.
    fn packed(objects: &[u8]) -> Vec<u8> {
        let length = u16::try_from(objects.len()).unwrap();
        let mut data =
            b"%PDF-1.7 <</Type/ObjStm/Filter/FlateDecode>>stream\r\n\x78\x01\x01".to_vec();
        data.extend([length.to_le_bytes(), (!length).to_le_bytes()].concat());
        data.extend(objects);
        data.extend(b"\nendstream %%EOF");
        data
    }

    #[test]
    fn packed_objects_are_looked_into_and_what_cannot_be_is_not_passed() {
        assert_eq!(why(Media::Pdf, &packed(b"1 0 <</Type/Page>>")), "");
        // Packed by zlib at level 9: nothing of it is seen from outside.
        let hidden = hex::decode(HIDDEN).unwrap();
        assert!(!hidden.windows(6).any(|part| part == b"Script"));
        let hidden = [&b"<</Type/ObjStm>>stream\n"[..], &hidden, b"\nendstream %%EOF"].concat();
        assert!(why(Media::Pdf, &hidden).contains("脚本"));
        let mut broken = packed(b"1 0 <<>>");
        let at = broken.windows(2).position(|part| part == b"\x78\x01").unwrap();
        broken[at + 2] = 7;
        assert!(why(Media::Pdf, &broken).contains("无法检查"));
        let other = b"%PDF-1.7 <</Type/ObjStm/Filter/ASCII85Decode>>stream\nGhVa %%EOF";
        assert!(why(Media::Pdf, other).contains("无法检查"));
    }

    /// A file that names one stream a million times costs no more than any other.
    #[test]
    fn streams_that_are_one_within_another_are_not_passed() {
        let one = b"%PDF-1.7 /ObjStm stream\n1 0 <<>> endstream /ObjStm stream\n2 0 <<>> endstream";
        assert_eq!(why(Media::Pdf, &[&one[..], b" %%EOF"].concat()), "");
        for nested in [
            &b"%PDF-1.7 /ObjStm /ObjStm stream\n1 0 <<>> endstream %%EOF"[..],
            b"%PDF-1.7 /ObjStm stream\n1 0 /ObjStm stream\n2 0 <<>> endstream %%EOF",
            b"%PDF-1.7 /ObjStm stream\n1 0 <<>> %%EOF",
        ] {
            assert!(why(Media::Pdf, nested).contains("无法检查"));
        }
    }
}
