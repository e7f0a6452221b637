// A run as it goes: its state, its figures, its curves.
let run = null;               // what run.json said last
let course = null;            // all that the run has told, by step where it has one
let other = null;             // the run that is compared with it

function freshCourse(id) {
  return { id, seq: -1, steps: new Map(), validation: new Map(), samples: new Map(), log: [], experts: [] };
}

// Steps after a resumption are told again: of two rows of one step the later counts.
function takeIn(into, told) {
  into.seq = told.seq;
  for (const row of told.steps) into.steps.set(row[0], row);
  for (const row of told.validation) into.validation.set(row[0], row[1]);
  for (const one of told.samples) {
    const name = `${one.micrograph} ${one.question}`;
    if (!into.samples.has(name)) into.samples.set(name, { ...one, said: new Map() });
    into.samples.get(name).said.set(one.step, one.answer);
  }
  if (told.experts.length) into.experts = told.experts;
  into.log.push(...told.states.map((one) => ({ at: one.at, text: one.reason ? `${one.state}: ${one.reason}` : one.state })), ...told.warnings.map((one) => ({ ...one, warned: true })));
  into.log.sort((a, b) => (a.at < b.at ? -1 : 1));
}

const rowsOf = (from) => [...from.steps.values()].sort((a, b) => a[0] - b[0]);
const column = (rows, at) => rows.filter((row) => known(row[at])).map((row) => [row[0], row[at]]);
const validationOf = (from) => [...from.validation].filter(([, loss]) => known(loss)).sort((a, b) => a[0] - b[0]);

async function follow(id) {
  const into = course?.id === id ? course : freshCourse(id);
  const answer = await ask(`run.json?id=${encodeURIComponent(id)}${into.seq >= 0 ? `&since=${into.seq}` : ''}`);
  if (open !== id) return;
  takeIn(into, answer.told_so_far);
  course = into;
  run = answer;
}

async function followOther() {
  const id = find('.ft-compare').value;
  if (!id) { other = null; return; }
  if (other?.id === id && !state.runs.find((one) => one.id === id)?.live) return;
  const into = other?.id === id ? other : freshCourse(id);
  const answer = await ask(`run.json?id=${encodeURIComponent(id)}${into.seq >= 0 ? `&since=${into.seq}` : ''}`);
  takeIn(into, answer.told_so_far);
  into.title = answer.title;
  other = into;
}

function showCourse() {
  find('.ft-run').hidden = !open || !run;
  find('.ft-about').hidden = !open || !run;
  element.dataset.run = open && run ? run.id : '';
  element.dataset.state = open && run ? run.state : '';
  element.dataset.step = open && run ? run.step : '';
  if (!open || !run) return;
  find('.ft-title').textContent = run.title;
  find('.ft-title').title = run.id;
  const chip = find('.ft-state');
  chip.textContent = run.paused ? 'paused for the chat' : run.ending ? 'ending' : run.told;
  chip.dataset.state = run.paused ? 'paused' : run.state;
  find('.ft-told').textContent = [run.snapshot, run.backbone, run.preset].join(' · ');
  const progress = find('.ft-progress');
  progress.hidden = !run.live;
  if (run.live && (!run.steps || run.state !== 'running')) progress.removeAttribute('value');
  else progress.value = run.steps ? run.step / run.steps : 0;
  const atWork = ['preflight', 'running'].includes(run.state);
  find('.ft-pause').hidden = !atWork && !run.paused;
  find('.ft-pause').textContent = run.paused ? 'Go on training' : 'Pause for chat';
  find('.ft-stop').hidden = run.state !== 'running' || run.paused;
  find('.ft-stop').disabled = find('.ft-pause').disabled = run.ending;
  element.querySelectorAll('.ft-cancel').forEach((node) => { node.hidden = !run.live && !run.paused; });
  find('.ft-resume').hidden = !run.resumable || run.paused;
  const reason = run.quiet ? run.note : run.live || run.state === 'done' ? '' : run.reason;
  find('.ft-reason').hidden = !reason;
  find('.ft-reason').textContent = reason;
  showTiles();
  showCompare();
  showChart();
}

