//! Addresses of lists with what was asked for, so that paging, exports and links keep it.

/// A path with the pairs that have a value, each encoded.
pub fn with(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::with;

    #[test]
    fn what_was_not_asked_for_is_left_out_and_the_rest_is_encoded() {
        assert_eq!(with("/desk", &[("queue", "")]), "/desk");
        let address = with("/desk", &[("queue", "proof"), ("q", ""), ("kind", "甲&b=1")]);
        assert_eq!(address, "/desk?queue=proof&kind=%E7%94%B2%26b%3D1");
    }
}
