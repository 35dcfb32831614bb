//! The table of file sizes: median, 90th percentile and longest, per package.

use std::collections::BTreeMap;
use std::fmt;

use super::source::Tree;

/// Lines of the source files of one package, tests and generated files apart.
#[derive(Debug, Default)]
pub struct Size {
    rows: BTreeMap<String, Vec<(usize, String)>>,
}

/// Measures every source file that people wrote.
pub fn sizes(tree: &Tree) -> Size {
    let mut size = Size::default();
    for file in &tree.files {
        if file.is_generated() || file.is_test() {
            continue;
        }
        let package = file.path.split("/src/").next().unwrap_or_default().to_owned();
        let row = (file.text.lines().count(), file.path.clone());
        size.rows.entry("all".to_owned()).or_default().push(row.clone());
        size.rows.entry(package).or_default().push(row);
    }
    size.rows.values_mut().for_each(|rows| rows.sort());
    size
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<28} {:>5} {:>6} {:>4} {:>4}  longest",
            "package", "files", "median", "p90", "max"
        )?;
        for (package, rows) in &self.rows {
            let at = |part: usize| rows.get((rows.len() - 1) * part / 100).map_or(0, |row| row.0);
            let longest = rows.last().map_or("", |row| row.1.as_str());
            writeln!(
                f,
                "{package:<28} {:>5} {:>6} {:>4} {:>4}  {longest}",
                rows.len(),
                at(50),
                at(90),
                at(100)
            )?;
        }
        Ok(())
    }
}
