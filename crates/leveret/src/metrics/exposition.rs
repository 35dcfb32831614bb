//! The Prometheus text format, version 0.0.4.

use std::fmt::{Display, Write as _};

use crate::histogram::Distribution;

/// What a family's samples mean.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// Label names, which are legal, and values, which may hold anything.
pub(super) type Labels<'a> = &'a [(&'a str, &'a str)];

/// Families one after the other, each with its samples together.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
    family: &'static str,
}

impl Exposition {
    /// Begins a family; the samples that follow are its.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.family = name;
        self.text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    pub(super) fn sample(&mut self, labels: Labels<'_>, value: impl Display) {
        self.line("", labels, None, value);
    }

    pub(super) fn histogram(&mut self, labels: Labels<'_>, distribution: &Distribution) {
        for (up_to_ms, count) in &distribution.up_to {
            self.line("_bucket", labels, Some(&seconds(*up_to_ms)), count);
        }
        self.line("_bucket", labels, Some("+Inf"), distribution.count);
        self.line("_sum", labels, None, distribution.sum_secs);
        self.line("_count", labels, None, distribution.count);
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn line(&mut self, suffix: &str, labels: Labels<'_>, le: Option<&str>, value: impl Display) {
        self.text.push_str(self.family);
        self.text.push_str(suffix);
        let bound = le.map(|le| ("le", le));
        for (number, (name, label)) in labels.iter().copied().chain(bound).enumerate() {
            self.text.push(if number == 0 { '{' } else { ',' });
            self.text.push_str(name);
            self.text.push_str("=\"");
            self.escape(label);
            self.text.push('"');
        }
        let end = if labels.is_empty() && le.is_none() { "" } else { "}" };
        // A string takes whatever is written to it.
        writeln!(self.text, "{end} {value}").ok();
    }

    fn escape(&mut self, label: &str) {
        for c in label.chars() {
            match c {
                '\\' => self.text.push_str("\\\\"),
                '"' => self.text.push_str("\\\""),
                '\n' => self.text.push_str("\\n"),
                c => self.text.push(c),
            }
        }
    }
}

/// Milliseconds as seconds, without an end of zeros.
fn seconds(millis: u64) -> String {
    let (whole, rest) = (millis / 1_000, millis % 1_000);
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{rest:03}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_bounds_are_seconds() {
        let mut out = Exposition::default();
        out.family("depth", Kind::Gauge, "How deep.");
        out.sample(&[("name", "a\"b\\c\nd\u{e9}")], 7);
        out.sample(&[], 1.5);
        assert_eq!(
            out.into_text(),
            "# HELP depth How deep.\n# TYPE depth gauge\ndepth{name=\"a\\\"b\\\\c\\nd\u{e9}\"} 7\ndepth 1.5\n"
        );
        assert_eq!(
            [5, 250, 1_000, 2_500, 604_800_000].map(seconds).join(" "),
            "0.005 0.25 1 2.5 604800"
        );
    }
}
