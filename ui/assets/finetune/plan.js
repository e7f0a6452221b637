// A new run: what it learns from, which model, how thoroughly; what that takes and what speaks against.
const wish = { snapshot: '', backbone: 'builtin', preset: 'quick', name: '' };
let plan = null;              // the answer to the wish as it is
let findings = null;          // null while they are looked for
let refusal = '';             // why there is no plan
let turn = 0;                 // grows with every wish
let planning = 0;
try {
  const kept = JSON.parse(recall('wish') || '{}');
  for (const name of Object.keys(wish)) if (typeof kept[name] === 'string') wish[name] = kept[name];
  if (kept.changes && typeof kept.changes === 'object') changes = kept.changes;
} catch { /* what an older page kept */ }

const sent = () => ({ ...wish, changes });
const isOther = () => !state.backbones.some((one) => one.name && one.name === wish.backbone);

function showPlan() {
  const none = !state.snapshots.length;
  const planned = !open;
  find('.ft-none').hidden = !(planned && none);
  find('.ft-plan').hidden = !planned || none;
  find('.ft-check').hidden = !planned || none;
  find('.ft-new').disabled = planned;
  if (!planned || none) return;
  if (!state.snapshots.some((one) => one.id === wish.snapshot)) { wish.snapshot = state.snapshots[0].id; replan(); }
  when('snapshots', [state.snapshots, wish.snapshot], () => find('.ft-snapshots').replaceChildren(...state.snapshots.map(snapshotChoice)));
  when('backbones', [state.backbones, wish.backbone], () => find('.ft-backbones').replaceChildren(...state.backbones.map((one) => choice(one, one.name ? one.name === wish.backbone : isOther(), () => pick('backbone', one.name)))));
  when('presets', [state.presets, wish.preset], () => find('.ft-presets').replaceChildren(...state.presets.map((one) => choice(one, one.name === wish.preset, () => pick('preset', one.name)))));
  find('.ft-backbone-row').hidden = !isOther();
  if (document.activeElement !== find('.ft-backbone') && isOther()) find('.ft-backbone').value = wish.backbone;
  if (document.activeElement !== find('.ft-name')) find('.ft-name').value = wish.name;
  if (plan) showSettings(plan.values);
  else if (!planning && !refusal) replan();
  showCheck();
}

function choice(one, checked, act) {
  const node = make('button', 'ft-choice', '', { type: 'button', role: 'radio', 'aria-checked': String(checked), 'data-choice': one.name });
  node.append(make('b', '', one.title), make('small', '', one.text));
  node.addEventListener('click', act);
  return node;
}

function snapshotChoice(one) {
  const node = make('button', 'ft-choice ft-snapshot', '', { type: 'button', role: 'radio', 'aria-checked': String(one.id === wish.snapshot), 'data-snapshot': one.id });
  const split = make('span', 'ft-split');
  for (const part of ['train', 'validation', 'test']) {
    const bar = make('i', '', '', { title: `${part}: ${words(one.pairs[part], 'pair')}` });
    bar.style.flexGrow = one.pairs[part];
    split.append(bar);
  }
  const { train, validation, test } = one.pairs;
  node.append(make('b', '', one.name), make('small', '', moment(one.created)), make('small', '', `${words(one.all_pairs, 'pair')} about ${words(one.all_micrographs, 'micrograph')}`), make('small', '', `${train} to learn, ${validation} to steer, ${test} to test`), split);
  node.addEventListener('click', () => pick('snapshot', one.id));
  return node;
}

function pick(name, value) {
  if (name !== 'backbone' && wish[name] === value) return;
  if (name === 'preset') changes = {};
  wish[name] = value;
  if (name === 'backbone' && !value) { find('.ft-backbone-row').hidden = false; find('.ft-backbone').value = ''; find('.ft-backbone').focus(); }
  replan();
  showPlan();
}
find('.ft-backbone').addEventListener('change', (event) => { wish.backbone = event.target.value.trim(); replan(); showPlan(); });
find('.ft-name').addEventListener('input', (event) => { wish.name = event.target.value; replan(400); });
find('.ft-form').addEventListener('submit', (event) => event.preventDefault());

