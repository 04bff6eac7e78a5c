//! Elements as a tree in which copies cost nothing until they are changed.
//!
//! Each node knows the node that it was copied from, so that a slice can begin as what the
//! base says, whatever the differential has said of the sliced element meanwhile.

use std::rc::Rc;

use crate::definition::Element;

/// A node of a [`Tree`].
pub(super) type NodeId = u32;

#[derive(Debug, Clone)]
struct Node {
    /// The last part of the element's id, such as `coding:jlac10`.
    segment: Rc<str>,
    element: Rc<Element>,
    children: Vec<NodeId>,
    /// The untouched node that it is a copy of; untouched nodes have none.
    origin: Option<NodeId>,
}

/// The elements of one definition on their way from base to snapshot.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// How many slices and elements were begun that the base does not have.
    begun: usize,
}

impl Tree {
    /// Plants the elements of a snapshot, untouched; none if there are no elements.
    pub(super) fn plant(&mut self, elements: &[Rc<Element>]) -> Option<NodeId> {
        let first = self.nodes.len() as NodeId;
        // The elements come parents first, so that the parent is one of those still open.
        let mut open: Vec<(&str, NodeId)> = Vec::new();
        for element in elements {
            let (parent, segment) = match element.id.rsplit_once('.') {
                Some((parent, segment)) => (Some(parent), segment),
                None => (None, element.id.as_str()),
            };
            let node = self.nodes.len() as NodeId;
            if node != first {
                let Some(place) = open.iter().rposition(|(id, _)| Some(*id) == parent) else {
                    // An element without parent has no place in a snapshot.
                    continue;
                };
                open.truncate(place + 1);
                self.nodes[open[place].1 as usize].children.push(node);
            }
            open.push((&element.id, node));
            let (segment, element) = (Rc::from(segment), Rc::clone(element));
            self.nodes.push(Node { segment, element, children: Vec::new(), origin: None });
        }
        (self.nodes.len() as NodeId > first).then_some(first)
    }

    /// A copy of an untouched node with all below it, to be worked on.
    pub(super) fn copy(&mut self, untouched: NodeId) -> NodeId {
        let root = self.copy_node(untouched);
        let mut open = vec![root];
        while let Some(node) = open.pop() {
            for index in 0..self.children(node).len() {
                let child = self.copy_node(self.children(node)[index]);
                self.nodes[node as usize].children[index] = child;
                open.push(child);
            }
        }
        root
    }

    fn copy_node(&mut self, untouched: NodeId) -> NodeId {
        let copy = Node { origin: Some(untouched), ..self.nodes[untouched as usize].clone() };
        self.nodes.push(copy);
        self.nodes.len() as NodeId - 1
    }

    /// The untouched node behind a copy.
    pub(super) fn origin(&self, node: NodeId) -> NodeId {
        self.nodes[node as usize].origin.unwrap_or(node)
    }

    pub(super) fn element(&self, node: NodeId) -> &Element {
        &self.nodes[node as usize].element
    }

    pub(super) fn element_mut(&mut self, node: NodeId) -> &mut Element {
        Rc::make_mut(&mut self.nodes[node as usize].element)
    }

    pub(super) fn children(&self, node: NodeId) -> &[NodeId] {
        &self.nodes[node as usize].children
    }

    pub(super) fn segment(&self, node: NodeId) -> &str {
        &self.nodes[node as usize].segment
    }

    /// The child with this segment.
    pub(super) fn child(&self, node: NodeId, segment: &str) -> Option<NodeId> {
        self.children(node).iter().copied().find(|child| self.segment(*child) == segment)
    }

    /// Lets copies of all children of an untouched node grow below a node that has none.
    pub(super) fn graft(&mut self, node: NodeId, untouched: NodeId) {
        let children = self.children(untouched).to_vec();
        let children = children.into_iter().map(|child| self.copy(child)).collect();
        self.nodes[node as usize].children = children;
    }

    /// Adds a slice behind the last one of its element.
    pub(super) fn add_slice(&mut self, parent: NodeId, slice: NodeId, segment: &str) {
        self.begun += 1;
        self.nodes[slice as usize].segment = Rc::from(segment);
        let name = name_of(segment);
        let siblings = self.children(parent);
        let last = siblings.iter().rposition(|child| name_of(self.segment(*child)) == name);
        let place = last.map_or(siblings.len(), |last| last + 1);
        self.nodes[parent as usize].children.insert(place, slice);
    }

    /// Adds an element that the base does not have.
    pub(super) fn add_child(&mut self, parent: NodeId, segment: &str) -> NodeId {
        self.begun += 1;
        let child = self.nodes.len() as NodeId;
        let (segment, element) = (Rc::from(segment), Rc::default());
        self.nodes.push(Node { segment, element, children: Vec::new(), origin: None });
        self.nodes[parent as usize].children.push(child);
        child
    }

    /// How many slices and elements were begun that the base does not have.
    pub(super) fn begun(&self) -> usize {
        self.begun
    }

    /// Whether an element was added here rather than copied from the base.
    pub(super) fn is_new(&self, node: NodeId) -> bool {
        self.nodes[node as usize].origin.is_none()
    }

    pub(super) fn rename(&mut self, node: NodeId, segment: &str) {
        self.nodes[node as usize].segment = Rc::from(segment);
    }

    /// The elements from a node on in order, with ids and paths spelled out.
    pub(super) fn flatten(&self, root: NodeId) -> Vec<Element> {
        let mut elements = Vec::with_capacity(self.nodes.len() / 2);
        let mut open = vec![(root, String::new(), String::new())];
        while let Some((node, mut id, mut path)) = open.pop() {
            let segment = self.segment(node);
            if !id.is_empty() {
                id.push('.');
                path.push('.');
            }
            id.push_str(segment);
            path.push_str(name_of(segment));
            let children = self.children(node).iter().rev();
            open.extend(children.map(|child| (*child, id.clone(), path.clone())));
            elements.push(Element { id, path, ..self.element(node).clone() });
        }
        elements
    }
}

/// `coding:jlac10` → `coding`.
pub(super) fn name_of(segment: &str) -> &str {
    segment.split_once(':').map_or(segment, |(name, _)| name)
}
