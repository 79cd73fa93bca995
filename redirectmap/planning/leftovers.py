"""What to answer for URLs that nobody listed: each choice counted on the logs.

Three choices, and never the front page:

    404      nothing is written; the server says so itself (the default)
    410      everything on an old host that no row names is gone
    folder   a folder whose rows nearly all go to one new folder sends the rest
             to that folder's page, if it has one; everything else stays 404

Both written choices are rules of kind `leftover` in rules.csv, asked after all
others; a person accepts or rejects each. None may catch what lives on the old
hosts, a kept row or a target of the plan: then it is not proposed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal

import pandas as pd

from redirectmap.planning.rules import Decisions, Replay, Rule, known_urls
from redirectmap.planning.shapes import Shape
from redirectmap.planning.spelling import keys_of, parts_of

Policy = Literal["404", "410", "folder"]
POLICIES: tuple[Policy, ...] = ("404", "410", "folder")
SHARE, LEAST = 0.8, 5  # of a folder's rows that go one way; rows it must have


def by_folder(
    old: pd.Series, new: pd.Series, redirect: pd.Series, logged: pd.Series | None
) -> pd.DataFrame:
    """Count logged requests of unlisted URLs by folder, and find its fallback.

    Args:
        old: Key of each row's old URL.
        new: Key of each row's target.
        redirect: Rows that redirect.
        logged: Requests by URL; None where there are no logs.

    Returns:
        host, folder, urls and requests (of unlisted URLs; a query on a listed path
        is answered by its rule), listed (rows of the
        folder that redirect), fallback (URL of the new folder that most of them
        go to; None below 80 %, below five rows, or for a front page).
    """
    missing = _unlisted(old, logged)
    places = parts_of(missing["key"])
    counted = pd.DataFrame(
        {
            "host": places.host,
            "folder": folder_of(places.path),
            "requests": missing["requests"],
        }
    )
    counts = counted.groupby(["host", "folder"])["requests"].agg(
        urls="size", requests="sum"
    )
    table = counts.join(_fallbacks(old[redirect], new[redirect]), how="outer")
    table[["urls", "requests", "listed"]] = (
        table[["urls", "requests", "listed"]].fillna(0).astype(int)
    )
    order = ["requests", "listed", "folder"]
    ordered: pd.DataFrame = table.reset_index().sort_values(
        order, ascending=[False, False, True]
    )
    return ordered


def _unlisted(old: pd.Series, logged: pd.Series | None) -> pd.DataFrame:
    if logged is None or logged.empty:
        return pd.DataFrame({"key": pd.Series(dtype=object), "requests": []})
    keys = keys_of(pd.Series(list(logged.index), dtype=object))
    hosts = set(parts_of(old).host.unique()) - {""}
    listed = set(old.dropna())
    bare = keys.astype("string").str.replace(r"\?.*$", "", regex=True)
    missing = keys.notna() & ~keys.isin(listed) & ~bare.isin(listed)
    missing &= parts_of(keys).host.isin(hosts)
    requests = logged.to_numpy()[missing.to_numpy(bool)]
    return pd.DataFrame({"key": keys[missing], "requests": requests})


def _fallbacks(old: pd.Series, new: pd.Series) -> pd.DataFrame:
    """Return, by old host and folder, the rows and the one folder most go to."""
    was, now = parts_of(old), parts_of(new)
    origin = new.str.extract(r"^(https?://[^/?#]+)")[0]
    table = pd.DataFrame(
        {
            "host": was.host,
            "folder": folder_of(was.path),
            "to": origin + folder_of(now.path),
            "front": folder_of(now.path).eq("/"),
        }
    )
    groups = ["host", "folder"]
    counts = table.groupby([*groups, "to", "front"]).size().rename("rows").reset_index()
    counts["listed"] = counts.groupby(groups)["rows"].transform("sum")
    best = counts.sort_values("rows", ascending=False, kind="stable")
    best = best.drop_duplicates(groups).set_index(groups)
    sound = best["rows"].ge(SHARE * best["listed"]) & best["listed"].ge(LEAST)
    sound &= ~best["front"] & (best.index.get_level_values("folder") != "/")
    fallback = best["to"].astype(object).where(sound, None)
    return pd.DataFrame({"listed": best["listed"], "fallback": fallback})


def folder_of(paths: pd.Series) -> pd.Series:
    """Return the first folder of each path: `/blog/`, or `/` for a page at the top."""
    return paths.str.extract(r"^(/(?:[^/]+/)?)")[0].fillna("/")


def leftover_rules(
    plan: pd.DataFrame,
    *,
    live: Collection[str],
    logged: pd.Series | None,
    policy: Policy = "404",
    decisions: Decisions = (),
) -> list[Rule]:
    """Propose rules for URLs that nobody listed.

    Args:
        plan: Schema PLAN.
        live: Keys of live new pages.
        logged: Requests by URL; None where there are no logs.
        policy: The choice that is accepted unless a person says otherwise.
        decisions: What a person said of earlier rules.

    Returns:
        Rules of kind leftover, folders first; most requests first.
    """
    table = known_urls(plan)
    old, new = keys_of(plan["old_url"]), keys_of(plan["new_url"])
    redirect = plan["action"].eq("redirect") & new.notna() & old.notna()
    folders = by_folder(old, new, redirect, logged)
    said = {shape: use for shape, use in decisions if shape.leftover}
    shapes = [*_folder_shapes(folders, live), *_host_shapes(table)]
    replay = Replay(table, live)
    sound = [shape for shape in shapes if replay.problem(shape) is None]
    missing = _unlisted(old, logged) if logged is not None else None
    usual = {"folder": 301, "410": 410}.get(policy, 0)
    rules = [
        replace(
            _counted(shape, missing),
            use=said.get(shape, "yes" if shape.status == usual else ""),
        )
        for shape in sound
    ]
    return [*rules, *_kept(said, sound, replay)]


def _folder_shapes(folders: pd.DataFrame, live: Collection[str]) -> list[Shape]:
    found = folders[folders["fallback"].notna()]
    return [
        Shape(str(host), f"{re.escape(str(folder))}.*", str(to), 301, leftover=True)
        for host, folder, to in zip(
            found["host"],
            found["folder"],
            [_living(str(to), live) for to in found["fallback"]],
            strict=True,
        )
        if to and "%" not in folder
    ]


def _living(folder: str, live: Collection[str]) -> str | None:
    """Return the page of a folder that answers: with its closing slash, or without."""
    return next((url for url in (folder, folder.rstrip("/")) if url in live), None)


def _host_shapes(table: pd.DataFrame) -> list[Shape]:
    hosts = [str(host) for host in table.loc[table["answered"], "host"].unique()]
    return [Shape(host, "/.*", "", 410, leftover=True) for host in sorted(hosts)]


def _counted(shape: Shape, missing: pd.DataFrame | None) -> Rule:
    if missing is None:
        return Rule(shape)
    places = parts_of(missing["key"])
    regex = shape.regex
    mine = places.host.eq(shape.host) & places.path.map(lambda p: bool(regex.match(p)))
    caught = missing[mine.to_numpy(bool)]
    return Rule(
        shape,
        examples=tuple(caught["key"].head(3)),
        requests=int(caught["requests"].sum()),
    )


def _kept(
    said: dict[Shape, str], proposed: Sequence[Shape], replay: Replay
) -> list[Rule]:
    """Keep what a person decided of rules that are not proposed any more."""
    return [
        Rule(
            shape,
            use=use,
            problem=(replay.problem(shape) or "") if use == "yes" else "",
        )
        for shape, use in said.items()
        if shape not in proposed
    ]
