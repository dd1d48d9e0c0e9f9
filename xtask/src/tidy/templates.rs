//! No font, script, picture or style comes from elsewhere (invariant 12).

use super::Offence;

/// Where a page names something that the browser then loads by itself.
const LOADERS: [&str; 7] = [" src=", "url(", "@import", "<link", " srcset=", " poster=", "import("];

/// Looks at templates and static files. A plain link (`<a href>`) may lead away.
pub fn no_foreign_assets(files: &[(String, String)]) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| !path.contains("/tests/")) {
        for (at, line) in text.lines().enumerate().filter(|(_, line)| loads_from_elsewhere(line)) {
            offences.push(Offence::new(
                path,
                at + 1,
                format!("loads from elsewhere: {}", line.trim()),
            ));
        }
    }
    offences
}

fn loads_from_elsewhere(line: &str) -> bool {
    LOADERS.iter().any(|loader| {
        line.match_indices(loader).any(|(at, _)| {
            let rest = line.get(at + loader.len()..).unwrap_or_default();
            let value = rest.split(['>', ')', ';']).next().unwrap_or_default();
            let value = value.trim_start_matches(['"', '\'', ' ']);
            ["http://", "https://", "//"].iter().any(|start| {
                value.starts_with(start)
                    || (*loader == "<link" && value.contains(&format!("href=\"{start}")))
                    || (*loader == "@import" && value.contains(start))
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        no_foreign_assets(&[("crates/web/templates/a.html".into(), text.into())]).len()
    }

    #[test]
    fn foreign_scripts_styles_pictures_and_fonts_are_found() {
        assert_eq!(found("<script src=\"https://cdn.example/a.js\"></script>"), 1);
        assert_eq!(found("<link rel=\"stylesheet\" href=\"//cdn.example/a.css\">"), 1);
        assert_eq!(found("<img alt=\"\" src='http://example/a.png'>"), 1);
        assert_eq!(found("src: url(https://example/f.woff2);"), 1);
        assert_eq!(found("@import \"https://example/a.css\";"), 1);
    }

    #[test]
    fn own_assets_and_plain_links_are_fine() {
        assert_eq!(found("<script src=\"/static/a.js\"></script>"), 0);
        assert_eq!(
            found("<link rel=\"icon\" href=\"/i.svg\"><a href=\"https://www.gov.cn\">a</a>"),
            0
        );
        assert_eq!(found("<svg xmlns=\"http://www.w3.org/2000/svg\">"), 0);
    }
}
