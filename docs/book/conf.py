"""Settings of the web book. `python -m tools.site` puts its pages together and calls Sphinx."""

import re

from myst_nb.core.render import NbElementRenderer

REPOSITORY = "https://github.com/OWNER/REPO"

project = "Broadcast to Transformer"
html_title = project
language = "en"
extensions = ["myst_nb", "sphinx_copybutton"]

nb_execution_mode = "off"  # the outputs that the notebooks store
nb_merge_streams = True
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 3

mathjax_path = "mathjax/tex-mml-chtml.js"  # out of the package sphinx-mathjax-offline
mathjax_options = {"defer": "defer"}

html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}  # dark or light, as the reader's system is
html_copy_source = True
html_show_copyright = False
html_last_updated_fmt = None
html_theme_options = {
    "repository_url": REPOSITORY,
    "repository_branch": "main",
    "path_to_docs": "",
    "use_repository_button": True,
    "use_download_button": True,
    "use_fullscreen_button": False,
    "home_page_in_toc": True,
    "show_navbar_depth": 1,
    "show_toc_level": 1,
    "launch_buttons": {
        "colab_url": "https://colab.research.google.com",
        "binderhub_url": "https://mybinder.org",
        "notebook_interface": "jupyterlab",
        "jupyterlite_url": "../lite/lab/index.html",  # from notebooks/ to where --lite puts it
    },
}
copybutton_selector = "div:not(.output) > div.highlight pre"  # of code, not of what it printed

_render_image = NbElementRenderer.render_image


def render_image(self, data):
    """What myst-nb makes of a picture, with the description that stands in its metadata."""
    nodes = _render_image(self, data)
    description = data.output_metadata.get(data.mime_type, {}).get("alt")
    for node in nodes if description else []:
        node["alt"] = description
    return nodes


NbElementRenderer.render_image = render_image


def without_plain_spans(app, page, template, context, doctree):
    """Leave out what marks names and punctuation in code: they have the color of all code."""
    if "body" in context:
        context["body"] = re.sub(r'<span class="[np]">(.*?)</span>', r"\1", context["body"])


def setup(app):
    """Called by Sphinx."""
    app.connect("html-page-context", without_plain_spans)
