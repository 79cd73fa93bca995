"""Write a profile's tables into a folder."""

from __future__ import annotations

from pathlib import Path

from redirectmap.profile.build import Profile
from redirectmap.profile.inert import inert
from redirectmap.profile.measures import by_page
from redirectmap.tables import write_csv, write_json


def write_profile(folder: Path, profile: Profile) -> None:
    """Write profile.json and its CSV tables, each whole or not at all.

    lost_links.csv and competitors.csv are written where there is a plan, and
    where there are competitors; old ones are taken away.
    """
    anchors = inert(profile.anchors, ["anchor"])
    write_csv(folder / "anchors.csv", anchors)
    write_csv(folder / "anchor_pages.csv", by_page(profile.anchors))
    write_csv(folder / "kinds.csv", profile.kinds)
    write_csv(folder / "anchor_flags.csv", inert(profile.causes, ["anchor"]))
    write_csv(folder / "profile_findings.csv", profile.findings)
    lost = inert(profile.lost, ["anchor"])
    for name, table in (("lost_links", lost), ("competitors", profile.rivals)):
        if len(table.columns):
            write_csv(folder / f"{name}.csv", table)
        else:
            (folder / f"{name}.csv").unlink(missing_ok=True)
    write_json(folder / "profile.json", profile.summary)
