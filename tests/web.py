"""A web server for a folder of pages, and what a page of HTML holds."""

from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urldefrag, urlsplit

LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_):
        """Leave the terminal to the tests."""


@contextmanager
def served(folder):
    """Serve a folder on this machine alone for the time of the block; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Page(HTMLParser):
    """What an HTML file holds: its ids, links, pictures, folds, and what it loads."""

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)
        self.ids, self.links, self.pictures, self.loaded, self.folds = set(), [], [], [], 0
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        """Note what a tag brings."""
        attributes = dict(attributes)
        self.ids.add(attributes.get("id"))
        self.folds += tag == "details"
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        if tag == "img":
            self.pictures.append((attributes.get("src", ""), attributes.get("alt", "")))
        if attributes.get(LOADED.get(tag)):
            self.loaded.append(attributes[LOADED[tag]])


def broken(page, pages, root):
    """The links of a page that lead nowhere inside the site; what lies outside is left out.

    pages: {path: Page} of the whole site. root: its folder.
    """
    found = []
    for link in [*page.links, *page.loaded]:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc or not link.strip("#"):
            continue
        path, place = urldefrag(link)
        path = unquote(urlsplit(path).path)
        target = (page.path.parent / path).resolve() if path else page.path
        if target.is_dir():
            target /= "index.html"
        if not target.is_relative_to(root) or not target.exists():
            found.append(link)
        elif place and target in pages and unquote(place) not in pages[target].ids:
            found.append(link)
    return found
