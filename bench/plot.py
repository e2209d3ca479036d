"""The results of bench.py as an SVG picture: how many times faster Tarn is, on a logarithmic scale.

Text and grid take the reader's colours (light or dark) through a media query; nothing is loaded.
"""
import math
from xml.sax.saxutils import escape

import report

COLOURS = {"DuckDB": "#d9a21b", "ClickHouse": "#4a8fdd", "Polars": "#35a37c", "simdjson": "#a06cd5", "DuckDB's shell": "#b0763a"}
LEFT, RIGHT, TOP, BAR, GAP = 340, 50, 66, 12, 8
WIDTH = 900
LOW, HIGH = 0.5, 64

STYLE = """text { font: 13px system-ui, sans-serif; fill: #24292f }
.small { font-size: 11px } .title { font-size: 15px; font-weight: 600 }
.grid { stroke: #8b949e; stroke-opacity: .35 } .one { stroke: #57606a; stroke-width: 1.5 }
.goal { stroke: #d1242f; stroke-width: 2 }
@media (prefers-color-scheme: dark) { text { fill: #d7dde4 } .one { stroke: #aeb6bf } .goal { stroke: #ff7b72 } }"""


def place(ratio):
    """Where a ratio lies from left to right."""
    ratio = min(max(ratio, LOW), HIGH)
    return LEFT + (WIDTH - LEFT - RIGHT) * math.log(ratio / LOW) / math.log(HIGH / LOW)


def groups(results):
    """(work, [(peer, ratio, reach or None)])."""
    goals = {(work, against): reach for work, against, reach, _ in report.GOALS}
    for entry in results["entries"]:
        bars = []
        for peer in COLOURS:
            r = report.ratio(results, entry["name"], peer)
            if r:
                bars.append((peer, r[0], goals.get((entry["name"], peer))))
        if bars:
            yield entry["name"], bars


def svg(results):
    out, y, used = [], TOP, set()
    for work, bars in groups(results):
        height = len(bars) * BAR
        out.append(f'<text x="{LEFT - 10}" y="{y + height / 2 + 4:.0f}" text-anchor="end">{escape(work)}</text>')
        for peer, ratio, reach in bars:
            used.add(peer)
            a, b = sorted((place(1), place(ratio)))
            out.append(f'<rect x="{a:.1f}" y="{y + 1}" width="{max(b - a, 1):.1f}" height="{BAR - 2}" rx="2" fill="{COLOURS[peer]}"/>')
            out.append(f'<text class="small" x="{max(place(ratio), place(1)) + 5:.1f}" y="{y + BAR - 2}">{report.times(ratio)}</text>')
            if reach:
                out.append(f'<line class="goal" x1="{place(reach):.1f}" x2="{place(reach):.1f}" y1="{y}" y2="{y + BAR}"/>')
            y += BAR
        y += GAP
    meta = results["meta"]
    grid, x = [], LEFT
    for power in range(int(math.log2(LOW)), int(math.log2(HIGH)) + 1):
        at = place(2 ** power)
        grid.append(f'<line class="{"one" if power == 0 else "grid"}" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP - 4}" y2="{y}"/>')
        grid.append(f'<text class="small" x="{at:.1f}" y="{y + 14}" text-anchor="middle">{2 ** power:g}×</text>')
    legend = []
    for peer in [p for p in COLOURS if p in used]:
        legend.append(f'<rect x="{x}" y="36" width="12" height="12" rx="2" fill="{COLOURS[peer]}"/><text x="{x + 17}" y="47">{escape(peer)}</text>')
        x += 40 + 7 * len(peer)
    legend.append(f'<line class="goal" x1="{x + 3}" x2="{x + 3}" y1="36" y2="48"/><text x="{x + 12}" y="47">goal</text>')
    title = f"Time of others over Tarn's (right of 1×: Tarn is faster), scale {meta['scale']:g}, {meta['date']}"
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 24}" width="{WIDTH}" height="{y + 24}" role="img">',
                      f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>",
                      f'<text class="title" x="10" y="20">{escape(title)}</text>', *legend, *grid, *out, "</svg>", ""])
