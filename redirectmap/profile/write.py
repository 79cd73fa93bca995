"""Write a profile's tables into a folder."""

from __future__ import annotations

from pathlib import Path

from redirectmap.profile.build import Profile
from redirectmap.tables import write_csv, write_json


def write_profile(folder: Path, profile: Profile) -> None:
    """Write profile.json and four CSV tables, each whole or not at all."""
    write_csv(folder / "anchors.csv", profile.anchors)
    write_csv(folder / "kinds.csv", profile.kinds)
    write_csv(folder / "anchor_flags.csv", profile.causes)
    write_csv(folder / "profile_findings.csv", profile.findings)
    write_json(folder / "profile.json", profile.summary)
