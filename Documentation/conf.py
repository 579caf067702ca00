# SPDX-License-Identifier: MIT
"""How Sphinx makes the HTML pages: `make htmldocs` runs it in a copy of this folder, in which
the pages of the API are made from the headers, and the man pages have their version.

The pages name each other, functions and man pages in plain text, so that they read well
without Sphinx.  A transform makes links of these names."""

import os
import re

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

project = "Sluice"
author = "the authors of Sluice"
copyright = author
version = release = os.environ.get("VERSION", "")
today = os.environ.get("DATE", "")

extensions = []
primary_domain = "c"
highlight_language = "none"
exclude_patterns = ["examples/*", "packaging/*"]

html_theme = "alabaster"
html_title = f"Sluice {version}"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "description": "zero-copy request-response between the processes of one host",
    "page_width": "1100px",
    "sidebar_width": "260px",
    "fixed_sidebar": True,
    "font_family": "sans-serif",
}
html_sidebars = {"**": ["about.html", "searchbox.html", "navigation.html"]}

PAGE = re.compile(r"([a-z0-9-]+(?:/[a-z0-9-]+)*)\.rst")
MANUAL = re.compile(r"(sluice[a-z.-]*)\(([157])\)")
NAME = re.compile(r"(?:struct |enum )?((?:sluice|SLUICE)_[A-Za-z0-9_]+)(?:\(\))?")
ANY = re.compile(r"\b[a-z0-9/-]+\.rst\b|\bsluice[a-z.-]*\([157]\)|\b(?:sluice|SLUICE)_\w+\(\)")


class Names(SphinxPostTransform):
    """Makes links of names of pages, of man pages, and of what is in the headers."""

    default_priority = 5

    def run(self, **kwargs):
        objects = self.env.get_domain("c").data["root_symbol"].get_all_symbols()
        self.known = {str(s.ident): s.docname for s in objects if s.ident and s.docname}
        for text in list(self.document.findall(nodes.Text)):
            if self.may_be_linked(text):
                self.link(text)

    def may_be_linked(self, text):
        node = text.parent
        while node is not None:
            if isinstance(node, (nodes.reference, nodes.title, nodes.literal_block,
                                 nodes.comment, addnodes.desc_signature)):
                return False
            node = node.parent
        return True

    def link(self, text):
        if isinstance(text.parent, nodes.literal):
            self.link_literal(text.parent)
            return
        self.join_manual(text)
        pieces, end = [], 0
        for match in ANY.finditer(text):
            uri = self.target(match.group(0))
            if uri:
                pieces += [nodes.Text(text[end:match.start()]),
                           self.reference(uri, nodes.Text(match.group(0)))]
                end = match.end()
        if pieces:
            text.parent.replace(text, pieces + [nodes.Text(text[end:])])

    def join_manual(self, text):
        """**sluice-ls**\\ (1), as the man pages write it: the name is in a node of its own."""
        before = text.parent.children[text.parent.index(text) - 1]
        if not isinstance(before, nodes.strong) or not re.match(r"\((1|5|7)\)", text):
            return
        if uri := self.uri(f"man/{before.astext()}.{text[1]}"):
            before.replace_self(self.reference(uri, before.deepcopy()))

    def link_literal(self, literal):
        uri = self.target(literal.astext())
        if uri:
            literal.replace_self(self.reference(uri, literal.deepcopy()))

    def target(self, text):
        if match := NAME.fullmatch(text):
            page = self.known.get(match.group(1))
            return page and self.uri(page, "#c." + match.group(1))
        if match := MANUAL.fullmatch(text):
            return self.uri(f"man/{match.group(1)}.{match.group(2)}")
        if match := PAGE.fullmatch(text):
            return self.page(match.group(1))
        return None

    def page(self, name):
        here = os.path.dirname(self.env.docname)
        for page in (os.path.normpath(os.path.join(here, name)), name):
            if uri := self.uri(page):
                return uri
        return None

    def uri(self, page, anchor=""):
        """None if there is no such page, or it is this one and nothing in it is meant."""
        if page not in self.env.all_docs or (page == self.env.docname and not anchor):
            return None
        return self.app.builder.get_relative_uri(self.env.docname, page) + anchor

    @staticmethod
    def reference(uri, node):
        reference = nodes.reference("", "", internal=True, refuri=uri)
        reference += node
        return reference


def setup(app):
    app.add_post_transform(Names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
