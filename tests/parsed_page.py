"""A page as a browser reads it: by a parser, not by looking for text."""

from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "img", "br", "input", "hr", "rect"}


class Page(HTMLParser):
    """The tags, attributes and text of a page; fails where tags do not match."""

    def __init__(self, path: Path):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.open = "", []
        self.feed(path.read_text(encoding="utf-8"))
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data

    def all(self, name, **wanted):
        return [a for tag, a in self.tags if tag == name and all(a.get(k) == v for k, v in wanted.items())]
