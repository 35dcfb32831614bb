//! The text format of Prometheus, version 0.0.4.

use std::fmt::Write;

use crate::figures::Snapshot;

/// The protocol that messages come by.
pub(super) const PROTOCOL: [(&str, &str); 1] = [("protocol", "amqp091")];

/// Families of samples as text; each family stands together.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
}

/// What kind of numbers a family has.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// They only grow.
    Counter,
    Gauge,
    Histogram,
}

/// Names and values that tell samples of one family apart.
pub(super) type Labels<'a> = [(&'a str, &'a str)];

impl Exposition {
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Begins a family.
    pub(super) fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    /// A sample of the family that was begun last.
    pub(super) fn sample(&mut self, name: &str, labels: &Labels<'_>, value: impl Into<Number>) {
        self.text.push_str(name);
        for (index, (label, value)) in labels.iter().enumerate() {
            self.text.push(if index == 0 { '{' } else { ',' });
            self.text.push_str(label);
            self.text.push_str("=\"");
            self.push_escaped(value);
            self.text.push('"');
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        match value.into() {
            Number::Whole(number) => self.line(format_args!(" {number}")),
            Number::Real(number) => self.line(format_args!(" {number}")),
        }
    }

    /// A family of one sample.
    pub(super) fn one(
        &mut self,
        (name, kind, help): (&str, Kind, &str),
        labels: &Labels<'_>,
        value: impl Into<Number>,
    ) {
        self.family(name, kind, help);
        self.sample(name, labels, value);
    }

    /// A family of one histogram.
    pub(super) fn histogram(&mut self, (name, help): (&str, &str), found: &Snapshot) {
        self.family(name, Kind::Histogram, help);
        let bucket = format!("{name}_bucket");
        for (bound, count) in &found.upto {
            self.sample(&bucket, &[("le", &bound.to_string())], *count);
        }
        self.sample(&bucket, &[("le", "+Inf")], found.count);
        self.sample(&format!("{name}_sum"), &[], found.sum);
        self.sample(&format!("{name}_count"), &[], found.count);
    }

    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        // A string takes all that is written to it.
        writeln!(self.text, "{text}").ok();
    }

    fn push_escaped(&mut self, value: &str) {
        for letter in value.chars() {
            match letter {
                '\\' => self.text.push_str("\\\\"),
                '"' => self.text.push_str("\\\""),
                '\n' => self.text.push_str("\\n"),
                other => self.text.push(other),
            }
        }
    }
}

/// The value of a sample.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Whole(u64),
    Real(f64),
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self::Whole(number)
    }
}

impl From<usize> for Number {
    fn from(number: usize) -> Self {
        Self::Whole(number as u64)
    }
}

impl From<bool> for Number {
    fn from(flag: bool) -> Self {
        Self::Whole(flag.into())
    }
}

impl From<f64> for Number {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_give_break_no_line() {
        let mut exposition = Exposition::default();
        let family = ("up", Kind::Gauge, "Whether it is up.");
        exposition.one(family, &[("vhost", "a\"b\\c\nd"), ("queue", "q")], 1_u64);
        let expected = "# HELP up Whether it is up.\n# TYPE up gauge\n\
                        up{vhost=\"a\\\"b\\\\c\\nd\",queue=\"q\"} 1\n";
        assert_eq!(exposition.into_text(), expected);
    }
}
