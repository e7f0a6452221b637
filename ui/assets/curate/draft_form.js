// What is to be drafted, about which micrographs, by whom. Sent with the button, kept by the server.
const COMPARISONS = {
  similar_across: 'look alike, of other classes',
  dissimilar_within: 'look different, of one class',
  heterogeneity: 'parts of one micrograph',
};
let form = null;               // what form.json said
let items = [];                // all micrographs
let openId = '';
let teacher = 'local';
let asked = new Set();         // aspects that are chosen

const packOf = () => form?.packs.find((pack) => pack.id === find('.dr-pack').value);
const endpoint = () => teacher === 'endpoint';

async function loadForm() {
  form = await post('form');
  const wish = form.wish;
  find('.dr-pack').replaceChildren(...form.packs.map((pack) => option(pack.id, pack.title)));
  if (form.packs.some((pack) => pack.id === wish.pack)) find('.dr-pack').value = wish.pack;
  else if (form.packs.some((pack) => pack.id === 'nanomaterials')) find('.dr-pack').value = 'nanomaterials';
  const templates = wish.templates || ['vqa'];
  element.querySelectorAll('.dr-kinds input').forEach((box) => { box.checked = templates.includes(box.value); });
  find('.dr-url').value = wish.url || form.url;
  find('.dr-model').value = wish.model || form.model;
  find('.dr-size').value = wish.size || 1024;
  find('.dr-cap').value = wish.cap ?? '';
  find('.dr-concurrency').value = wish.concurrency || 4;
  find('.dr-speaks').checked = wish.speaks === true;
  find('.dr-speaker').textContent = form.speaker === 'builtin' ? 'the built-in model' : form.speaker;
  find('.dr-key').textContent = form.key
    ? 'Its key is taken from SLAVA_TEACHER_API_KEY; it is shown nowhere.'
    : 'No key is set. If it needs one, start sLAVA with SLAVA_TEACHER_API_KEY.';
  showPack(wish.aspects);
  if (wish.compare !== undefined) find('.dr-compare').value = wish.compare;
  setTeacher(wish.teacher || 'local');
}

function showPack(chosen = null) {
  const pack = packOf();
  if (!pack) return;
  asked = new Set(chosen?.length ? chosen : pack.aspects.map((aspect) => aspect.label));
  find('.dr-aspects').replaceChildren(...pack.aspects.map((aspect) => {
    const chip = make('button', '', aspect.title, { type: 'button', 'data-aspect': aspect.label });
    chip.addEventListener('click', () => { asked.delete(aspect.label) || asked.add(aspect.label); showAspects(); });
    return chip;
  }));
  showAspects();
  showComparisons();
}

function showAspects() {
  element.querySelectorAll('.dr-aspects button').forEach((chip) => chip.setAttribute('aria-pressed', asked.has(chip.dataset.aspect)));
  find('.dr-aspects-note').textContent = `${asked.size} of ${packOf()?.aspects.length ?? 0} aspects`;
  showGo();
}

function showComparisons() {
  const select = find('.dr-compare');
  const before = select.value;
  const can = (packOf()?.comparisons ?? []).filter((name) => endpoint() || name !== 'heterogeneity');
  select.replaceChildren(option('', 'none'), ...can.map((name) => option(name, COMPARISONS[name] || words(name))), ...(can.length > 1 ? [option('all', 'all of these')] : []));
  select.value = [...select.options].some((one) => one.value === before) ? before : '';
}

function setTeacher(name) {
  teacher = name === 'endpoint' ? 'endpoint' : 'local';
  find('.dr').dataset.teacher = teacher;
  element.querySelectorAll('[role=radio][data-teacher]').forEach((one) => one.setAttribute('aria-checked', one.dataset.teacher === teacher));
  showComparisons();
  showGo();
}

// Which micrographs there are to choose from.
function showChoices() {
  const select = find('.dr-choose');
  const before = select.value || form?.wish.choose || 'all';
  const without = items.filter((item) => !item.pairs).length;
  const opened = items.find((item) => item.id === openId);
  const labels = new Map();
  for (const item of items) if (item.label) labels.set(item.label, (labels.get(item.label) || 0) + 1);
  select.replaceChildren(
    option('all', `All (${items.length})`),
    option('without', `Without pairs (${without})`),
    ...(labels.size ? [option('label', 'With the label…')] : []),
    ...(opened ? [option('open', `Open in Analyse: ${opened.name}`)] : []),
    option('selected', `Selected in the list (${selected.size})`),
  );
  select.value = [...select.options].some((one) => one.value === before) ? before : 'all';
  const label = find('.dr-label');
  const labelled = label.value || form?.wish.label;
  label.replaceChildren(...[...labels].sort().map(([name, count]) => option(name, `${words(name)} (${count})`)));
  if (labels.has(labelled)) label.value = labelled;
  showGo();
}

function meant() {
  const choose = find('.dr-choose').value;
  if (choose === 'all') return items;
  if (choose === 'without') return items.filter((item) => !item.pairs);
  if (choose === 'label') return items.filter((item) => item.label === find('.dr-label').value);
  if (choose === 'open') return items.filter((item) => item.id === openId);
  return items.filter((item) => selected.has(item.id));
}

function showGo() {
  find('.dr-label').hidden = find('.dr-choose').value !== 'label';
  const about = meant();
  const secret = about.filter((item) => item.confidential).length;
  find('.dr-choose-note').textContent = secret && endpoint()
    ? `${plural(secret, 'confidential micrograph')} will be left out and named.` : '';
  const button = find('.dr-begin');
  const count = endpoint() ? about.length - secret : about.length;
  button.textContent = endpoint() ? `Prepare ${plural(count, 'micrograph')}…` : `Draft about ${plural(count, 'micrograph')}`;
  button.disabled = !count || !asked.size || working;
}

function wished() {
  const number = (selector) => { const text = find(selector).value; return text === '' ? null : Number(text); };
  const every = asked.size === packOf().aspects.length;
  return {
    choose: find('.dr-choose').value, label: find('.dr-label').value, ids: find('.dr-choose').value === 'selected' ? [...selected] : [],
    pack: find('.dr-pack').value, aspects: every ? [] : [...asked],
    templates: endpoint() ? [...element.querySelectorAll('.dr-kinds input:checked')].map((box) => box.value) : ['vqa'],
    compare: find('.dr-compare').value, teacher, url: find('.dr-url').value, model: find('.dr-model').value,
    size: number('.dr-size'), cap: number('.dr-cap'), concurrency: number('.dr-concurrency'), speaks: find('.dr-speaks').checked,
  };
}

find('.dr-pack').addEventListener('change', () => showPack());
find('.dr-all-aspects').addEventListener('click', () => { asked = new Set(packOf()?.aspects.map((one) => one.label)); showAspects(); });
find('.dr-no-aspects').addEventListener('click', () => { asked = new Set(); showAspects(); });
for (const name of ['.dr-choose', '.dr-label']) find(name).addEventListener('change', showGo);
element.querySelectorAll('[role=radio][data-teacher]').forEach((one) => one.addEventListener('click', () => setTeacher(one.dataset.teacher)));
find('.dr-form').addEventListener('submit', (event) => {
  event.preventDefault();
  waitsForPlan = endpoint();
  attempt(() => post(endpoint() ? 'prepare' : 'here', wished())).then((done) => { if (!done) waitsForPlan = false; });
});
