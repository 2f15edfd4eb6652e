"""How Sphinx makes the site from this folder; `make docs` runs it, and any warning is an error."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

project = "candlesql"
author = "the candlesql developers"
copyright = author
version = release = version_of("candlesql")

extensions = ["myst_nb", "lineage", "closed"]
exclude_patterns = ["extensions", "make_*.py", "conf.py"]
nitpicky = True

# Links to headings are checked as GitHub writes them.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]

# A tutorial is Python with its text in comments (Jupytext's percent form); it runs at every build, in its own folder.
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "force"
nb_execution_in_temp = True
# Of a cell; a tutorial takes less than two minutes on a quiet machine.
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_merge_streams = True
# Bars of progress.
nb_output_stderr = "remove"

html_theme = "furo"
html_title = f"candlesql {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
# DuckDB's `from VIEW` and `qualify` are not in Pygments' SQL; a word that it does not know is no error of the page.
suppress_warnings = ["misc.highlighting_failure"]
