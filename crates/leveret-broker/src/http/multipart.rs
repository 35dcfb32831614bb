//! One field of a form that browsers send with a file in it (RFC 7578).

use axum::body::Bytes;

/// What parts the fields, if the content is such a form.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let named = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let mut boundaries = named.filter(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"));
    let (_, boundary) = boundaries.next()?;
    let boundary = boundary.trim().trim_matches('"');
    (!boundary.is_empty()).then(|| boundary.to_owned())
}

/// The content of the field of that name.
pub(super) fn field(body: &Bytes, boundary: &str, name: &str) -> Option<Bytes> {
    let delimiter = format!("--{boundary}");
    let mut rest = find(body, delimiter.as_bytes()).map(|at| at + delimiter.len())?;
    loop {
        let part = body.get(rest..)?;
        let part_bytes = find(part, format!("\r\n{delimiter}").as_bytes())?;
        let content = body.slice(rest..rest + part_bytes);
        let head_bytes = find(&content, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(content.get(..head_bytes)?).into_owned();
        if is_named(&head, name) {
            return Some(content.slice(head_bytes + 4..));
        }
        rest += part_bytes + 2 + delimiter.len();
    }
}

fn is_named(head: &str, name: &str) -> bool {
    let disposition = "content-disposition:";
    head.lines()
        .filter(|line| line.to_ascii_lowercase().starts_with(disposition))
        .flat_map(|line| line.split(';'))
        .any(|parameter| parameter.trim() == format!("name=\"{name}\""))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_found_among_others() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n\
                    --b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"d.json\"\r\n\
                    Content-Type: application/json\r\n\r\n{\"a\":1}\r\n--b--\r\n";
        let boundary = boundary("multipart/form-data; charset=utf-8; boundary=\"b\"").unwrap();
        let body = Bytes::from_static(body.as_bytes());
        assert_eq!(field(&body, &boundary, "file").unwrap(), "{\"a\":1}");
        assert_eq!(field(&body, &boundary, "none"), None);
        assert_eq!(super::boundary("application/json"), None);
        for cut in 0..body.len() - 8 {
            assert_eq!(field(&body.slice(..cut), &boundary, "file"), None, "cut at {cut}");
        }
    }
}
