//! What a rule says of functions and imports, read from the syntax tree.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::source::{Finding, Source};

/// Rule 3: the wall of a function, in lines from its signature to its brace.
const FUNCTION_LINES_MAX: usize = 70;

pub(super) fn check(file: &Source, findings: &mut Vec<Finding>) {
    if file.is_generated() {
        return;
    }
    let syntax = match syn::parse_file(&file.text) {
        Ok(syntax) => syntax,
        Err(error) => {
            let line = error.span().start().line;
            findings.push(file.finding(line, format!("cannot be parsed: {error}")));
            return;
        }
    };
    Reader { file, findings, depth: 0 }.visit_file(&syntax);
}

struct Reader<'a> {
    file: &'a Source,
    findings: &'a mut Vec<Finding>,
    depth: usize,
}

impl Reader<'_> {
    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let (name, start) = (&signature.ident, signature.span().start().line);
        let lines = block.span().end().line - start + 1;
        if lines > FUNCTION_LINES_MAX {
            let text =
                format!("rule 3: `{name}` has {lines} lines, the wall is {FUNCTION_LINES_MAX}");
            self.findings.push(self.file.finding(start, text));
        }
    }

    fn glob(&mut self, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                let tests_own = path.ident == "super" && self.file.text.contains("cfg(test)");
                let prelude = path.ident == "prelude";
                if !tests_own && !prelude && !self.file.is_test() {
                    self.glob(&path.tree);
                }
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.glob(item)),
            syn::UseTree::Glob(star) => {
                let line = star.span().start().line;
                self.findings.push(self.file.finding(line, "rule 7: a glob import"));
            }
            syn::UseTree::Name(_) | syn::UseTree::Rename(_) => {}
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block);
        self.depth += 1;
        visit::visit_item_fn(self, item);
        self.depth -= 1;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block);
        self.depth += 1;
        visit::visit_impl_item_fn(self, item);
        self.depth -= 1;
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if self.depth > 0 {
            let line = item.span().start().line;
            self.findings.push(self.file.finding(line, "rule 7: an import inside a function"));
        }
        self.glob(&item.tree);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let depth = std::mem::take(&mut self.depth);
        visit::visit_item_mod(self, item);
        self.depth = depth;
    }
}
