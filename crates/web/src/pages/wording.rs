//! The names of the registration data in words, for what a person is about to sign: nobody signs
//! `holder_name` when the form says 姓名.

use ra::Catalogue;

/// Looks names up in the catalogue; what it does not know stays as it is.
pub struct Wording<'a> {
    catalogue: Option<&'a Catalogue>,
    method: String,
}

impl<'a> Wording<'a> {
    /// For an order, with the proofing method that it names, if it does.
    pub fn of(catalogue: Option<&'a Catalogue>, order: &serde_json::Value) -> Self {
        let method = order.get("method").and_then(serde_json::Value::as_str).unwrap_or_default();
        Self { catalogue, method: method.to_owned() }
    }

    /// The words for the value of a member of an order.
    pub fn title(&self, member: &str, name: &str) -> Option<String> {
        match member {
            "element" | "target" => self.element(name),
            "means" => self.means(name),
            "ticked" => self.item(name),
            _ => None,
        }
    }

    /// `holder_name`, `domains/0`, `material:identity_document`.
    fn element(&self, name: &str) -> Option<String> {
        let kinds = self.catalogue?.kinds();
        if let Some(material) = name.strip_prefix("material:") {
            let mut all = kinds.iter().flat_map(|kind| &kind.materials);
            return all.find(|one| one.name == material).map(|one| format!("材料：{}", one.title));
        }
        let (field, place) = name.split_once('/').map_or((name, None), |(f, p)| (f, Some(p)));
        let mut all = kinds.iter().flat_map(|kind| &kind.fields);
        let label = all.find(|one| one.name == field).map(|one| one.label.clone())?;
        match place.and_then(|place| place.parse::<u32>().ok()) {
            Some(place) => Some(format!("{label}（第 {} 个）", place.saturating_add(1))),
            None => Some(label),
        }
    }

    fn means(&self, name: &str) -> Option<String> {
        let method = self.catalogue?.method(&self.method).ok()?;
        method.means.iter().find(|means| means.name == name).map(|means| means.title.clone())
    }

    fn item(&self, name: &str) -> Option<String> {
        let catalogue = self.catalogue?;
        let kinds = catalogue.kinds().iter();
        let mut items = kinds.flat_map(|kind| catalogue.checklist_for(&kind.name, "new"));
        items.find(|item| item.name == name).map(|item| item.text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_told_in_the_words_of_the_forms() {
        let catalogue = Catalogue::embedded().unwrap();
        let order = serde_json::json!({ "method": "remote" });
        let wording = Wording::of(Some(&catalogue), &order);
        let told = |member: &str, name: &str| wording.title(member, name).unwrap();
        assert_eq!(told("element", "holder_name"), "姓名");
        assert!(told("element", "domains/1").ends_with("（第 2 个）"));
        assert!(told("target", "material:identity_document").starts_with("材料：本人"));
        // The same name means something else in another method.
        assert!(told("means", "document").contains("影像"));
        assert!(told("ticked", "informed").contains("四项告知"));
        assert_eq!(wording.title("means", "no-such"), None);
        assert_eq!(wording.title("note", "holder_name"), None);
    }
}
