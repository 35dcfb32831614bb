//! A topic exchange's table: binding patterns as a trie over words.
//!
//! A key is walked once, word by word, with the set of nodes that the words so far can have
//! led to; a thousand patterns cost what the few cost that share the key's words.

use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};

use super::destinations::{Destination, Destinations};

/// Destinations by pattern: `*` is one word, `#` is any number of words, also none.
#[derive(Debug)]
pub(crate) struct TopicTrie {
    nodes: Vec<Node>,
    free: Vec<NodeId>,
}

type NodeId = usize;

const ROOT: NodeId = 0;

#[derive(Debug, Default)]
struct Node {
    words: BTreeMap<Box<[u8]>, NodeId>,
    star: Option<NodeId>,
    hash: Option<NodeId>,
    /// Reached by a `#`: further words may be passed over here.
    is_hash: bool,
    here: Destinations,
}

impl Node {
    fn child(&self, word: &[u8]) -> Option<NodeId> {
        match word {
            b"*" => self.star,
            b"#" => self.hash,
            word => self.words.get(word).copied(),
        }
    }

    fn is_unused(&self) -> bool {
        self.here.is_empty() && self.words.is_empty() && self.star.is_none() && self.hash.is_none()
    }
}

/// A key's words. An empty key has none; two dots in a row have an empty word between them.
fn words(key: &[u8]) -> impl Iterator<Item = &[u8]> {
    let split = (!key.is_empty()).then(|| key.split(|byte| *byte == b'.'));
    split.into_iter().flatten()
}

/// How many words of a pattern are `#`.
pub(crate) fn hash_wildcards(pattern: &[u8]) -> usize {
    words(pattern).filter(|word| *word == b"#").count()
}

impl TopicTrie {
    pub(crate) fn new() -> Self {
        Self { nodes: Vec::from([Node::default()]), free: Vec::new() }
    }

    pub(crate) fn add(&mut self, pattern: &[u8], destination: Destination) {
        let end = words(pattern).fold(ROOT, |node, word| self.child_or_new(node, word));
        if let Some(node) = self.nodes.get_mut(end) {
            node.here.add(destination);
        }
    }

    pub(crate) fn remove(&mut self, pattern: &[u8], destination: Destination) {
        let mut path = Vec::new();
        let mut at = ROOT;
        for word in words(pattern) {
            let Some(next) = self.nodes.get(at).and_then(|node| node.child(word)) else { return };
            path.push((at, word));
            at = next;
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.here.remove(destination);
        }
        for (parent, word) in path.into_iter().rev() {
            if !self.drop_if_unused(parent, word) {
                return;
            }
        }
    }

    /// Adds where a message of that key goes to `found`; a place may come more than once.
    pub(crate) fn find(&self, key: &[u8], found: &mut Vec<Destination>) {
        let mut reached = Vec::new();
        self.reach(ROOT, &mut reached);
        for word in words(key) {
            let mut next = Vec::with_capacity(reached.len());
            for id in &reached {
                let Some(node) = self.nodes.get(*id) else { continue };
                if node.is_hash {
                    self.reach(*id, &mut next);
                }
                for child in [node.words.get(word).copied(), node.star].into_iter().flatten() {
                    self.reach(child, &mut next);
                }
            }
            // Two `#` can reach one node by several ways; once is enough.
            next.sort_unstable();
            next.dedup();
            reached = next;
        }
        let nodes = reached.iter().filter_map(|id| self.nodes.get(*id));
        found.extend(nodes.flat_map(|node| node.here.iter()));
    }

    /// A node is reached, and with it what stands behind a `#` that takes no word.
    fn reach(&self, mut id: NodeId, reached: &mut Vec<NodeId>) {
        loop {
            reached.push(id);
            match self.nodes.get(id).and_then(|node| node.hash) {
                Some(next) => id = next,
                None => return,
            }
        }
    }

    fn child_or_new(&mut self, parent: NodeId, word: &[u8]) -> NodeId {
        if let Some(child) = self.nodes.get(parent).and_then(|node| node.child(word)) {
            return child;
        }
        let node = Node { is_hash: word == b"#", ..Node::default() };
        let child = self.free.pop().unwrap_or_else(|| {
            self.nodes.push(Node::default());
            self.nodes.len() - 1
        });
        if let Some(place) = self.nodes.get_mut(child) {
            *place = node;
        }
        if let Some(parent) = self.nodes.get_mut(parent) {
            match word {
                b"*" => parent.star = Some(child),
                b"#" => parent.hash = Some(child),
                word => drop(parent.words.insert(word.into(), child)),
            }
        }
        child
    }

    fn drop_if_unused(&mut self, parent: NodeId, word: &[u8]) -> bool {
        let Some(child) = self.nodes.get(parent).and_then(|node| node.child(word)) else {
            return false;
        };
        if !self.nodes.get(child).is_some_and(Node::is_unused) {
            return false;
        }
        self.free.push(child);
        if let Some(parent) = self.nodes.get_mut(parent) {
            match word {
                b"*" => parent.star = None,
                b"#" => parent.hash = None,
                word => drop(parent.words.remove(word)),
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
