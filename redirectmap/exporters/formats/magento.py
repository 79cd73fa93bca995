"""Rules for Magento: the columns of the table url_rewrite, as CSV.

Source  Magento_UrlRewrite schema: request_path and target_path have 255 characters.
"""

from __future__ import annotations

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options
from redirectmap.exporters.rules import RuleSet
from redirectmap.exporters.text import HOME, Files, csv_bytes, csv_rows, said

HEAD = ("entity_type", "request_path", "target_path", "redirect_type", "store_id")


def render(rules: RuleSet, _options: Options) -> Files:
    """Spell the rules: magento.csv."""
    rows = [("custom", r.path[1:], r.target, r.status, 1) for r in rules.rules]
    return {"magento.csv": csv_bytes([HEAD, *rows])}


def reread(files: Files) -> dict[str, str]:
    """Read our own file back: path to answer."""
    return {f"/{r[1]}": said(r[3], r[2]) for r in csv_rows(files["magento.csv"])[1:]}


EXPORTER = Exporter(
    name="magento",
    title="Magento URL rewrites",
    carries=Carries(
        statuses=frozenset({301, 302}),
        queries=False,
        hosts=False,
        modes=("drop",),
        bad=(HOME, *SERVER_BAD),
        source_chars=256,
        target_chars=255,
        origin="url_rewrite.request_path has 255 characters",
    ),
    render=render,
    load="""\
magento.csv has the columns of url_rewrite (entity_type custom). Magento itself imports
no CSV: use an import extension for URL rewrites. store_id is 1: change it to yours.""",
    reread=reread,
)
