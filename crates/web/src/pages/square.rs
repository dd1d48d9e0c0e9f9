//! Square codes (GB/T 18284) as inline SVG: one path, no style, nothing from elsewhere.

use std::fmt::Write as _;

use qrcode::{Color, QrCode};

use crate::problem::Problem;

/// The empty border that readers need, in modules.
const QUIET: usize = 4;

/// A code for a text, as its outline for `<path d>` and the width of the picture in modules.
pub struct Square {
    /// One little square for each dark module.
    pub path: String,
    /// Width and height.
    pub width: usize,
}

impl Square {
    /// Of a text.
    pub fn of(text: &str) -> Result<Self, Problem> {
        let code = QrCode::new(text.as_bytes()).map_err(|_| app::Error::Stored("二维码的内容"))?;
        let width = code.width();
        let mut path = String::new();
        for (at, color) in code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                let (x, y) = (at % width + QUIET, at / width + QUIET);
                // Writing to a text cannot fail.
                let _ = write!(path, "M{x} {y}h1v1h-1z");
            }
        }
        Ok(Self { path, width: width + 2 * QUIET })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_finders_and_a_quiet_border() {
        let square = Square::of("otpauth://totp/x:y?secret=ABC").unwrap();
        let far = square.width - QUIET - 7;
        for (x, y) in [(QUIET, QUIET), (far, QUIET), (QUIET, far)] {
            for at in 0..7 {
                assert!(square.path.contains(&format!("M{} {y}h1", x + at)), "{x} {y} {at}");
            }
        }
        assert!(!square.path.contains("M3 ") && square.width > 20 + 2 * QUIET);
    }
}
