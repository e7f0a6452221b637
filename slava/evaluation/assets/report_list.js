// All answers in a table that grows as it is read.
const PART = 60;              // rows that are made at once
const body = document.querySelector('#list tbody');
let listed = [];              // places of the rows that pass the filter
let made = 0;
let only = null;              // places that a mark stands for

const haystacks = data.rows.map(() => null);
function haystack(place) {
  const row = data.rows[place];
  const item = data.items[row.item];
  haystacks[place] ??= `${item.question}\n${row.answer || ''}\n${item.reference}\n${item.category}\n${words(item.category || '')}\n${(row.flags || []).join('\n')}`.toLowerCase();
  return haystacks[place];
}

const STATES = {
  wrong: isWrong,
  flagged: (row) => Boolean(row.flags),
  noticed: (row) => Boolean(row.notices),
  either: (row) => Boolean(row.flags) || isWrong(row),
  failed: (row) => Boolean(row.error),
  people: (row) => Boolean(row.people),
};

function fillFilter() {
  const options = (all, names) => [make('option', { value: '' }, all), ...names.map((name, k) => make('option', { value: String(k) }, name || 'not told'))];
  byId('by-model').replaceChildren(...options('all models', data.models));
  byId('by-topic').replaceChildren(...options('all topics', data.topics));
  byId('by-level').replaceChildren(...options('all context', data.levels.map((level) => `context: ${level}`)));
  byId('by-level').hidden = data.levels.length < 2;
  byId('by-topic').hidden = data.topics.length < 2;
  byId('by-model').hidden = byId('apart').hidden = data.models.length < 2;
}

function filterRows() {
  const [model, topic, level] = ['by-model', 'by-topic', 'by-level'].map((id) => byId(id).value);
  const wanted = byId('text').value.toLowerCase().split(/\s+/).filter(Boolean);
  const passes = STATES[byId('by-state').value];
  const places = only || data.rows.keys();
  listed = [...places].filter((place) => {
    const row = data.rows[place];
    return (model === '' || row.model === Number(model)) && (topic === '' || topicOf(row) === data.topics[topic])
      && (level === '' || row.level === data.levels[level]) && (!passes || passes(row)) && wanted.every((word) => haystack(place).includes(word));
  });
  order();
  byId('selected').hidden = !only;
  if (only) byId('selected').textContent = `${only.length.toLocaleString('en')} of one mark ×`;
  byId('count').textContent = `${listed.length.toLocaleString('en')} of ${data.rows.length.toLocaleString('en')} answers`;
  byId('list-figure').textContent = data.figures[chosen.figure]?.title || '';
  made = 0;
  body.replaceChildren();
  grow();
}

function order() {
  const way = byId('order').value;
  const figure = data.figures[chosen.figure];
  if (!way || !figure) return;
  const up = (way === 'worst') === figure.larger ? 1 : -1;
  const own = (place) => { const value = valueOf(data.rows[place]); return value === null ? Infinity : up * value; };
  const keys = new Map(listed.map((place) => [place, way === 'apart' ? -apart(place) : own(place)]));
  const key = (place) => keys.get(place);
  listed.sort((one, two) => (key(one) === key(two) ? one - two : key(one) - key(two)));
}

// How far the two chosen models are apart on the question of a row.
function apart(place) {
  const row = data.rows[place];
  const values = together.get(`${row.item}/${row.level}`).map((other) => data.rows[other])
    .filter((other) => other.model === chosen.a || other.model === chosen.b).map(valueOf).filter((value) => value !== null);
  return values.length < 2 ? -1 : Math.abs(values[0] - values[1]);
}

function grow(count = PART) {
  const next = listed.slice(made, made + count);
  body.append(...next.map(line));
  made += next.length;
  byId('more').textContent = made < listed.length ? `${(listed.length - made).toLocaleString('en')} more` : listed.length ? '' : 'No answer is like that.';
}

function line(place) {
  const row = data.rows[place];
  const item = data.items[row.item];
  const figure = data.figures[chosen.figure];
  const value = valueOf(row);
  const bad = figure?.share && value === (figure.larger ? 0 : 1);
  return make('tr', { tabIndex: 0, 'data-place': place },
    make('td', {}, make('small', {}, item.topic), make('span', { className: 'clip' }, item.question)),
    make('td', { className: 'quiet' }, row.level),
    make('td', {}, make('span', { className: 'model' }, sign(row.model), data.models[row.model])),
    make('td', {}, make('span', { className: row.error ? 'clip bad' : 'clip' }, row.error || row.answer || 'An empty answer.')),
    make('td', { className: bad ? 'number bad' : 'number' }, figure ? told(figure, value) : ''),
    make('td', { className: 'quiet' }, row.flags ? make('span', { className: 'count', title: row.flags.join('\n') }, String(row.flags.length)) : ''));
}

function openLine(node) {
  const place = Number(node.dataset.place);
  openPanel(listed, listed.indexOf(place), node);
}

body.addEventListener('click', (event) => {
  const node = event.target.closest('tr');
  if (node && !String(getSelection())) openLine(node);
});
body.addEventListener('keydown', (event) => {
  const node = event.target.closest('tr');
  if (!node) return;
  if (event.key === 'Enter') openLine(node);
  const to = { ArrowDown: node.nextElementSibling, ArrowUp: node.previousElementSibling }[event.key];
  if (to) { event.preventDefault(); to.focus(); }
});
for (const id of ['by-model', 'by-topic', 'by-level', 'by-state', 'order']) byId(id).addEventListener('change', filterRows);
let waiting = 0;
byId('text').addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(filterRows, 120); });
byId('filter').addEventListener('submit', (event) => { event.preventDefault(); filterRows(); });
byId('selected').addEventListener('click', () => { only = null; filterRows(); });
new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting) && made < listed.length) grow(); }, { rootMargin: '600px' }).observe(byId('more'));
addEventListener('beforeprint', () => grow(200));
