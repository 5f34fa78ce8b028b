# SPDX-License-Identifier: MIT
"""plots - draws SVG that can be read on a light and on a dark page. Axes of values are logarithmic; bars through a point reach
from the 25th to the 75th percentile."""
import html
import math

WIDTH, LINE = 760, 20
LIGHT = ("#2a4fa8", "#b3261e", "#1b7f4b", "#8a5a00", "#7b3fa0", "#00717f", "#5c6370", "#a8326b")
DARK = ("#8fb0ff", "#ff8a80", "#6fdc9f", "#f0b94d", "#cf9cf2", "#5fd3e0", "#b4bac6", "#ff8fc0")


def style():
    def colours(text, line, page, marks):
        rules = [f".page{{fill:{page}}}", f"text{{fill:{text}}}", f".grid{{stroke:{line}}}"]
        return "".join(rules + [f".s{n}{{stroke:{c};fill:{c}}}" for n, c in enumerate(marks)])
    return ("<style>text{font:13px sans-serif;stroke:none}.title{font-weight:bold}.grid{stroke-width:1}"
            f".line{{fill:none;stroke-width:2}}.bar{{stroke-width:2}}{colours('#1f2328', '#d0d7de', '#ffffff', LIGHT)}"
            f"@media(prefers-color-scheme:dark){{{colours('#e6edf3', '#3d444d', '#0d1117', DARK)}}}</style>")


def ticks(low, high):
    """1, 2, 5, 10, ... that enclose both."""
    steps = [base * 10.0 ** exponent for exponent in range(-3, 9) for base in (1, 2, 5)]
    first = max((s for s in steps if s <= low), default=steps[0])
    last = min((s for s in steps if s >= high), default=steps[-1])
    return [s for s in steps if first <= s <= last]


def scale(low, high, begin, end):
    span = math.log(high / low) or 1.0
    return lambda value: begin + (end - begin) * math.log(value / low) / span


def shown(value):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def text(x, y, words, anchor="start", name=None):
    kind = f' class="{name}"' if name else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{html.escape(words)}</text>'


def rule(x1, y1, x2, y2, name):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{name}"/>'


def picture(height, title, parts):
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
            f'aria-label="{html.escape(title)}">')
    return "\n".join([head, style(), f'<rect class="page" width="{WIDTH}" height="{height:.0f}"/>', text(12, 22, title, name="title"),
                      *parts, "</svg>\n"])


def apart(places, least):
    """The places in their order, each at least so far below the one before."""
    moved = []
    for place in places:
        moved.append(place if not moved else max(place, moved[-1] + least))
    return moved


def lines(title, x_words, xs, series):
    """`series`: title, points of x and quartiles, and the number of its colour. The end of a line has its title."""
    height, left, right, top, bottom = 420, 64, 490, 44, 372
    values = [v for _, points, _ in series for _, q in points for v in q]
    marks = ticks(min(values), max(values))
    y_of = scale(marks[0], marks[-1], bottom, top)
    x_of = {x: left + 16 + (right - left - 32) * n / max(len(xs) - 1, 1) for n, x in enumerate(xs)}
    parts = []
    for mark in marks:
        parts += [rule(left, y_of(mark), right, y_of(mark), "grid"), text(left - 8, y_of(mark) + 4, shown(mark), "end")]
    parts += [text(x, bottom + 20, str(name), "middle") for name, x in x_of.items()]
    parts.append(text((left + right) / 2, bottom + 40, x_words, "middle"))
    ends = sorted((y_of(points[-1][1][1]), n) for n, (_, points, _) in enumerate(series))
    places = dict(zip((n for _, n in ends), apart([y for y, _ in ends], 18)))
    for n, (name, points, number) in enumerate(series):
        colour = f"s{number % len(LIGHT)}"
        path = " ".join(f"{x_of[x]:.1f},{y_of(q[1]):.1f}" for x, q in points)
        parts.append(f'<polyline points="{path}" class="line {colour}" style="fill:none"/>')
        for x, q in points:
            parts += [rule(x_of[x], y_of(q[0]), x_of[x], y_of(q[2]), f"bar {colour}"),
                      f'<circle cx="{x_of[x]:.1f}" cy="{y_of(q[1]):.1f}" r="3.5" class="{colour}"/>']
        end_x, end_y = x_of[points[-1][0]], y_of(points[-1][1][1])
        parts += [rule(end_x + 6, end_y, right + 6, places[n], f"{colour}"), text(right + 10, places[n] + 4, name)]
    return picture(height, title, parts)


def dots(title, rows):
    """`rows`: title and quartiles."""
    left, right, top = 300, WIDTH - 80, 44
    rows = sorted(rows, key=lambda row: row[1][1])
    bottom = top + LINE * len(rows)
    marks = ticks(min(q[0] for _, q in rows), max(q[2] for _, q in rows))
    x_of = scale(marks[0], marks[-1], left, right)
    parts = [rule(x_of(mark), top, x_of(mark), bottom, "grid") for mark in marks]
    labelled = [mark for mark in marks if len(marks) <= 9 or str(mark)[0] == "1" or mark < 1]
    parts += [text(x_of(mark), bottom + 18, shown(mark), "middle") for mark in labelled]
    for n, (name, q) in enumerate(rows):
        y = top + LINE * (n + 0.5)
        colour = "s1" if name.startswith("stenohook") else "s0"
        parts += [text(left - 10, y + 4, name, "end"), rule(x_of(q[0]), y, x_of(q[2]), y, f"bar {colour}"),
                  f'<circle cx="{x_of(q[1]):.1f}" cy="{y:.1f}" r="4" class="{colour}"/>',
                  text(x_of(q[2]) + 8, y + 4, shown(q[1]))]
    return picture(bottom + 32, title, parts)
