//! What the typesetter sees of the world: the text of `letter.typ`, one letter, one square code, and
//! fonts. Everything else is refused.

use anyhow::{Context, anyhow};
use letters::Sheet;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

/// The form of a letter.
const FORM: &str = include_str!("letter.typ");

struct Desk {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    form: Source,
    sheet: Bytes,
    code: Bytes,
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.form.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.form.id() { Ok(self.form.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        match id.get().vpath().get_without_slash() {
            "sheet.json" => Ok(self.sheet.clone()),
            "code.svg" => Ok(self.code.clone()),
            _ => Err(FileError::AccessDenied),
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    /// A letter's day is what stands on it; the form asks for no other.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// The PDF of a letter.
pub fn pdf(sheet: &Sheet, fonts: Vec<Font>) -> anyhow::Result<Vec<u8>> {
    let json = serde_json::to_vec(sheet).context("文书内容")?;
    let desk = Desk {
        library: LazyHash::new(Library::default()),
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        fonts,
        form: Source::detached(FORM),
        sheet: Bytes::new(json),
        code: Bytes::new(square(&sheet.address)?.into_bytes()),
    };
    let output = typst::compile(&desk).output;
    let document = output.map_err(|errors| {
        let texts: Vec<_> = errors.iter().map(|error| error.message.to_string()).collect();
        anyhow!("文书排版失败：{}", texts.join("；"))
    })?;
    typst_pdf::pdf(&document, &typst_pdf::PdfOptions::default()).map_err(|errors| {
        let texts: Vec<_> = errors.iter().map(|error| error.message.to_string()).collect();
        anyhow!("文书转换为 PDF 失败：{}", texts.join("；"))
    })
}

/// The address of verification as a square code.
fn square(address: &str) -> anyhow::Result<String> {
    let code = QrCode::with_error_correction_level(address, EcLevel::M);
    let code = code.context("核验地址过长，不能生成二维码")?;
    Ok(code.render::<svg::Color<'_>>().quiet_zone(true).build())
}
