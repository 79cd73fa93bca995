"""What each answer for URLs that nobody listed would catch, by the logs."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from redirectmap.checks.context import PlanContext
from redirectmap.checks.findings import Finding
from redirectmap.planning.leftovers import by_folder
from redirectmap.planning.spelling import shown_key


def leftovers(context: PlanContext) -> pd.DataFrame:
    """Return the folders of unlisted URLs that were asked for, as `by_folder` does."""
    table = by_folder(
        context.old_key,
        context.new_key,
        pd.Series(context.is_redirect, index=context.plan.index),
        context.logged,
    )
    return table[table["requests"].gt(0)]


def wildcard(context: PlanContext) -> Iterator[Finding]:
    """How many logged requests no row answers, and what each choice would catch."""
    if context.logged is None:
        return
    table = leftovers(context)
    if table.empty:
        return
    requests, urls = int(table["requests"].sum()), int(table["urls"].sum())
    caught = table[table["fallback"].notna()]
    folder = int(caught["requests"].sum())
    yield Finding(
        "notice",
        "wildcard",
        f"{requests} logged requests of {urls} URLs have no row: 404 leaves all of"
        f" them, 410 says gone to all {requests}, a fallback per folder would"
        f" catch {folder} and leave {requests - folder}",
        "list the URLs with requests; for the rest choose by `plan --leftovers`",
    )
    for row in caught.head(10).to_dict("records"):
        yield Finding(
            "notice",
            "wildcard-folder",
            f"{row['requests']} logged requests below {row['folder']} have no row; its"
            f" {row['listed']} rows go to {shown_key(row['fallback'])}",
            "accept the folder's rule in rules.csv, or list the URLs",
            f"//{row['host']}{row['folder']}",
            row["fallback"],
        )
