"""Write a profile's tables into a folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from redirectmap.profile.anchors import CLASSES
from redirectmap.profile.build import Profile
from redirectmap.tables import write_csv, write_json


def write_profile(folder: Path, profile: Profile) -> None:
    """Write profile.json and its CSV tables, each whole or not at all."""
    write_csv(folder / "anchors.csv", profile.anchors)
    write_csv(folder / "anchor_pages.csv", _by_page(profile.anchors))
    write_csv(folder / "kinds.csv", profile.kinds)
    write_csv(folder / "anchor_flags.csv", profile.causes)
    write_csv(folder / "profile_findings.csv", profile.findings)
    write_json(folder / "profile.json", profile.summary)


def _by_page(anchors: pd.DataFrame) -> pd.DataFrame:
    """Return links by anchor class, one row per page, most linked first."""
    counts = anchors.pivot_table(
        index="target_url", columns="class", values="links", aggfunc="sum", fill_value=0
    ).reindex(columns=list(CLASSES), fill_value=0)
    counts.insert(0, "links", counts.sum(axis=1))
    table = counts.reset_index()
    return table.sort_values(["links", "target_url"], ascending=[False, True])
