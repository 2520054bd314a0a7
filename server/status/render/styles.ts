/** The console's tokens that the public page uses; a test holds them to `app/styles/tokens.css`. */
export const TOKENS = {
  canvas: 'light-dark(oklch(0.972 0.005 128), oklch(0.172 0.008 152))',
  surface: 'light-dark(oklch(0.996 0.002 120), oklch(0.21 0.009 152))',
  line: 'light-dark(oklch(0.896 0.008 130), oklch(0.292 0.011 152))',
  edge: 'light-dark(oklch(0.63 0.014 140), oklch(0.56 0.014 150))',
  ink: 'light-dark(oklch(0.235 0.018 152), oklch(0.945 0.008 130))',
  muted: 'light-dark(oklch(0.445 0.016 148), oklch(0.755 0.012 140))',
  herb: 'light-dark(oklch(0.43 0.092 136), oklch(0.755 0.105 133))',
  ok: 'light-dark(oklch(0.475 0.1 162), oklch(0.81 0.125 164))',
  'ok-soft': 'light-dark(oklch(0.94 0.034 165), oklch(0.275 0.042 164))',
  warning: 'light-dark(oklch(0.49 0.105 66), oklch(0.83 0.128 80))',
  'warning-soft': 'light-dark(oklch(0.95 0.048 86), oklch(0.29 0.046 72))',
  critical: 'light-dark(oklch(0.505 0.19 27), oklch(0.765 0.14 24))',
  'critical-soft': 'light-dark(oklch(0.948 0.026 22), oklch(0.285 0.066 24))',
  info: 'light-dark(oklch(0.485 0.115 245), oklch(0.805 0.098 240))',
  'info-soft': 'light-dark(oklch(0.945 0.022 240), oklch(0.282 0.046 248))',
  unknown: 'light-dark(oklch(0.465 0.012 146), oklch(0.745 0.01 146))',
  'unknown-soft': 'light-dark(oklch(0.93 0.006 138), oklch(0.27 0.008 150))',
} as const;

const variables = Object.entries(TOKENS)
  .map(([name, value]) => `--${name}:${value}`)
  .join(';');
const tones = ['ok', 'warning', 'critical', 'info', 'unknown']
  .map((tone) => `.${tone}{--tone:var(--${tone});--soft:var(--${tone}-soft)}`)
  .join('');

/** The styles of the public pages. The theme is the browser's. */
export const STYLES = `:root{color-scheme:light dark;${variables}}
${tones}
*{box-sizing:border-box}
body{margin:0;background:var(--canvas);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
.frame{max-width:760px;margin:0 auto;padding:24px 16px 48px}
header,footer{display:flex;flex-wrap:wrap;gap:4px 20px;align-items:center;justify-content:space-between}
header{margin-bottom:24px}
header b{font-weight:600}
nav{display:flex;flex-wrap:wrap;gap:4px 16px}
nav a,footer a,.more{display:inline-block;padding:10px 0}
nav a[aria-current]{font-weight:600;text-decoration:none}
a{color:inherit;text-underline-offset:3px;text-decoration-thickness:1px}
a:hover{color:var(--herb)}
:focus-visible{outline:2px solid var(--herb);outline-offset:2px}
h1,h2,h3,h4,p,ol,ul,dl{margin:0;padding:0}
h1{font-size:24px;line-height:32px;letter-spacing:-.01em;font-weight:600;text-wrap:balance}
h2{font-size:15px;line-height:24px;font-weight:600;margin:40px 0 8px}
h3,h4{font-size:15px;line-height:24px;font-weight:600;overflow-wrap:anywhere}
.group{margin:24px 0 8px;color:var(--muted)}
ul,ol{list-style:none}
.quiet{color:var(--muted);font-size:13px;line-height:20px}
.lead{display:flex;gap:16px;align-items:center;padding:20px;border-radius:10px;background:var(--soft);border:1px solid var(--line)}
.lead svg{width:32px;height:32px}
svg{width:16px;height:16px;flex:none;color:var(--tone)}
.notice{margin-bottom:16px;padding:12px 16px;border-radius:10px;background:var(--warning-soft);border:1px solid var(--line)}
.card{background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:16px 20px}
.card+.card{margin-top:12px}
.row{display:flex;flex-wrap:wrap;gap:0 12px;align-items:center;justify-content:space-between}
.state{display:inline-flex;gap:6px;align-items:center;color:var(--tone);font-size:13px;line-height:20px;font-weight:500}
.bars{display:flex;gap:1px;align-items:flex-end;height:32px;margin:10px 0 4px}
.bars i{flex:1 1 0;min-width:1px;border-radius:1px;height:100%;background:var(--tone)}
.bars .warning{height:72%}.bars .critical{height:48%}
.bars .unknown{height:4px;background:var(--edge)}
.scale{display:flex;justify-content:space-between}
details{margin-top:4px}
summary{cursor:pointer;padding:8px 0;color:var(--muted);font-size:13px;line-height:20px}
.days{columns:3 160px}
.text{white-space:pre-line;overflow-wrap:anywhere;text-wrap:pretty}
.card>.text{margin-top:8px}
.stem{margin-top:12px}
.stem li{display:grid;grid-template-columns:104px 16px 1fr;gap:0 12px;padding-bottom:20px;position:relative}
.stem li>svg{margin-top:3px;background:var(--surface);position:relative}
.stem li:not(:last-child)::after{content:"";position:absolute;left:124px;top:22px;bottom:-3px;width:1px;background:var(--line)}
.stem li:last-child{padding-bottom:0}
.empty{color:var(--muted)}
footer{margin-top:48px;border-top:1px solid var(--line);padding-top:8px}
@media (max-width:560px){.frame{padding-top:16px}.card{padding:14px 14px}.stem li{grid-template-columns:16px 1fr}.stem li>time{grid-column:2;order:-1}.stem li>svg{grid-row:1/3;margin-top:2px}.stem li:not(:last-child)::after{left:7.5px}}
@media print{body{background:none}nav{display:none}}`;
