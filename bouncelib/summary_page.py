"""A summary as one HTML page that needs nothing else: no script, no network, bars that are drawn with CSS.

The names of hosts in it were written by strangers: every text is made harmless and escaped.
"""

from __future__ import annotations

from html import escape

from .safe_text import visible
from .summary import Summary
from .summary_output import Row, Table, headline, tables

__all__ = ["page"]

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --faint: #5b6470; --line: #d7dce2; --bar: #2f6fb3 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ed; --paper: #14181d; --faint: #9aa5b1; --line: #333b45; --bar: #6ba4dd }
}
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 16px/1.45 system-ui, sans-serif }
ul { padding: 0; list-style: none; font-size: 1.15rem }
h2 { margin: 2.2rem 0 .4rem; font-size: 1.2rem }
table { width: 100%; border-collapse: collapse }
caption { text-align: left; color: var(--faint) }
th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top;
  font-weight: normal }
th[scope=row] { width: 38%; overflow-wrap: anywhere }
thead th, small { color: var(--faint) }
small { display: block }
.number { width: 6rem; text-align: right; font-variant-numeric: tabular-nums }
.bar i { display: block; height: .9rem; margin-top: .3rem; min-width: 2px; background: var(--bar); border-radius: 2px;
  print-color-adjust: exact; -webkit-print-color-adjust: exact }
@media (max-width: 36rem) {
  body { font-size: 14px }
  table { table-layout: fixed }
  .number { width: 18% }
  th[scope=row], th:first-child { width: 40% }
}
"""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(summary: Summary) -> str:
    """The whole page."""
    totals = "\n".join(f"<li>{_safe(line)}</li>" for line in headline(summary))
    sections = "\n".join(map(_section, tables(summary)))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bounces: a summary</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>Bounces: a summary</h1>
<ul>
{totals}
</ul>
{sections}
</main>
</body>
</html>
"""


def _section(table: Table) -> str:
    most = max(row.share for row in table.rows)
    rows = "\n".join(_row(row, row.share / most) for row in table.rows)
    title, unit = _safe(table.title), _safe(table.unit)
    return f"""<section>
<h2>{title}</h2>
<table>
<caption>How many {unit}, by {title.lower()}</caption>
<thead><tr><th scope="col">{title}</th><th scope="col" class="number">{unit.capitalize()}</th>
<th scope="col" class="number">Share</th><td aria-hidden="true"></td></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</section>"""


def _row(row: Row, length: float) -> str:
    meaning = f"<small>{_safe(row.meaning)}</small>" if row.meaning else ""
    return (
        f'<tr><th scope="row"><bdi>{_safe(row.name)}</bdi>{meaning}</th><td class="number">{row.number:,}</td>'
        f'<td class="number">{row.share:.1%}</td>'
        f'<td class="bar" aria-hidden="true"><i style="width:{length:.1%}"></i></td></tr>'
    )


def _safe(text: str) -> str:
    return escape(visible(text))
