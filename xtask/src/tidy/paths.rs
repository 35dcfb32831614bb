//! The paths that a file names: what it uses of its crate, and what it shows on.

use syn::visit::{self, Visit};

/// `crates/x/src/a/b.rs` is `crates/x`, `a`, `b`; `mod.rs`, `lib.rs` and `main.rs` stand for
/// their folder.
pub(super) type ModulePath = Vec<String>;

pub(super) fn module_path(file: &str) -> ModulePath {
    let (package, inner) = file.split_once("/src/").unwrap_or((file, ""));
    let mut parts = vec![package.to_owned()];
    parts.extend(inner.trim_end_matches(".rs").split('/').map(str::to_owned));
    if parts.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        parts.pop();
    }
    parts
}

/// What `read` found in one file.
pub(super) struct Paths {
    here: ModulePath,
    children: Vec<String>,
    /// Paths used, whole from the package on.
    pub(super) used: Vec<ModulePath>,
    /// Names shown on by `pub use`: the name as others see it, and where it comes from.
    pub(super) shown: Vec<(ModulePath, ModulePath)>,
}

pub(super) fn read(here: &ModulePath, text: &str) -> Paths {
    let mut paths =
        Paths { here: here.clone(), children: Vec::new(), used: Vec::new(), shown: Vec::new() };
    if let Ok(syntax) = syn::parse_file(text) {
        let module = |item: &syn::Item| {
            let syn::Item::Mod(module) = item else { return None };
            Some(module.ident.to_string())
        };
        paths.children = syntax.items.iter().filter_map(module).collect();
        paths.visit_file(&syntax);
    }
    paths
}

impl Paths {
    /// The whole path, if it leads into this crate.
    fn resolve(&self, segments: &[String]) -> Option<ModulePath> {
        let first = segments.first()?;
        let mut whole = match first.as_str() {
            "crate" => self.here.first().cloned().into_iter().collect(),
            "self" | "super" => self.here.clone(),
            name if self.children.iter().any(|child| child == name) => self.here.clone(),
            _ => return None,
        };
        for segment in segments {
            match segment.as_str() {
                "crate" | "self" => {}
                "super" => drop(whole.pop()),
                name => whole.push(name.to_owned()),
            }
        }
        Some(whole)
    }

    fn import(&mut self, prefix: &[String], tree: &syn::UseTree, is_shown: bool) {
        let mut path = prefix.to_vec();
        let name = match tree {
            syn::UseTree::Path(part) => {
                path.push(part.ident.to_string());
                return self.import(&path, &part.tree, is_shown);
            }
            syn::UseTree::Group(group) => {
                return group.items.iter().for_each(|item| self.import(prefix, item, is_shown));
            }
            syn::UseTree::Name(part) => {
                path.push(part.ident.to_string());
                part.ident.to_string()
            }
            syn::UseTree::Rename(part) => {
                path.push(part.ident.to_string());
                part.rename.to_string()
            }
            syn::UseTree::Glob(_) => "*".to_owned(),
        };
        let Some(whole) = self.resolve(&path) else { return };
        if is_shown {
            let seen_as = self.here.iter().cloned().chain([name]).collect();
            self.shown.push((seen_as, whole));
        } else {
            self.used.push(whole);
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let is_shown = !matches!(item.vis, syn::Visibility::Inherited);
        self.import(&[], &item.tree, is_shown);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if segments.len() > 1 {
            self.used.extend(self.resolve(&segments));
        }
        visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let is_for_tests = item.attrs.iter().any(|attribute| attribute.path().is_ident("cfg"));
        if item.content.is_some() && !is_for_tests {
            self.here.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.here.pop();
        }
    }
}