// Asks anew what the wish means; what was found for an older one is forgotten.
function replan(pause = 60) {
  remember('wish', JSON.stringify(sent()));
  turn += 1;
  findings = null;
  clearTimeout(planning);
  const mine = turn;
  planning = setTimeout(() => replanned(mine), pause);
}

async function replanned(mine) {
  let answer = null;
  refusal = '';
  try {
    if (!wish.backbone) throw new Error('Name a folder or a repository.');
    answer = await post('plan', sent());
  } catch (error) { refusal = error.message; }
  if (mine !== turn) return;
  planning = 0;
  const same = plan && answer && JSON.stringify(plan.values) === JSON.stringify(answer.values);
  if (answer) plan = answer;
  if (!same && state.trial.state) post('end_try', {}).then(look, () => {});
  if (!open) showPlan();
  if (!answer) return;
  let found = [];
  try { found = (await post('check', sent())).findings; } catch (error) { found = [{ level: 'error', text: error.message, way_out: '' }]; }
  if (mine !== turn) return;
  findings = found;
  if (!open) showCheck();
}

function showCheck() {
  const trial = state.trial;
  const errors = refusal ? 1 : (findings || []).filter((one) => one.level === 'error').length;
  const warned = (findings || []).length - errors;
  const busy = state.runs.some((run) => run.live);
  const verdict = refusal || errors ? 'It cannot start yet' : findings === null ? 'Looking through the snapshot…' : warned ? 'It can start, with a caution' : 'Nothing speaks against it';
  find('.ft-check .ft-verdict b').textContent = verdict;
  const rows = [...trial.rows, ...(plan ? [plan.disk] : [])];
  when('estimate', rows, () => find('.ft-estimate tbody').replaceChildren(...rows.map((row) => {
    const line = make('tr');
    const cell = make('td', '', row.text);
    if (row.detail) cell.append(make('small', '', row.detail));
    line.append(make('th', '', row.name), cell);
    return line;
  })));
  const trying = trial.state === 'running';
  find('.ft-trial').textContent = trying ? 'Cancel' : trial.rows.length ? 'Measure again' : 'Measure time and memory';
  find('.ft-trial').disabled = !trying && (!plan || Boolean(refusal) || busy);
  find('.ft-trial-told').textContent = trying ? `Three steps to try: ${trial.text}` : trial.state && trial.state !== 'done' ? trial.text : trial.rows.length ? '' : busy ? 'once the run under way has ended' : 'by three steps that are thrown away';
  const shown = refusal ? [{ level: 'error', text: refusal, way_out: '' }] : findings || [];
  when('findings', shown, () => find('.ft-findings').replaceChildren(...shown.map((one) => {
    const item = make('li', '', one.text, { 'data-level': one.level });
    if (one.way_out) item.append(make('small', '', one.way_out));
    return item;
  })));
  find('.ft-start').disabled = !plan || Boolean(refusal) || errors > 0;
  find('.ft-start-told').textContent = busy ? 'It waits until the run under way has ended.' : 'It goes on when you close the browser.';
  find('.ft-check code').textContent = plan ? plan.command : '';
  element.dataset.planned = plan && findings !== null ? 'yes' : '';
  element.dataset.trial = trial.state;
}

find('.ft-trial').addEventListener('click', () => act(state.trial.state === 'running' ? 'end_try' : 'try', sent()));
find('.ft-start').addEventListener('click', async () => {
  find('.ft-start').disabled = true;
  const begun = await act('start', sent());
  if (begun) { wish.name = ''; remember('wish', JSON.stringify(sent())); plan = null; show(begun.id); } else showCheck();
});
