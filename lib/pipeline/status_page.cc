#include "pipeline/status_page.h"

namespace sequitur::pipeline {

// Whatever comes from telemetry goes in as text (textContent), never as markup.
const char kStatusPage[] = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sequitur</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --ink: #1d2329; --dim: #66707a; --line: #d9dee3; --back: #fff;
  --card: #f6f8fa; --good: #1a7f4b; --bad: #c0322b; --warn: #9a6700; --bar: #2f6fb3; }
@media (prefers-color-scheme: dark) { :root { --ink: #dfe5ea; --dim: #909aa4; --line: #343c44;
  --back: #14181c; --card: #1c2227; --good: #4cc38a; --bad: #ff7b72; --warn: #e3b341; --bar: #5a9ee0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 78rem; padding: 1.2rem; background: var(--back); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .4rem 1rem; }
h1 { font-size: 1.35rem; margin: 0; }
h2 { font-size: 1.02rem; margin: 1.8rem 0 .5rem; }
.dim { color: var(--dim); } .good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.state { font-weight: 600; }
#problems { margin: .7rem 0 0; padding: 0; list-style: none; }
#problems li { border-left: 4px solid var(--bad); background: var(--card); padding: .4rem .7rem; margin: .3rem 0;
  white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.5 ui-monospace, monospace; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .7rem; margin-top: 1rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; }
.card b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.nowrap { white-space: nowrap; }
#alerts { max-height: 30rem; overflow-y: auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: 500; font-size: .86rem; }
td.n, th.n { text-align: right; }
.funnel { display: flex; align-items: center; gap: .25rem; white-space: nowrap; }
.funnel span { background: var(--card); border: 1px solid var(--line); border-radius: 4px; padding: 0 .4rem; }
.funnel span.some { border-color: var(--bar); }
details { border: 1px solid var(--line); border-radius: 6px; margin: .4rem 0; background: var(--card); }
summary { cursor: pointer; padding: .4rem .7rem; overflow-wrap: anywhere; }
pre { margin: 0; padding: .2rem .9rem .8rem; overflow-x: auto; font: 13px/1.5 ui-monospace, monospace; }
.tag { border-radius: 4px; padding: 0 .4rem; border: 1px solid currentColor; font-size: .84rem; }
</style>
</head>
<body>
<header><h1>sequitur</h1><span id="state" class="state dim">loading</span><span id="version" class="dim"></span>
<span id="age" class="dim"></span></header>
<ul id="problems"></ul>
<section class="cards" id="cards"></section>
<h2>Rules</h2>
<div class="scroll"><table id="rules"></table></div>
<h2>Hosts with gaps in their telemetry</h2>
<div class="scroll"><table id="gaps"></table></div>
<h2>Last alerts</h2>
<div id="alerts"></div>
<h2>Canaries</h2>
<div class="scroll"><table id="canaries"></table></div>
<h2>Sources</h2>
<div class="scroll"><table id="sources"></table></div>
<h2>Partitions</h2>
<div class="scroll"><table id="partitions"></table></div>
<h2>Allowlist</h2>
<div class="scroll"><table id="allowlist"></table></div>
<script>
'use strict';
const $ = id => document.getElementById(id);
function el(tag, text, cls) {
  const e = document.createElement(tag);
  if (text !== undefined && text !== null) e.textContent = text;
  if (cls) e.className = cls;
  return e;
}
const sum = o => Object.values(o).reduce((a, b) => a + b, 0);
const int = n => Math.round(n).toLocaleString('en');
function time(s) {
  if (s < 1) return Math.round(s * 1000) + ' ms';
  if (s < 120) return s.toFixed(1) + ' s';
  if (s < 7200) return (s / 60).toFixed(1) + ' min';
  return s < 172800 ? (s / 3600).toFixed(1) + ' h' : (s / 86400).toFixed(1) + ' d';
}
function bytes(n) {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let i = 0;
  while (n >= 1024 && i < 3) { n /= 1024; ++i; }
  return n.toFixed(i ? 1 : 0) + ' ' + units[i];
}
const at = s => s ? new Date(s * 1000).toISOString().replace('T', ' ').slice(0, 19) : 'never';
function table(id, heads, rows, none) {
  const t = $(id);
  t.replaceChildren();
  if (!rows.length) { const r = t.insertRow(); r.append(el('td', none, 'dim')); return; }
  const head = t.insertRow();
  for (const h of heads) head.append(el('th', h.replace(/^#/, ''), h[0] === '#' ? 'n' : ''));
  for (const cells of rows) {
    const r = t.insertRow();
    cells.forEach((c, i) => {
      const td = el('td', c instanceof Node ? null : c, heads[i][0] === '#' ? 'n' : '');
      if (c instanceof Node) td.append(c);
      r.append(td);
    });
  }
}
let before = null;
// Of a total, per second since the last look.
function rate(now, total) {
  if (!before) return '…';
  const seconds = now.time - before.time;
  const was = total(before);
  return seconds > 0 && was !== undefined ? int(Math.max(0, total(now) - was) / seconds) + '/s' : '…';
}
function card(name, value, note, cls) {
  const c = el('div', null, 'card');
  c.append(el('span', name, 'dim'), el('b', value, cls), el('span', note || '\u00a0', 'dim'));
  return c;
}
function drawCards(s) {
  const cards = [];
  for (const [name, stage] of Object.entries(s.stages)) {
    const behind = stage.partitions.reduce((a, p) => a + p.behind, 0);
    const lag = stage.partitions.reduce((a, p) => Math.max(a, p.record_lag_seconds), 0);
    cards.push(card(name + ' lag', time(lag), int(behind) + ' records behind', lag > 60 ? 'bad' : ''));
    cards.push(card(name + ' reads', rate(s, x => x.stages[name] && sum(x.stages[name].records)),
      int(sum(stage.records)) + ' records'));
  }
  cards.push(card('alerts', int(s.rules.reduce((a, r) => a + r.alerts, 0)),
    int(s.rules.reduce((a, r) => a + r.suppressed, 0)) + ' suppressed'));
  cards.push(card('hosts active', int(s.hosts.active) + ' of ' + int(s.hosts.known), int(s.hosts.with_gaps) + ' with gaps',
    s.hosts.with_gaps ? 'warn' : ''));
  cards.push(card('state held', bytes(s.memory.bytes), 'of ' + bytes(s.memory.limit)));
  $('cards').replaceChildren(...cards);
}
function funnel(r) {
  const f = el('div', null, 'funnel');
  r.stage_hits.forEach((n, i) => {
    if (i) f.append('→');
    f.append(el('span', int(n), n ? 'some' : 'dim'));
  });
  f.append('⇒', el('span', int(r.matches), r.matches ? 'some' : 'dim'));
  return f;
}
// Why the rule cannot fire (no_...) or may miss a chain, with how many hosts.
function hostsByReason(r) {
  const lacking = Object.entries(r.hosts_lacking).filter(e => e[1]).map(e => ['no_' + e[0], e[1], 'bad']);
  const degraded = Object.entries(r.hosts_degraded).filter(e => e[1]).map(e => [...e, 'warn']);
  const all = [...lacking, ...degraded];
  if (!all.length) return el('span', 'none', 'dim');
  const list = el('div');
  for (const [reason, hosts, cls] of all) list.append(el('span', reason + ': ' + hosts, 'nowrap ' + cls), ' ');
  return list;
}
function drawGaps(s) {
  const rows = s.hosts.gaps.map(g => [g.host,
    el('span', Object.entries(g.lacks).map(([kind, last]) =>
      kind + (last ? ' for ' + time(Math.max(0, s.time - last)) : ' ever')).join(', ') || '-', Object.keys(g.lacks).length ? 'bad' : 'dim'),
    el('span', g.degraded.join(', ') || '-', g.degraded.length ? 'warn' : 'dim')]);
  table('gaps', ['host', 'sends nothing of', 'degraded: what comes, but not to be relied on'], rows, 'none among the active hosts');
  const more = s.hosts.with_gaps - rows.length;
  if (more > 0) $('gaps').insertRow().append(el('td', 'and ' + int(more) + ' more hosts', 'dim'));
}
function drawRules(s) {
  table('rules', ['rule', 'severity', 'funnel: hits by stage ⇒ matches', '#alerts', '#suppressed', '#held', '#given up',
    'hosts lacking or degraded', 'last match'], s.rules.map(r => {
    const name = el('div', r.id);
    name.title = r.name + (r.maxspan ? ' (within ' + time(r.maxspan) + ')' : '');
    if (r.mode !== 'live') name.append(' ', el('span', r.mode, 'tag dim'));
    if (r.complete_from) name.append(' ', el('span', 'complete from ' + at(r.complete_from), 'dim'));
    const lost = sum(r.evicted);
    return [name, r.severity, funnel(r), int(r.alerts), int(r.suppressed), int(r.held_hits),
      lost ? el('span', int(lost), 'bad') : '0',
      hostsByReason(r),
      el('span', r.last_match ? time(Math.max(0, s.time - r.last_match)) + ' ago' : 'never', r.last_match ? 'nowrap' : 'nowrap dim')];
  }), 'no rules');
}
function drawAlerts(s) {
  const open = new Set([...document.querySelectorAll('#alerts details[open]')].map(d => d.dataset.id));
  const list = s.alerts.map(a => {
    const d = el('details');
    d.dataset.id = a.id;
    d.open = open.has(a.id);
    const head = el('summary');
    head.append(el('span', a.severity, 'tag ' + (['high', 'critical'].includes(a.severity) ? 'bad' : 'warn')),
      ' ' + a.created.replace('T', ' ').slice(0, 19) + '  ', el('b', a.rule), ' on ' + a.host);
    if (a.coverage_gaps.length) head.append('  ', el('span', 'coverage degraded', 'tag dim'));
    d.append(head, el('pre', a.timeline));
    return d;
  });
  $('alerts').replaceChildren(...(list.length ? list : [el('p', 'none yet', 'dim')]));
}
function drawCanaries(s) {
  const rows = (s.canaries ? s.canaries.rules : []).map(c => {
    if (c.none) return [c.rule, el('span', 'no canary: ' + c.none, 'warn'), '', '', '', ''];
    const missing = c.missing_on_partitions, missed = Object.entries(c.missed).filter(e => e[1]);
    const alive = missing.length ? el('span', 'missed on partition ' + missing.join(', '), 'bad')
      : c.last_detected ? el('span', 'alive, seen ' + time(Math.max(0, s.time - c.last_detected)) + ' ago', 'good')
        : el('span', 'not yet', 'dim');
    return [c.rule, alive, c.last_detected ? time(c.last_delay_seconds) : '', int(c.injected), int(c.detected),
      missed.length ? el('span', missed.map(e => e[0] + ': ' + int(e[1])).join(', '), 'warn') : '0'];
  });
  table('canaries', ['rule', 'proved', '#delay', '#injected', '#detected', 'missed'], rows,
    s.canaries ? 'no rule has one' : 'off (canaries.enabled)');
}
function drawSources(s) {
  const rows = [];
  for (const stage of Object.values(s.stages)) {
    for (const [topic, last] of Object.entries(stage.last_record_by_topic)) {
      const age = s.time - last;
      rows.push([topic, int(stage.records[topic] || 0), el('span', time(Math.max(0, age)) + ' ago', age > 300 ? 'bad' : '')]);
    }
    const es = [['never came', stage.sequence_missing], ['among which a loss goes unnoticed', stage.sequence_unwatched]];
    for (const [what, n] of es) if (n) rows.push(['eslogger messages ' + what, el('span', int(n), 'warn'), '']);
    for (const d of stage.decoded) {
      if (d.result !== 'decoded') rows.push([d.source + ': ' + d.result, int(d.records), '']);
    }
  }
  table('sources', ['topic, or what became of records', '#records', 'last record'], rows, 'nothing read yet');
}
function drawPartitions(s) {
  const rows = [];
  for (const [name, stage] of Object.entries(s.stages)) {
    for (const p of stage.partitions) {
      if (name === 'ingest' && !p.behind && p.event_lag_seconds < 60) continue;
      rows.push([name, p.topic + ':' + p.partition, int(p.behind), time(p.record_lag_seconds),
        el('span', time(p.event_lag_seconds), p.event_lag_seconds < 60 ? '' : 'warn'),
        p.rebuilding ? el('span', 'rebuilding', 'warn') : el('span', 'live', 'good')]);
    }
  }
  table('partitions', ['stage', 'partition', '#behind', '#lag by record', '#lag by event', 'state'], rows, 'none assigned');
}
function draw(s) {
  const problems = [...s.not_ready];
  if (!s.config.last_reload_ok) problems.push('The last edit was not taken:\n' + s.config.last_problem);
  $('state').textContent = s.ready ? 'ready' : s.healthy ? 'not ready' : 'not healthy';
  $('state').className = 'state ' + (s.ready ? 'good' : 'bad');
  $('version').textContent = s.version + ', librdkafka ' + s.librdkafka;
  $('age').textContent = 'configuration of ' + at(s.config.last_success) + ' UTC';
  $('problems').replaceChildren(...problems.map(p => el('li', p)));
  drawCards(s); drawRules(s); drawAlerts(s); drawCanaries(s); drawSources(s); drawPartitions(s);
  drawGaps(s);
  table('allowlist', ['rule', 'entry', '#hits', 'ends'], s.allowlist.map(a => [a.rule, a.entry, int(a.hits),
    a.expires ? el('span', at(a.expires), a.expires < s.time ? 'bad' : '') : el('span', 'never', 'dim')]), 'no entries');
  before = s;
}
async function look() {
  try {
    const answer = await fetch('api/status');
    draw(await answer.json());
  } catch (e) {
    $('state').textContent = 'no answer';
    $('state').className = 'state bad';
  }
  setTimeout(look, 2000);
}
look();
</script>
</body>
</html>
)html";

}  // namespace sequitur::pipeline
