//! Paths that end with a slash: some tools ask for `/api/users/`.

use axum::http::{Uri, uri::PathAndQuery};

/// The same place without a slash at the end. A name that ends with one has it as `%2F`.
pub(super) fn tidied(uri: Uri) -> Uri {
    let Some(path) = uri.path().strip_suffix('/').filter(|path| !path.is_empty()) else {
        return uri;
    };
    let text = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let Ok(place) = text.parse::<PathAndQuery>() else { return uri };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(place);
    Uri::from_parts(parts).unwrap_or(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slash_at_the_end_means_nothing() {
        for (asked, meant) in [
            ("/", "/"),
            ("/api/users/", "/api/users"),
            ("/api/users/?columns=name", "/api/users?columns=name"),
            ("/api/queues/%2F", "/api/queues/%2F"),
            ("/api/queues//", "/api/queues/"),
            ("//", "/"),
            ("*", "*"),
        ] {
            assert_eq!(tidied(asked.parse().unwrap()).to_string(), meant, "{asked}");
        }
    }
}
