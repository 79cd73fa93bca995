"""Draw the streams between sections as one SVG: old site left, new site right.

Heights are rows; nothing is scaled by hand, so bands can be compared. Colours
come from the page's style sheet by class, so light, dark and print work; every
band carries its figures as a title, and the page repeats them as a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from redirectmap.report.gather import plain
from redirectmap.report.sections import GONE, REVIEW, Stream

WIDTH = 860
LEFT, RIGHT = 230, 620
BAR = 12
GAP = 10
ROOM = 420
HUES = 9


@dataclass(frozen=True, slots=True)
class Node:
    """One section: its place and size in the picture."""

    name: str
    rows: int
    top: float
    height: float
    style: str


def flow_svg(streams: Sequence[Stream]) -> Markup:
    """Return the picture of `streams`; empty for none."""
    if not streams:
        return Markup()
    old = _nodes([(s.old, s.rows) for s in streams])
    new = _nodes([(s.new, s.rows) for s in streams])
    height = max(_bottom(old), _bottom(new)) + 8
    shapes = [
        *_bands(streams, old, new),
        *(_node(node, LEFT - BAR, LEFT - BAR - 8, "end") for node in old.values()),
        *(_node(node, RIGHT, RIGHT + BAR + 8, "start") for node in new.values()),
    ]
    total = sum(s.rows for s in streams)
    label = f"Flow of {total} old URLs from {len(old)} old to {len(new)} new sections"
    return Markup(
        '<svg class="flow" viewBox="0 0 {w} {h:.0f}" role="img" aria-label="{label}">'
        '<text class="side" x="{lx}" y="14" text-anchor="end">old site</text>'
        '<text class="side" x="{rx}" y="14">new site</text>{shapes}</svg>'
    ).format(
        w=WIDTH,
        h=height,
        label=label,
        lx=LEFT,
        rx=RIGHT,
        shapes=Markup("").join(shapes),
    )


def _nodes(pairs: Sequence[tuple[str, int]]) -> dict[str, Node]:
    sums: dict[str, int] = {}
    for name, rows in pairs:
        sums[name] = sums.get(name, 0) + rows
    order = sorted(sums, key=lambda n: (n in {GONE, REVIEW}, -sums[n], n))
    scale = (ROOM - GAP * len(sums)) / sum(sums.values())
    nodes: dict[str, Node] = {}
    top = 26.0
    for place, name in enumerate(order):
        height = max(2.0, sums[name] * scale)
        style = {GONE: "gone", REVIEW: "review"}.get(name, f"c{place % HUES}")
        nodes[name] = Node(name, sums[name], top, height, style)
        top += max(height, 8) + GAP
    return nodes


def _bottom(nodes: dict[str, Node]) -> float:
    return max(node.top + node.height for node in nodes.values())


def _bands(
    streams: Sequence[Stream], old: dict[str, Node], new: dict[str, Node]
) -> list[Markup]:
    from_left = {name: node.top for name, node in old.items()}
    from_right = {name: node.top for name, node in new.items()}
    bands = []
    places = {name: place for place, name in enumerate([*old, *new])}
    for stream in sorted(streams, key=lambda s: (places[s.old], places[s.new])):
        left, right = old[stream.old], new[stream.new]
        thick_left = left.height * stream.rows / left.rows
        thick_right = right.height * stream.rows / right.rows
        style = right.style if right.style in {"gone", "review"} else left.style
        top_left, top_right = from_left[stream.old], from_right[stream.new]
        from_left[stream.old] += thick_left
        from_right[stream.new] += thick_right
        path = _ribbon(top_left, thick_left, top_right, thick_right)
        bands.append(_band(stream, style, path))
    return bands


def _ribbon(left: float, thick_left: float, right: float, thick_right: float) -> str:
    middle = (LEFT + RIGHT) / 2
    low_left, low_right = left + thick_left, right + thick_right
    return (
        f"M{LEFT} {left:.1f}"
        f"C{middle} {left:.1f} {middle} {right:.1f} {RIGHT} {right:.1f}V{low_right:.1f}"
        f"C{middle} {low_right:.1f} {middle} {low_left:.1f} {LEFT} {low_left:.1f}Z"
    )


def _band(stream: Stream, style: str, path: str) -> Markup:
    title = (
        f"{plain(stream.old)} to {plain(stream.new)}: {stream.rows} URLs, "
        f"{stream.value:.1%} of the value"
    )
    return Markup('<path class="band {}" d="{}"><title>{}</title></path>').format(
        style, path, title
    )


def _node(node: Node, x: float, text_x: float, anchor: str) -> Markup:
    name = plain(node.name)
    short = name if len(name) <= 24 else f"{name[:23]}…"
    middle = node.top + node.height / 2 + 4
    return Markup(
        '<rect class="node {style}" x="{x}" y="{y:.1f}" width="{w}" height="{h:.1f}"/>'
        '<text x="{tx}" y="{ty:.1f}" text-anchor="{anchor}">{name} '
        '<tspan class="count">{rows}</tspan></text>'
    ).format(
        style=node.style,
        x=x,
        y=node.top,
        w=BAR,
        h=node.height,
        tx=text_x,
        ty=middle,
        anchor=anchor,
        name=escape(short),
        rows=node.rows,
    )