function showTiles() {
  const rows = rowsOf(course);
  const [, loss, rate, speed, rank, memory] = rows.at(-1) || [];
  const judged = validationOf(course);
  const best = judged.reduce((near, one) => (!near || one[1] < near[1] ? one : near), null);
  const ranked = column(rows, 4);
  const tiles = [
    tile('step', run.live && run.eta ? `Step, ${run.eta} left` : run.took ? `Step, took ${run.took}` : 'Step', run.steps ? `${run.step.toLocaleString('en')}` : '–', run.steps ? `of ${run.steps.toLocaleString('en')}` : ''),
    tile('loss', 'Loss', short(loss), '', column(rows, 1), 'var(--ft-loss)'),
    tile('validation', best ? `Validation, best ${short(best[1])}` : 'Validation loss', short(judged.at(-1)?.[1]), '', judged, 'var(--ft-val)'),
    tile('rate', 'Learning rate', short(rate, 2), '', column(rows, 2), 'var(--body-text-color-subdued)'),
    tile('speed', 'Tokens per second', short(speed), '', column(rows, 3), 'var(--body-text-color-subdued)'),
    tile('memory', 'Memory, most', memory ? bytes(memory) : run.memory || '–', '', column(rows, 5), 'var(--body-text-color-subdued)'),
    tile('rank', 'Rank drawn', known(rank) ? short(rank, 2) : rows.length ? 'fixed' : '–', '', ranked, 'var(--body-text-color-subdued)'),
    expertTile(),
  ];
  when('tiles', tiles.map((one) => one.outerHTML), () => find('.ft-tiles').replaceChildren(...tiles));
}

function tile(name, label, value, detail, points = null, colour = '') {
  const node = make('div', 'ft-tile', '', { 'data-tile': name });
  const figure = make('b', '', value);
  if (detail) figure.append(make('em', '', detail));
  node.append(make('small', '', label, { title: label }), figure);
  if (points) node.append(sparkline(points, colour));
  return node;
}

function expertTile() {
  const loads = course.experts;
  const told = loads.map((share, place) => `expert ${place + 1}: ${Math.round(100 * share)} %`).join(', ');
  const node = make('div', 'ft-tile', '', { 'data-tile': 'experts', title: told || 'this adapter has no experts' });
  node.append(make('small', '', 'Load of the experts'));
  if (!loads.length) { node.append(make('b', '', run.step ? 'none' : '–')); return node; }
  const bars = make('span', 'ft-bars', '', { role: 'img', 'aria-label': told });
  const most = Math.max(2 / loads.length, ...loads);
  bars.style.setProperty('--ft-even', `${100 / loads.length / most}%`);
  for (const share of loads) bars.append(make('i'));
  loads.forEach((share, place) => { bars.children[place].style.height = `${(100 * share) / most}%`; });
  node.append(bars);
  return node;
}

function showCompare() {
  const others = state.runs.filter((one) => one.id !== open && one.step > 0);
  find('.ft-compare-label').hidden = !others.length;
  when('compare', [open, others.map((one) => [one.id, one.title])], () => {
    const select = find('.ft-compare');
    const before = select.value;
    select.replaceChildren(make('option', '', 'no other', { value: '' }), ...others.map((one) => make('option', '', `${one.title}, ${moment(one.created)}`, { value: one.id })));
    select.value = others.some((one) => one.id === before) ? before : '';
    if (!select.value) other = null;
  });
}

function showChart() {
  const rows = rowsOf(course);
  const lines = [
    { name: 'loss', colour: 'var(--ft-loss)', points: column(rows, 1), raw: true },
    { name: 'validation', colour: 'var(--ft-val)', points: validationOf(course), dots: true },
  ];
  if (other) {
    lines.push({ name: `${other.title}: loss`, colour: 'var(--ft-other)', points: smooth(column(rowsOf(other), 1)), dashed: true });
    lines.push({ name: `${other.title}: validation`, colour: 'var(--ft-other)', points: validationOf(other) });
  }
  when('chart', [lines.map((line) => [line.name, line.points.length, line.points.at(-1)]), run.steps, find('.ft-chart').clientWidth, find('.ft-chart').clientHeight], () => {
    chart(find('.ft-chart'), lines, run.live ? run.steps : run.step);
    find('.ft-legend').replaceChildren(...lines.filter((line) => line.points.length).map((line) => {
      const item = make('span', '', line.name);
      const sign = make('i');
      sign.style.color = line.colour;
      if (line.dashed) sign.style.borderTopStyle = 'dashed';
      item.prepend(sign);
      return item;
    }));
  });
  element.dataset.points = rows.length;
  element.dataset.lines = lines.filter((line) => line.points.length).length;
}

find('.ft-compare').addEventListener('change', async () => { await followOther().catch((error) => complain(error.message)); showChart(); });
find('.ft-pause').addEventListener('click', () => act(run.paused ? 'go_on' : 'pause'));
find('.ft-stop').addEventListener('click', () => act('stop', { id: run.id }));
find('.ft-resume').addEventListener('click', () => act('resume', { id: run.id }));
askTwice(find('.ft-cancel'), 'Cancel, keep nothing', () => act('cancel', { id: run.id }));
new ResizeObserver(() => { if (run && open && course) showChart(); }).observe(find('.ft-chart'));
