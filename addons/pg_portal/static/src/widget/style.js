// Looks. A constructable sheet: no style element, so a strict policy of the host page is fine.
const CSS = `
:host { display: block; container-type: inline-size; min-inline-size: 0; max-inline-size: 30rem; color-scheme: light;
  --paper: #fff; --ink: #16211c; --quiet: #56635d; --line: #d7dedb; --soft: var(--brand-soft, #eef5f2);
  --link: var(--brand-strong, #0b6e4f); --bad: #b3261e; --bad-soft: #fdf0ef; --good: #0b7a4b; }
:host([hidden]) { display: none; }
:host(.dark) { color-scheme: dark; --paper: #171b1a; --ink: #eef2f0; --quiet: #a9b5b0; --line: #3a4441; --soft: #212927;
  --link: color-mix(in srgb, var(--brand, #0b6e4f) 40%, #fff); --bad: #ffb4ab; --bad-soft: #3a1d1a; --good: #7ee0ae; }
* { box-sizing: border-box; margin: 0; padding: 0; }
.card { background: var(--paper); color: var(--ink); border: 1px solid var(--line); border-radius: 16px; padding: 1rem;
  font-size: 1rem; line-height: 1.45; overflow-wrap: anywhere; text-align: start; }
.head { display: flex; align-items: center; gap: .625rem; margin-block-end: .75rem; }
.head b { font-size: 1.0625rem; line-height: 1.2; display: block; }
.head small, .quiet { color: var(--quiet); font-size: .875rem; }
.logo { inline-size: 2.5rem; block-size: 2.5rem; border-radius: 10px; flex: none; display: grid; place-items: center;
  background: var(--brand); color: var(--brand-ink); font-weight: 700; font-size: 1.125rem; }
img.logo { object-fit: contain; background: #fff; border: 1px solid var(--line); inline-size: auto; max-inline-size: 6rem; padding: 2px; }
.bar { display: flex; gap: 4px; list-style: none; margin-block-end: .875rem; }
.bar li { flex: 1; border-block-start: 3px solid var(--line); padding-block-start: .25rem; font-size: .8125rem; color: var(--quiet); }
.bar .on { border-color: var(--link); color: var(--ink); font-weight: 600; }
h2 { font-size: 1.125rem; line-height: 1.25; margin-block-end: .625rem; }
h2:focus { outline: none; }
h3 { font-size: .875rem; color: var(--quiet); margin-block: .875rem .375rem; }
label, .label { display: block; font-size: .875rem; font-weight: 600; margin-block: .625rem .25rem; }
input:not([type=radio]), select { inline-size: 100%; min-block-size: 2.75rem; padding: .5rem .75rem; font: inherit; color: inherit;
  background: var(--paper); border: 1px solid var(--quiet); border-radius: 10px; }
.hint { font-size: .8125rem; color: var(--quiet); margin-block-start: .25rem; min-block-size: 1.2em; }
.hint.bad { color: var(--bad); }
button { font: inherit; cursor: pointer; min-block-size: 2.75rem; border-radius: 10px; border: 1px solid var(--line);
  background: transparent; color: inherit; padding: .5rem .875rem; }
button.main { inline-size: 100%; margin-block-start: .875rem; border-color: transparent; background: var(--brand); color: var(--brand-ink); font-weight: 650; }
button.link { border: 0; min-block-size: 2rem; padding: .125rem .25rem; color: var(--link); text-decoration: underline; }
button[aria-disabled=true] { opacity: .65; cursor: progress; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.row { display: flex; align-items: center; justify-content: space-between; gap: .5rem; flex-wrap: wrap; }
.num { unicode-bidi: isolate; direction: ltr; font-variant-numeric: tabular-nums; font-weight: 650; }
.offers { display: grid; gap: .5rem; grid-template-columns: 1fr; list-style: none; }
.offer { inline-size: 100%; display: flex; justify-content: space-between; align-items: center; gap: .5rem; text-align: start; }
.offer:hover, .offer.on { border-color: var(--link); background: var(--soft); }
.offer b { display: block; }
.offer small { display: block; color: var(--quiet); font-size: .8125rem; }
.offer .good { color: var(--good); font-weight: 600; }
.offer .price { flex: none; font-weight: 650; color: var(--link); }
.range { border: 1px solid var(--line); border-radius: 10px; padding: .25rem .75rem .75rem; }
dl { border-block: 1px solid var(--line); padding-block: .375rem; }
dl div { display: flex; justify-content: space-between; gap: 1rem; padding-block: .25rem; }
dt { color: var(--quiet); flex: none; }
dd { text-align: end; font-weight: 600; min-inline-size: 0; }
fieldset { border: 0; min-inline-size: 0; }
.way { display: flex; align-items: center; gap: .625rem; min-block-size: 2.75rem; font-weight: 400; margin: 0; font-size: 1rem; }
.way small { display: block; }
.way input { inline-size: 1.25rem; block-size: 1.25rem; accent-color: var(--link); flex: none; }
.alert, .doubt { background: var(--bad-soft); color: var(--bad); border-radius: 10px; padding: .625rem .75rem; margin-block-end: .75rem; }
.doubt { margin-block: .75rem 0; }
.note { background: var(--soft); border-radius: 10px; padding: .625rem .75rem; margin-block: .75rem; font-size: .9375rem; }
.steps { list-style: none; margin-block: .75rem; }
.steps li { display: flex; gap: .5rem; padding-block: .1875rem; color: var(--quiet); }
.steps em { font-style: normal; }
.foot-row { margin-block-start: .5rem; min-block-size: 2rem; }
legend { padding: 0; padding-block-start: .625rem; }
.steps .done, .steps .now, .steps .bad { color: var(--ink); }
.steps .now { font-weight: 650; }
.steps span { inline-size: 1.25em; flex: none; text-align: center; color: var(--good); }
.steps .bad span { color: var(--bad); }
.good { color: var(--good); }
.pin { font-size: 1.25rem; letter-spacing: .05em; user-select: all; }
.foot { margin-block-start: .875rem; font-size: .8125rem; color: var(--quiet); display: flex; gap: .75rem; justify-content: space-between; flex-wrap: wrap; }
.foot a { min-block-size: 1.5rem; }
.compact { padding: .75rem; border-radius: 12px; }
.compact .bar, .compact .tagline, .compact .foot { display: none; }
.sr { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.spin { inline-size: 1.5rem; block-size: 1.5rem; margin: 1.5rem auto; border-radius: 50%; border: 3px solid var(--line); border-block-start-color: var(--link); animation: turn 1s linear infinite; }
@keyframes turn { to { transform: rotate(1turn); } }
@media (prefers-reduced-motion: reduce) { .spin { animation-duration: 6s; } }
@container (min-width: 26rem) { .offers { grid-template-columns: 1fr 1fr; } .offer { block-size: 100%; flex-direction: column; align-items: stretch; } .offer .price { text-align: end; } .offers .range, .offers .wide { grid-column: 1 / -1; } }
`;

const HEX = /^#[0-9a-f]{6}$/i;

/** Put the sheets on a shadow root; old browsers get a style element. */
const dress = (root, palette) => {
    const own = Object.entries(palette || {})
        .filter(([, value]) => HEX.test(value))
        .map(([name, value]) => `--${name}:${value}`);
    const text = `${CSS}:host{${own.join(";")}}`;
    try {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(text);
        root.adoptedStyleSheets = [sheet];
    } catch {
        root.querySelector("style")?.remove();
        root.prepend(make("style", { text }));
    }
};

/** Tell whether the host page is dark where the widget stands. */
const isDark = (element) => {
    for (let at = element.parentElement; at; at = at.parentElement) {
        const [r, g, b, a = 1] = (getComputedStyle(at).backgroundColor.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
        if (a > 0.5) {
            return 0.299 * r + 0.587 * g + 0.114 * b < 110;
        }
    }
    return false;
};
