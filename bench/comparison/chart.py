"""What was measured, as an SVG that is read in a light and in a dark page."""

import math
from xml.sax.saxutils import escape

from . import machine, table

WIDTH, ROW, TOP, LABELS = 980, 34, 92, 150
PANEL, GAP = 232, 44
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.name { font: 12px ui-monospace, monospace }
.ours { font-weight: 700 }
.title { font-weight: 600 }
.quiet { fill: #59636e }
.line { stroke: #d1d9e0 }
.a { fill: #2a78d6 } .b { fill: #d9662b }
.s5 { fill: #8bbcf2 } .s20 { fill: #2a78d6 } .s150 { fill: #16498c }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.quiet { fill: #9198a1 }
.line { stroke: #3d444d }
.a { fill: #58a6ff } .b { fill: #f0883e }
.s5 { fill: #c3dcfb } .s20 { fill: #6ba8f0 } .s150 { fill: #2a6fc4 }
}
"""


def _text(x, y, words, kind="", anchor="start"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">'
            f'{escape(words)}</text>')


def _rule(x, top, bottom):
    return f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}" class="line"/>'


def _dot(x, y, kind):
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" class="{kind}"/>'


def _bar(x, y, width, kind):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="6" rx="1" class="{kind}"/>'


class Log:
    """A logarithmic axis; what lies outside is drawn at its end."""

    def __init__(self, left, least, most):
        self._left, self._least = left, math.log10(least)
        self._width = PANEL / (math.log10(most) - self._least)
        self._most = math.log10(most)

    def at(self, value):
        power = math.log10(value) if value > 0 else self._least
        return self._left + (min(max(power, self._least), self._most) - self._least) * self._width


def _row_y(index):
    return TOP + index * ROW + ROW / 2


def _beside(x, y, words, left):
    """Right of a dot, or left of it where the panel ends."""
    if x > left + PANEL - 40:
        return _text(x - 8, y + 4, words, "quiet", "end")
    return _text(x + 8, y + 4, words, "quiet")


def _axis(axis, ticks, bottom):
    for value, words in ticks:
        yield _rule(axis.at(value), TOP - 6, bottom)
        yield _text(axis.at(value), bottom + 16, words, "quiet", "middle")


def _cpu(results, names, left, bottom):
    yield _text(left, 50, "CPU time, % of a core", "title")
    yield _dot(left + 5, 68, "a")
    yield _text(left + 14, 72, "at rest", "quiet")
    yield _dot(left + 75, 68, "b")
    yield _text(left + 84, 72, "1,000 opens a second", "quiet")
    axis = Log(left, 0.01, 100)
    yield from _axis(axis, [(0.01, "0.01"), (0.1, "0.1"), (1, "1"), (10, "10"), (100, "100")],
                     bottom)
    for index, name in enumerate(names):
        for kind, record, shift in (("a", results["static"]["sockets"][name], -7),
                                    ("b", results["churn"][name], 7)):
            value, y = record["cpu_percent"], _row_y(index) + shift
            yield _dot(axis.at(value), y, kind)
            yield _beside(axis.at(value), y, table.significant(value), left)


def _caught(results, names, left, bottom):
    yield _text(left, 50, "Opens caught, %, held for", "title")
    for index, hold in enumerate(table.HOLDS):
        yield _bar(left + index * 68, 65, 14, f"s{hold}")
        yield _text(left + 18 + index * 68, 72, f"{hold} ms", "quiet")
    for percent in (0, 50, 100):
        x = left + percent / 100 * PANEL
        yield _rule(x, TOP - 6, bottom)
        yield _text(x, bottom + 16, str(percent), "quiet", "middle")
    for row, name in enumerate(names):
        for index, hold in enumerate(table.HOLDS):
            share = results["churn"][name]["caught"][hold]["share"]
            yield _bar(left, _row_y(row) - 11 + index * 8, max(share * PANEL, 1), f"s{hold}")


def _slower(results, names, left, bottom):
    yield _text(left, 50, "The target takes longer, times", "title")
    yield _text(left, 72, "opening as fast as it can", "quiet")
    axis = Log(left, 1, 100)
    yield from _axis(axis, [(1, "1"), (10, "10"), (100, "100")], bottom)
    for index, name in enumerate(names):
        record = results["slow_down"].get(name)
        if record is None:
            continue
        x, y = axis.at(record["ratio"]), _row_y(index)
        yield _dot(x, y, "a")
        yield _beside(x, y, table.slower(record), left)


def draw(results):
    names = list(results["churn"])
    bottom = TOP + ROW * len(names)
    parts = [_text(8, 22, "A target with 1,000 descriptors at rest, and one that opens 1,000 files "
                   "a second", "title")]
    for index, name in enumerate(names):
        kind = "name ours" if name.startswith("logfia") else "name"
        parts.append(_text(8, _row_y(index) + 4, name, kind))
    left = LABELS
    for panel in (_cpu, _caught, _slower):
        parts.extend(panel(results, names, left, bottom))
        left += PANEL + GAP
    parts.append(_text(8, bottom + 42, f'{results["machine"]["date"]}, '
                       f'{machine.in_words(results["machine"])}', "quiet"))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 54}" '
            f'width="{WIDTH}" height="{bottom + 54}" role="img">\n'
            "<title>CPU time, share of opens caught and slow-down of logfia and other tools"
            f"</title>\n<style>{STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n")
