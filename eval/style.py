"""The report's style sheet: light or dark as the reader's system prefers; loads nothing external."""

STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf7; --card: #fff; --ink: #1d1c1a; --quiet: #6b675f;
  --rule: #dcd8cf; --good: #2c7a4b; --bad: #b3372b;
  --s0: #23589e; --s1: #c2641a; --s2: #2c7a4b; --s3: #8a4fa3; --s4: #7a6a1f; }
@media (prefers-color-scheme: dark) { :root { --paper: #161513; --card: #1f1e1b; --ink: #ece9e2;
  --quiet: #a09a8e; --rule: #3a3832; --good: #6cc28f; --bad: #ef8576;
  --s0: #7fb0f0; --s1: #f0a365; --s2: #6cc28f; --s3: #c99be0; --s4: #d6c25f; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 80px }
h1 { font-size: 26px; margin: 0; letter-spacing: -.01em } h2 { font-size: 18px; margin: 40px 0 10px }
h3 { font-size: 15px; margin: 26px 0 8px; color: var(--bad) }
.quiet, small { color: var(--quiet) } header p { margin: 4px 0 0 }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(160px, 1fr)); gap: 10px; margin: 22px 0 }
.tile { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 10px 12px }
.tile span, .tile b, .tile small { display: block } .tile span { font-size: 13px; color: var(--quiet) }
.tile b { font-size: 25px; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.25 }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 14px }
figure { margin: 0; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 12px }
figcaption { font-weight: 600; margin-bottom: 6px } figure svg { width: 100%; height: auto; display: block }
.legend { display: flex; flex-wrap: wrap; gap: 4px 14px; font-size: 13px; color: var(--quiet) }
.key { display: inline-block; width: 14px; height: 3px; margin-right: 5px; vertical-align: middle }
.grid { stroke: var(--rule); stroke-width: 1 } .mark { stroke-width: 2; stroke-dasharray: 4 3 }
.tick { font-size: 11px; fill: var(--quiet) } .label { font-size: 12px; fill: var(--quiet) }
.line { fill: none; stroke-width: 2 } .band { stroke-width: 4; stroke-linecap: round; opacity: .4 }
.line.s0, .mark.s0, .band.s0 { stroke: var(--s0) } .line.s1, .mark.s1 { stroke: var(--s1) }
.line.s2, .mark.s2 { stroke: var(--s2) } .line.s3, .mark.s3 { stroke: var(--s3) }
.line.s4, .mark.s4 { stroke: var(--s4) }
.dot.s0, .bar.s0 { fill: var(--s0) } .dot.s1 { fill: var(--s1) } .dot.s2 { fill: var(--s2) }
.dot.s3 { fill: var(--s3) } .dot.s4 { fill: var(--s4) }
.key.s0 { background: var(--s0) } .key.s1 { background: var(--s1) } .key.s2 { background: var(--s2) }
.key.s3 { background: var(--s3) } .key.s4 { background: var(--s4) }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-size: 14px }
th { text-align: left; font-weight: 600; color: var(--quiet); font-size: 13px }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--rule); vertical-align: middle }
.n { font-variant-numeric: tabular-nums; white-space: nowrap } .mini { display: block }
details.q { background: var(--card); border: 1px solid var(--rule); border-left: 3px solid var(--bad);
  border-radius: 6px; margin: 6px 0 } details.q.ok { border-left-color: var(--good) }
summary { cursor: pointer; padding: 7px 12px } details.q small { display: block; padding-left: 15px }
dl { margin: 0; padding: 2px 16px 12px 27px; display: grid; grid-template-columns: 90px 1fr; gap: 6px 12px }
dt { color: var(--quiet); font-size: 13px } dd, li, summary span { margin: 0; unicode-bidi: isolate }
dd, li { overflow-wrap: anywhere } dd ul { margin: 4px 0 0; padding-left: 18px }
code { font-size: 12.5px; color: var(--s0) } strong, .worse b { color: var(--bad) } .better b { color: var(--good) }
li.hit::marker, span.hit { color: var(--good) } li.miss::marker { color: var(--bad) } q { quotes: "«" "»" }
@media (max-width: 560px) { dl { grid-template-columns: 1fr } }
@media print { details.q { break-inside: avoid } }
"""
