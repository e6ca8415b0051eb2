"""The style sheet of a report: the colours of the themes montauk-dark and -light."""

from typing import Final

LIGHT: Final = {
    "background": "#fbfaf7", "panel": "#eeece6", "text": "#2b3138",
    "accent": "#0b62b8", "label": "#5f6872", "strong": "#15191e", "faint": "#7e8792",
    "live": "#0a7a55", "exited": "#0b62b8", "irq": "#9a6200", "unexplained": "#c2261d",
    "warm": "#945e00",
}  # fmt: skip
DARK: Final = {
    "background": "#12161c", "panel": "#1b222b", "text": "#ccd3dc",
    "accent": "#5cb3ff", "label": "#8793a1", "strong": "#e8edf3", "faint": "#697582",
    "live": "#7fd1ae", "exited": "#5cb3ff", "irq": "#e9c46a", "unexplained": "#ff7b72",
    "warm": "#e9c46a",
}  # fmt: skip

DEPTHS: Final = 12
"""Deeper rows of a tree are as far to the right as these."""


def _colours(of: dict[str, str]) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in of.items())


_INDENTS: Final = "\n".join(
    f".d{depth}{{padding-left:calc({depth}*var(--indent))}}"
    for depth in range(1, DEPTHS + 1)
)

CSS: Final = f"""
:root{{color-scheme:light dark;--indent:1.1rem;{_colours(LIGHT)}}}
@media (prefers-color-scheme:dark){{:root{{{_colours(DARK)}}}}}
*{{box-sizing:border-box}}
body{{margin:0;background:var(--background);color:var(--text);
font:15px/1.45 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}}
main{{max-width:64rem;margin:0 auto;padding:2rem 1.25rem 3rem}}
h1{{margin:0;color:var(--strong);font-size:1.6rem;line-height:1.2;
overflow-wrap:anywhere}}
h2{{margin:2.5rem 0 .6rem;color:var(--strong);font-size:1.1rem}}
p{{margin:.3rem 0}}
a{{color:var(--accent)}}
.when,.note,footer{{color:var(--label)}}
nav{{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin-top:.8rem}}
.facts{{display:grid;grid-template-columns:repeat(4,1fr);gap:1px;margin:1.5rem 0 0;
background:var(--panel);border:1px solid var(--panel);border-radius:6px;
overflow:hidden}}
.facts div{{background:var(--background);padding:.8rem 1rem}}
.facts dt{{color:var(--label);font-size:.85rem}}
.facts dd{{margin:0;color:var(--strong);font-size:1.35rem;font-weight:600;
font-variant-numeric:tabular-nums}}
.facts small{{display:block;color:var(--label);font-size:.85rem;font-weight:400}}
.missing{{margin-top:1rem;padding:.6rem 1rem;background:var(--panel);
border-left:4px solid var(--warm);border-radius:0 6px 6px 0}}
.seen{{border-left-color:var(--live)}}
svg{{display:block;width:100%;height:auto}}
svg text{{fill:var(--label);font-size:12px;font-variant-numeric:tabular-nums}}
.y{{text-anchor:end}}
.x{{text-anchor:middle}}
.grid,.lane,.tick{{stroke:var(--faint);fill:none;stroke-opacity:.35}}
.tick{{stroke-opacity:1}}
.gap{{fill:var(--panel);background:var(--panel)}}
.legend .gap{{border:1px solid var(--faint)}}
.live{{fill:var(--live);background:var(--live)}}
.exited{{fill:var(--exited);background:var(--exited)}}
.irq{{fill:var(--irq);background:var(--irq)}}
.unexplained{{fill:var(--unexplained);background:var(--unexplained)}}
.rest{{fill:var(--faint);background:var(--faint)}}
.peak{{fill:none;stroke:var(--strong);stroke-width:1;opacity:.55}}
.mark{{fill:var(--warm)}}
.mark.oom,.mark.lost{{fill:var(--unexplained)}}
.mark.collector{{fill:var(--accent)}}
.hint{{fill:transparent}}
.hint:hover{{fill:var(--strong);fill-opacity:.12}}
figure{{margin:0}}
.narrow{{display:none}}
.legend{{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:.8rem 0 0;padding:0;
list-style:none;color:var(--label);font-variant-numeric:tabular-nums}}
.legend b{{color:var(--strong);font-weight:600}}
.legend i{{display:inline-block;width:.75rem;height:.75rem;margin-right:.4rem;
border-radius:2px}}
.legend .line{{height:0;border-top:2px solid var(--label);vertical-align:.25rem}}
table{{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}}
th,td{{padding:.22rem 0 .22rem 1rem;text-align:right;font-weight:400;
white-space:nowrap;vertical-align:baseline}}
thead th{{color:var(--label);font-size:.85rem;border-bottom:1px solid var(--faint)}}
tbody tr{{border-bottom:1px solid var(--panel)}}
tbody tr:hover{{background:var(--panel)}}
th:first-child{{padding-left:0;text-align:left;white-space:normal;
overflow-wrap:anywhere;width:100%}}
tbody th{{color:var(--strong);
font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;
font-size:.85rem;line-height:1.7}}
tbody th span,tfoot th{{color:var(--label)}}
#tree tbody th{{max-width:0}}
#tree th div{{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}}
tfoot td,.zero{{color:var(--faint)}}
tfoot td{{color:var(--label)}}
.failed{{color:var(--warm)}}
.bar{{width:5.5rem}}
.bar svg{{height:.6rem;background:var(--panel);border-radius:2px;
overflow:hidden;width:5.5rem}}
footer{{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--panel);
font-size:.9rem}}
{_INDENTS}
@media (max-width:44rem){{
:root{{--indent:.5rem}}
main{{padding:1.25rem .9rem 2rem}}
.facts{{grid-template-columns:repeat(2,1fr)}}
.wide{{display:none}}
.narrow{{display:block}}
.less,.bar{{display:none}}
th,td{{padding-left:.7rem}}
}}
@media print{{
:root{{{_colours(LIGHT)}--background:#fff}}
body{{font-size:10pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}}
main{{max-width:none;padding:0}}
nav{{display:none}}
.wide{{display:block}}
.narrow{{display:none}}
#tree th div{{white-space:normal;overflow-wrap:anywhere}}
tr,.facts,figure{{break-inside:avoid}}
h2{{break-after:avoid}}
thead{{display:table-header-group}}
}}
"""
