"""Small inline SVG charts: bars, a share against its usual range, a trend."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from redirectmap.report.gather import plain

ROW = 26
WIDTH = 640
NAME = 190
SPAN = WIDTH - NAME - 90
LETTER = 8
"""Room for one letter of a figure."""


def bars(rows: Sequence[tuple[str, float, str]], *, label: str) -> Markup:
    """Draw one bar per row.

    Args:
        rows: Name, size (0 or more), and the figure written at the bar's end.
        label: What the chart shows, for a screen reader.
    """
    if not rows:
        return Markup()
    largest = max(size for _, size, _ in rows) or 1.0
    longest = max(len(figure) for _, _, figure in rows)
    span = SPAN - max(0, LETTER * longest - (WIDTH - NAME - SPAN - 8))
    shapes = [
        Markup(
            '<text x="{nx}" y="{ty}" text-anchor="end">{name}</text>'
            '<rect class="bar" x="{x}" y="{y}" width="{w:.1f}" height="14" rx="3"/>'
            '<text class="count" x="{fx:.1f}" y="{ty}">{figure}</text>'
        ).format(
            nx=NAME - 10,
            ty=place * ROW + 17,
            name=plain(name)[:30],
            x=NAME,
            y=place * ROW + 5,
            w=max(1.0, span * size / largest),
            fx=NAME + span * size / largest + 8,
            figure=figure,
        )
        for place, (name, size, figure) in enumerate(rows)
    ]
    return _frame(shapes, len(rows) * ROW + 4, label)


def against_range(
    rows: Sequence[tuple[str, float, float, float]],
    low: float,
    high: float,
    *,
    label: str,
) -> Markup:
    """Draw shares with their intervals over the usual range.

    Args:
        rows: Name, share, low and high end of its interval, all 0 to 1.
        low: Low end of the usual range, 0 to 1.
        high: High end.
        label: What the chart shows, for a screen reader.
    """
    deep = len(rows) * ROW + 6
    shapes = [
        Markup(
            '<rect class="range" x="{:.1f}" y="0" width="{:.1f}" height="{}"/>'
        ).format(NAME + SPAN * low, SPAN * (min(1.0, high) - low), deep)
    ]
    for place, (name, share, least, most) in enumerate(rows):
        y = place * ROW + 15
        shapes.append(
            Markup(
                '<text x="{nx}" y="{ty}" text-anchor="end">{name}</text>'
                '<line class="interval" x1="{a:.1f}" x2="{b:.1f}" y1="{y}" y2="{y}"/>'
                '<circle class="dot" cx="{c:.1f}" cy="{y}" r="5"/>'
                '<text class="count" x="{fx}" y="{ty}">{share:.0%}</text>'
            ).format(
                nx=NAME - 10,
                ty=y + 4,
                name=plain(name),
                a=NAME + SPAN * least,
                b=NAME + SPAN * most,
                c=NAME + SPAN * share,
                y=y,
                fx=NAME + SPAN + 12,
                share=share,
            )
        )
    return _frame(shapes, deep + 16, label, _axis(deep))


def _axis(deep: int) -> Markup:
    return Markup("").join(
        Markup(
            '<text class="axis" x="{:.1f}" y="{}" text-anchor="middle">{}</text>'
        ).format(NAME + SPAN * part / 4, deep + 13, f"{part * 25} %")
        for part in range(5)
    )


def _frame(
    shapes: Sequence[Markup], deep: int, label: str, below: Markup | None = None
) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>'
    ).format(WIDTH, deep, label, Markup("").join(shapes), below or Markup())
