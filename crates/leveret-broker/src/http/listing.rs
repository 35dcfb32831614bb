//! Lists as the query wants them: some columns, sorted, a page at a time.

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use axum::Json;
use leveret_engine::{Listing, Page};
use leveret_protocol::ShortStr;
use regex::RegexBuilder;
use serde_json::{Map, Value, json};

use super::refusal::Refusal;
use crate::shared::Shared;

/// Items asked of an engine at a time.
const PAGE_ITEMS: usize = 500;

/// Items of one list; what is beyond it is not listed.
const ITEMS_MAX: usize = 100_000;

/// Items of one page of an answer.
const PAGE_SIZE_MAX: usize = 500;

/// The query of a request.
pub(super) type Query = axum::extract::Query<BTreeMap<String, String>>;

/// All that an engine lists, page by page: between two pages it works on.
pub(super) async fn ask(
    shared: &Arc<Shared>,
    virtual_host: &str,
    listing: Listing,
) -> Result<Vec<Page>, Refusal> {
    let missing = || Refusal::not_found(format!("virtual host `{virtual_host}` does not exist"));
    let ingress = shared.hosts.ingress(&ShortStr::truncated(virtual_host)).ok_or_else(missing)?;
    let (mut pages, mut after) = (Vec::new(), 0);
    while pages.len() * PAGE_ITEMS < ITEMS_MAX {
        let (page, next) = ingress.page(listing, after, PAGE_ITEMS).await.ok_or_else(missing)?;
        pages.push(page);
        let Some(cursor) = next else { break };
        after = cursor;
    }
    Ok(pages)
}

/// The answer to a request for a list.
pub(super) fn answer(
    Query { 0: query }: Query,
    mut items: Vec<Value>,
) -> Result<Json<Value>, Refusal> {
    if let Some(key) = query.get("sort") {
        items.sort_by(|one, other| compare(at(one, key), at(other, key)));
        if query.get("sort_reverse").is_some_and(|reverse| reverse == "true") {
            items.reverse();
        }
    }
    let columns: Option<Vec<&str>> = query.get("columns").map(|text| text.split(',').collect());
    let shown = |item: Value| match &columns {
        Some(columns) => projected(&item, columns),
        None => item,
    };
    let Some(page) = query.get("page") else {
        return Ok(Json(items.into_iter().map(shown).collect()));
    };
    let number = |text: &String| text.parse::<usize>().ok().filter(|number| *number > 0);
    let invalid = || Refusal::bad_request("invalid_pagination_parameters");
    let page = number(page).ok_or_else(invalid)?;
    let page_size = match query.get("page_size") {
        Some(size) => number(size).filter(|size| *size <= PAGE_SIZE_MAX).ok_or_else(invalid)?,
        None => 100,
    };
    let total_count = items.len();
    if let Some(name) = query.get("name").filter(|name| !name.is_empty()) {
        let is_regex = query.get("use_regex").is_some_and(|flag| flag == "true");
        let pattern = if is_regex { name.clone() } else { regex::escape(name) };
        let regex = RegexBuilder::new(&pattern)
            .case_insensitive(!is_regex)
            .size_limit(1 << 20)
            .build()
            .map_err(|_| Refusal::bad_request("`name` is no regular expression"))?;
        items.retain(|item| {
            at(item, "name").and_then(Value::as_str).is_some_and(|name| regex.is_match(name))
        });
    }
    let filtered_count = items.len();
    let page_count = filtered_count.div_ceil(page_size).max(1);
    if page > page_count {
        return Err(Refusal::bad_request(format!(
            "page_out_of_range, page: {page} page size: {page_size}"
        )));
    }
    let items: Vec<Value> =
        items.into_iter().skip((page - 1) * page_size).take(page_size).map(shown).collect();
    Ok(Json(json!({
        "total_count": total_count, "filtered_count": filtered_count, "item_count": items.len(),
        "page": page, "page_size": page_size, "page_count": page_count, "items": items,
    })))
}

/// What is at a path such as `owner.name`.
fn at<'a>(item: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(item, |item, key| item.get(key))
}

fn compare(one: Option<&Value>, other: Option<&Value>) -> Ordering {
    match (one, other) {
        (Some(Value::Number(one)), Some(Value::Number(other))) => {
            one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Some(one), Some(other)) => match (one.as_str(), other.as_str()) {
            (Some(one), Some(other)) => one.cmp(other),
            _ => one.to_string().cmp(&other.to_string()),
        },
        (one, other) => one.is_some().cmp(&other.is_some()),
    }
}

/// The item with those columns alone.
fn projected(item: &Value, columns: &[&str]) -> Value {
    let mut kept = Map::new();
    for column in columns {
        if let Some(value) = at(item, column) {
            let mut place = &mut kept;
            let mut keys = column.split('.').peekable();
            while let Some(key) = keys.next() {
                if keys.peek().is_none() {
                    place.insert(key.to_owned(), value.clone());
                    break;
                }
                let inner = place.entry(key).or_insert_with(|| Value::Object(Map::new()));
                let Value::Object(inner) = inner else { break };
                place = inner;
            }
        }
    }
    Value::Object(kept)
}
