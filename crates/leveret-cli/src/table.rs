//! A list of objects as a table for people: no colours, no lines, a header.

use serde_json::Value;

use crate::printable;

/// The items with these columns, aligned.
pub(crate) fn table(items: &[Value], columns: &[&str]) -> String {
    let mut rows = vec![columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>()];
    for item in items {
        rows.push(columns.iter().map(|column| cell(at(item, column))).collect());
    }
    let width = |index: usize| {
        rows.iter().filter_map(|row| row.get(index)).map(|text| text.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns.len()).map(|index| width(index).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn at<'a>(item: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(item, |item, key| item.get(key))
}

/// One value; what a peer chose cannot move the cursor.
fn cell(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => return String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => {
            list.iter().map(|item| cell(Some(item))).collect::<Vec<_>>().join(",")
        }
        Some(value) => value.to_string(),
    };
    printable::line(&text)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_aligned_and_escapes_are_shown() {
        let items = [
            json!({ "name": "jobs", "messages": 12, "tags": ["a", "b"] }),
            json!({ "name": "\u{1b}[2J", "owner": { "name": "x" } }),
        ];
        expect![[r#"
            name       messages  tags  owner.name
            jobs       12        a,b
            \u{1b}[2J                  x
        "#]]
        .assert_eq(&table(&items, &["name", "messages", "tags", "owner.name"]));
    }
}
