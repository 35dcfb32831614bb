//! The words of an HTML page.
//!
//! No parser: tags become line ends or nothing, the common entities become characters.

use crate::text::clip;

/// Strips the tags of a page, as far as `bytes_max` bytes of it.
pub(super) fn plain(page: &str, bytes_max: usize) -> String {
    let mut text = String::new();
    let mut rest = clip(page, bytes_max);
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let (name, after) = tag.split_once('>').unwrap_or((tag, ""));
        let name = name.to_ascii_lowercase();
        rest = if name.starts_with("style") || name.starts_with("script") {
            after
                .split_once("</")
                .map_or("", |(_, tail)| tail.split_once('>').map_or("", |(_, text)| text))
        } else {
            after
        };
        // An address in angle brackets is no tag.
        if name.contains('@') && !name.contains('=') {
            text.push_str(&format!("<{name}>"));
        } else if ["br", "p", "/p", "div", "/div", "tr", "/tr", "li", "h"]
            .iter()
            .any(|tag| name.starts_with(tag))
        {
            text.push('\n');
        }
    }
    text.push_str(rest);
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&nbsp;", " "),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text, |text, (entity, character)| text.replace(entity, character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_and_tags_go() {
        assert_eq!(
            plain("<p>550 <b>no</b> such user &lt;a@example.org&gt;</p>", 999),
            "\n550 no such user <a@example.org>\n"
        );
        assert_eq!(plain("<style>x{}</style>a<br>b", 999), "a\nb");
        assert_eq!(plain("to <a@example.org> 1 < 2", 999), "to <a@example.org> 1 ");
    }
}
