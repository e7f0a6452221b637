// A new evaluation: which models, which measures, how much context.
const wish = { set: '', models: ['builtin'], typed: [], measures: ['text', 'grounded', 'category', 'defect', 'quantity'], levels: ['high'], way: 'facts', max_new_tokens: 256, seed: 0, confirm: false, again: false, name: '', judge: { url: '', model: '', measures: ['overall_quality'], repeats: 1, cap: '' } };
try {
  const kept = JSON.parse(recall('wish') || '{}');
  for (const [name, value] of Object.entries(kept)) if (name in wish && typeof value === typeof wish[name] && Array.isArray(value) === Array.isArray(wish[name])) wish[name] = value;
} catch { /* what an older page kept */ }

const WAYS = {
  facts: 'What the file, the user and measuring say is told beside the question, as in Analyse: none, basic, moderate, high.',
  attributes: 'None to three facts stand in the question itself, checked so that they do not give the answer away, as in GlassLLaVA\'s context assessment.',
};
const cannot = () => preview?.cannot || {};
const measures = () => wish.measures.filter((name) => !(name in cannot()));
const offered = () => [
  ...state.models, ...wish.typed.map((reference) => ({ reference, title: reference, text: 'typed', typed: true })),
  ...(preview?.given || []).map(([name, count]) => ({ reference: `given:${name}`, title: name, text: `${plural(count, 'answer')} given with the test set` })),
];
const chosen = () => offered().map((one) => one.reference).filter((one) => wish.models.includes(one));
// The test set and who answers.
function ownName() {
  const titles = offered().filter((one) => wish.models.includes(one.reference)).map((one) => one.title);
  return `${preview?.name || ''}: ${titles.length > 3 ? `${titles[0]} and ${titles.length - 1} others` : listing(titles)}${wish.again ? ', asked again' : ''}`.slice(0, 100);
}
const sent = () => ({
  set: wish.set, models: chosen(), measures: measures(), levels: wish.levels, way: wish.way, max_new_tokens: wish.max_new_tokens,
  seed: wish.seed, confirm: wish.confirm, again: wish.again, name: wish.name.trim() || ownName(), judge: measures().includes('judged') ? wish.judge : null,
});

function showForm() {
  const planned = !open && !scoring;
  find('.ev-plan').hidden = !planned;
  find('.ev-check').hidden = !planned;
  if (!planned) return;
  if (wish.set && !state.sets.some((one) => one.id === wish.set)) wish.set = '';
  if (!wish.set && state.sets.length) { wish.set = state.sets[0].id; pickedSet(); }
  chooseTaken();
  showSets();
  showPreview();
  when('models', [offered(), wish.models], () => find('.ev-models').replaceChildren(...offered().map(modelTick)));
  find('.ev-no-adapters').textContent = state.models.length > 1 ? '' : 'Adapters that you train in Fine-tune are listed here, to be held against their base.';
  when('measures', [words_.measures, measures(), cannot()], () => find('.ev-measures').replaceChildren(...words_.measures.map(([name, title, text]) => tick(name, title, text, wish.measures.includes(name), cannot()[name], (on) => toggleIn('measures', name, on)))));
  when('levels', [words_.levels, wish.levels], () => find('.ev-levels').replaceChildren(...words_.levels.map((name) => {
    const box = make('input', '', '', { type: 'checkbox', value: name });
    box.checked = wish.levels.includes(name);
    box.addEventListener('change', () => toggleIn('levels', name, box.checked));
    const label = make('label', 'ev-level');
    label.append(box, name);
    return label;
  })));
  element.querySelectorAll('[data-way]').forEach((button) => button.setAttribute('aria-checked', String(button.dataset.way === wish.way)));
  find('.ev-way-told').textContent = WAYS[wish.way];
  for (const [selector, name] of [['.ev-longest', 'max_new_tokens'], ['.ev-seed', 'seed']]) if (document.activeElement !== find(selector)) find(selector).value = wish[name];
  showJudgeForm();
  showCheck();
}

function modelTick(one) {
  const node = tick(one.reference, one.title, one.text, wish.models.includes(one.reference), '', (on) => toggleIn('models', one.reference, on));
  if (one.typed) {
    const away = make('button', 's-quiet', '×', { type: 'button', title: 'Take it off the list', 'aria-label': `Take ${one.title} off the list` });
    away.addEventListener('click', (event) => { event.preventDefault(); wish.typed = wish.typed.filter((other) => other !== one.reference); toggleIn('models', one.reference, false); });
    node.append(away);
  }
  return node;
}

// The wish of an evaluation that is there; models that are not listed come as typed ones.
function wishLike(told) {
  Object.assign(wish, told, { again: false });
  const listed = new Set(state.models.map((one) => one.reference));
  const typed = told.models.filter((one) => !listed.has(one) && !one.startsWith('given:') && !one.startsWith('adapter:'));
  wish.typed = [...new Set([...wish.typed, ...typed])];
}

function toggleIn(name, value, on) {
  wish[name] = on ? [...new Set([...wish[name], value])] : wish[name].filter((one) => one !== value);
  changed();
}

function changed(pause = 60) {
  remember('wish', JSON.stringify(wish));
  replan(pause);
  if (state) showForm();
}

async function pickedSet() {
  remember('wish', JSON.stringify(wish));
  wish.confirm = wish.again = false;
  await readSet();
  changed();
}

find('.ev-add').addEventListener('click', () => {
  const typed = find('.ev-reference').value.trim();
  if (!typed) { find('.ev-reference').focus(); return; }
  const reference = `${typed}${find('.ev-quantization').value && !typed.startsWith('http') ? `@${find('.ev-quantization').value}` : ''}`;
  if (!offered().some((one) => one.reference === reference)) wish.typed.push(reference);
  find('.ev-reference').value = '';
  toggleIn('models', reference, true);
});
find('.ev-reference').addEventListener('keydown', (event) => { if (event.key === 'Enter') { event.preventDefault(); find('.ev-add').click(); } });
element.querySelectorAll('[data-way]').forEach((button) => button.addEventListener('click', () => { wish.way = button.dataset.way; changed(); }));
for (const [selector, name] of [['.ev-longest', 'max_new_tokens'], ['.ev-seed', 'seed']]) find(selector).addEventListener('change', (event) => { wish[name] = Number(event.target.value); changed(); });
find('.ev-form').addEventListener('submit', (event) => event.preventDefault());

// ---- who judges
function showJudgeForm() {
  const on = measures().includes('judged');
  find('.ev-judge').hidden = !on;
  if (!on) return;
  firstJudge();
  if (!find('.ev-plan .ev-judge-place').childElementCount) judgeForm(find('.ev-plan .ev-judge-place'));
  fillJudge();
  find('.ev-judge-told').textContent = `Texts only, no pictures. Evaluate sends nothing to it: once there are answers you see exactly what would be sent, and agree to it or not.${words_.judge.key ? '' : ' No key for a judge is set; one on this machine needs none.'}`;
}
