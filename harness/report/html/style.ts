/** Colours by what a verdict is; shape and word say the same. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--shade:#f6f8fa;
--good:#0a6b2d;--known:#6d4a00;--bad:#b3101d;--odd:#7a3aa8;--badshade:#fff0f0;--knownshade:#fff8e1;--link:#0550ae}
@media(prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--soft:#9aa6b2;--line:#30363d;--shade:#161b22;
--good:#56d364;--known:#e3b341;--bad:#ff8182;--odd:#d2a8ff;--badshade:#2d1316;--knownshade:#2a2110;--link:#79c0ff}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:90rem;background:var(--paper);color:var(--ink);
font:1rem/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:.2em 0}h2{font-size:1.2rem;margin:1.6em 0 .5em}h3{font-size:1rem;margin:1em 0 .3em}
a{color:var(--link)}code,pre,.mono{font-family:ui-monospace,monospace;font-size:.85rem}
pre{background:var(--shade);border:1px solid var(--line);padding:.6rem;overflow:auto;white-space:pre-wrap}
.soft{color:var(--soft)}
.good{color:var(--good)}.known{color:var(--known)}.bad{color:var(--bad)}.odd{color:var(--odd)}
.banner{font-size:1.15rem;font-weight:600;border-left:.4rem solid;padding:.2rem .8rem;margin:.8rem 0}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:.9rem}
th,td{border:1px solid var(--line);padding:.25rem .5rem;text-align:left;vertical-align:top;overflow-wrap:normal}
.name{display:inline-block;width:max-content;max-width:12rem;overflow-wrap:anywhere}
tbody .name{max-width:min(20rem,40vw)}
thead th{background:var(--shade)}
td a{text-decoration:none}td a:hover,td a:focus{text-decoration:underline}
tbody th{font-weight:400;position:sticky;left:0;background:var(--paper)}
.brief{padding-left:0}.brief li{list-style:none;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
details{border:1px solid var(--line);margin:.4rem 0;padding:0 .7rem}
details[open]{padding-bottom:.7rem}
summary{cursor:pointer;padding:.35rem 0}
.run{content-visibility:auto;contain-intrinsic-size:auto 2.6rem}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem .9rem;margin:.4rem 0}
.facts dt{color:var(--soft)}.facts dd{margin:0}
svg{display:block;width:100%;min-width:56rem;height:auto;max-height:22rem;margin:.5rem 0;background:var(--shade)}
svg text{font:12px ui-monospace,monospace;fill:var(--ink)}
svg .words{paint-order:stroke;stroke:var(--shade);stroke-width:4}
svg .axis{stroke:var(--line)}svg .tick{stroke:var(--good);stroke-width:1}svg .gone{stroke:var(--bad);stroke-width:2}
svg .known.gone{stroke:var(--known)}
svg .pause{stroke:var(--soft);fill:none}svg .moment{stroke:var(--odd);stroke-dasharray:3 3}
.rows{content-visibility:auto;contain-intrinsic-size:auto 240rem;display:block}
.row{display:grid;grid-template-columns:4.5rem 6.5rem minmax(0,1fr) 11rem 11rem;gap:.6rem;
border-top:1px solid var(--line);font:.8rem/1.4 ui-monospace,monospace;white-space:pre-wrap}
.row[hidden]{display:none}
.row.head{font-weight:600;background:var(--shade);position:sticky;top:0;z-index:1}
.row.lost{background:var(--badshade)}.row.lost .said{font-weight:700}.row .unprinted{background:var(--badshade)}
.came{display:block}
.row:target{outline:2px solid var(--link)}.row{scroll-margin-top:2rem}
.copied{position:fixed;top:0;opacity:0}
.part{color:var(--soft);font-size:.7rem;border:1px solid var(--line);border-radius:.3rem;padding:0 .3rem;margin-right:.4rem}
.tools{display:flex;flex-wrap:wrap;gap:.6rem;margin:.5rem 0}
.tools input[type=search]{font:inherit;flex:1;min-width:10rem}
@media(max-width:50rem){.row{grid-template-columns:1fr 1fr;gap:.1rem .5rem}.row .said{grid-column:1/-1}
.row .wire::before{content:'wire: '}.row .serial::before{content:'serial: '}.row.head{display:none}.facts{grid-template-columns:1fr}.facts dt{margin-top:.4rem}}
@media print{.tools{display:none}.surprising::details-content{content-visibility:visible}.row.head,tbody th{position:static}
.run,.rows{content-visibility:visible}.scroll{overflow:visible}svg{min-width:0}.brief li{white-space:normal}a{color:inherit}}
`;
