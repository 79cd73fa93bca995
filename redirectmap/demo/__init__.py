"""The demo: two sample sites on loopback, and a whole migration between them.

`content` reads what we wrote, `pages` turns it into the two sites, `site_server`
serves them, `materials` makes the exports, `stages` runs the migration with the
same chain as `redirectmap run`.
"""

from redirectmap.demo.content import Record, fixtures_folder, read_content
from redirectmap.demo.pages import new_site, old_site
from redirectmap.demo.site_server import Answer, Site, serve

__all__ = [
    "Answer",
    "Record",
    "Site",
    "fixtures_folder",
    "new_site",
    "old_site",
    "read_content",
    "serve",
]
