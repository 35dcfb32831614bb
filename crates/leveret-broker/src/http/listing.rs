//! Lists as the query wants them: some columns, sorted, a page at a time.

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use axum::Json;
use leveret_engine::{Listing, Page};
use leveret_protocol::ShortStr;
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value, json};

use super::refusal::Refusal;
use crate::shared::Shared;

/// Items asked of an engine at a time.
const PAGE_ITEMS: usize = 500;

/// Items of one list; what is beyond it is not listed.
const ITEMS_MAX: usize = 100_000;

/// Items of one page of an answer.
const PAGE_SIZE_MAX: usize = 500;

/// What a compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 1 << 20;

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

/// How much of each item a request for a list wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    /// What it was declared with.
    Declared,
    /// Beside it how many messages there are.
    Totals,
    /// All.
    All,
}

impl Detail {
    pub(super) fn of(query: &Query) -> Self {
        match (has(query, "disable_stats"), has(query, "enable_queue_totals")) {
            (false, _) => Self::All,
            (true, true) => Self::Totals,
            (true, false) => Self::Declared,
        }
    }
}

/// Whether the query has that flag set.
fn has(query: &Query, flag: &str) -> bool {
    query.0.get(flag).is_some_and(|value| value == "true")
}

/// The columns that the query wants; all, if it names none.
fn columns(query: &Query) -> Option<Vec<&str>> {
    query.0.get("columns").map(|text| text.split(',').collect())
}

/// The answer to a request for one thing.
pub(super) fn one(query: &Query, item: Value) -> Json<Value> {
    Json(match columns(query) {
        Some(columns) => projected(&item, &columns),
        None => item,
    })
}

/// The answer to a request for a list.
pub(super) fn answer(query: Query, mut items: Vec<Value>) -> Result<Json<Value>, Refusal> {
    match query.0.get("sort").filter(|key| !key.is_empty()) {
        Some(key) => items.sort_by(|one, other| compare(at(one, key), at(other, key))),
        None => items.sort_by(|one, other| {
            let by = |key| compare(one.get(key), other.get(key));
            by("vhost").then_with(|| by("name"))
        }),
    }
    if has(&query, "sort_reverse") {
        items.reverse();
    }
    let columns = columns(&query);
    let shown = |item: Value| match &columns {
        Some(columns) => projected(&item, columns),
        None => item,
    };
    let Some(request) = PageRequest::of(&query)? else {
        return Ok(Json(items.into_iter().map(shown).collect()));
    };
    let total_count = items.len();
    if let Some(regex) = &request.name {
        items.retain(|item| {
            at(item, "name").and_then(Value::as_str).is_some_and(|name| regex.is_match(name))
        });
    }
    let PageRequest { page, page_size, .. } = request;
    let filtered_count = items.len();
    let page_count = filtered_count.div_ceil(page_size).max(1);
    if page > page_count {
        return Err(Refusal::pagination(
            "page_out_of_range",
            format!(
                "Page out of range, page: {page} page size: {page_size}, len: {filtered_count}"
            ),
        ));
    }
    let items: Vec<Value> =
        items.into_iter().skip((page - 1) * page_size).take(page_size).map(shown).collect();
    Ok(Json(json!({
        "total_count": total_count, "filtered_count": filtered_count, "item_count": items.len(),
        "page": page, "page_size": page_size, "page_count": page_count, "items": items,
    })))
}

/// A page that a query wants, of the items with such a name.
#[derive(Debug)]
struct PageRequest {
    page: usize,
    page_size: usize,
    name: Option<Regex>,
}

impl PageRequest {
    /// Nothing, if the whole list is wanted.
    fn of(query: &Query) -> Result<Option<Self>, Refusal> {
        let of = |key: &str| query.0.get(key);
        let Some(page) = of("page") else { return Ok(None) };
        let invalid = || {
            let size = of("page_size").map_or("undefined", String::as_str);
            let error = "invalid_pagination_parameters";
            let reason =
                format!("Invalid pagination parameters: page number {page}, page size {size}");
            Refusal::pagination(error, reason)
        };
        let number = |text: &String| text.parse::<usize>().ok().filter(|number| *number > 0);
        let page = number(page).ok_or_else(invalid)?;
        let page_size = match of("page_size") {
            Some(size) => number(size).filter(|size| *size <= PAGE_SIZE_MAX).ok_or_else(invalid)?,
            None => 100,
        };
        let name = of("name").filter(|name| !name.is_empty());
        let name = name.map(|name| pattern(name, has(query, "use_regex"))).transpose()?;
        Ok(Some(Self { page, page_size, name }))
    }
}

/// A peer's pattern: its size is bounded, and matching takes time linear in the name.
fn pattern(name: &str, is_regex: bool) -> Result<Regex, Refusal> {
    let text = if is_regex { name.to_owned() } else { regex::escape(name) };
    RegexBuilder::new(&text)
        .case_insensitive(!is_regex)
        .size_limit(PATTERN_BYTES_MAX)
        .dfa_size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|_| Refusal::bad_request("`name` is no regular expression"))
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
