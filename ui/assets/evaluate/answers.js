// Every answer in a long list with filters.
const ROW_PX = 44;
let only = null;              // places that a mark stands for
let listed = [];
let haystacks = [];
let table = null;
const FILTERS = ['.ev-by-model', '.ev-by-topic', '.ev-by-level', '.ev-by-state', '.ev-order'];
const STATES = {
  wrong: isWrong,
  flagged: (row) => Boolean(row.flags),
  noticed: (row) => Boolean(row.notices),
  either: (row) => Boolean(row.flags) || isWrong(row),
  failed: (row) => Boolean(row.error),
  people: (row) => Boolean(row.people),
};

function fillFilter() {
  haystacks = data.rows.map(() => null);
  const options = (all, names) => [option('', all), ...names.map((name, k) => option(String(k), name || 'not told'))];
  find('.ev-by-model').replaceChildren(...options('all models', data.models));
  find('.ev-by-topic').replaceChildren(...options('all topics', data.topics.map(spaced)));
  find('.ev-by-level').replaceChildren(...options('all context', data.levels.map((level) => `context: ${level}`)));
  find('.ev-by-level').hidden = data.levels.length < 2;
  find('.ev-by-topic').hidden = data.topics.length < 2;
  find('.ev-by-model').hidden = data.models.length < 2;
  find('.ev-by-state').value = find('.ev-order').value = find('.ev-text').value = '';
}

function haystack(place) {
  const row = data.rows[place];
  const item = data.items[row.item];
  haystacks[place] ??= `${item.question}\n${row.answer || ''}\n${item.reference}\n${item.category}\n${spaced(item.category)}\n${(row.flags || []).join('\n')}`.toLowerCase();
  return haystacks[place];
}

function showAnswers() {
  const [model, topic, level] = FILTERS.slice(0, 3).map((name) => find(name).value);
  const wanted = find('.ev-text').value.toLowerCase().split(/\s+/).filter(Boolean);
  const passes = STATES[find('.ev-by-state').value];
  listed = [...(only || data.rows.keys())].filter((place) => {
    const row = data.rows[place];
    return (model === '' || row.model === Number(model)) && (topic === '' || topicOf(row) === data.topics[topic])
      && (level === '' || row.level === data.levels[level]) && (!passes || passes(row)) && wanted.every((word) => haystack(place).includes(word));
  });
  order();
  const chip = find('.ev-only');
  chip.hidden = !only;
  if (only) chip.textContent = `${plural(only.length, 'answer')} of one mark ×`;
  find('.ev-found').textContent = listed.length ? `${counted(listed.length)} of ${plural(data.rows.length, 'answer')}` : 'No answer is like that.';
  find('.ev-head-figure').textContent = data.figures[seen_.figure]?.title || '';
  element.dataset.listed = listed.length;
  table ||= longList(find('.ev-table'), ROW_PX, { draw: answerRow, settle: () => {} });
  table.show(listed.map((place) => ({ id: String(place), figure: seen_.figure, of: results.id })), { anew: true });
}

function order() {
  const way = find('.ev-order').value;
  const figure = data.figures[seen_.figure];
  if (!way || !figure) return;
  const up = (way === 'worst') === figure.larger ? 1 : -1;
  const key = (place) => { const value = valueOf(data.rows[place]); return value === null ? Infinity : up * value; };
  listed.sort((one, two) => (key(one) === key(two) ? one - two : key(one) - key(two)));
}

function answerRow({ id }) {
  const row = data.rows[Number(id)];
  const item = data.items[row.item];
  const figure = data.figures[seen_.figure];
  const value = valueOf(row);
  const node = make('div', 'ev-row', '', { role: 'option', 'data-place': id });
  const question = make('span', 'ev-clip');
  question.append(make('small', '', spaced(item.topic)), item.question);
  const model = make('span', 'ev-row-model', '', { title: data.models[row.model] });
  model.append(sign(row.model), make('span', '', data.models[row.model]));
  const flags = make('span');
  if (row.flags) flags.append(make('b', 'ev-flags', String(row.flags.length), { title: row.flags.join('\n') }));
  node.append(question, make('span', 'ev-quiet', row.level), model, make('span', row.error ? 'ev-clip ev-bad' : 'ev-clip', row.error || row.answer || 'An empty answer.'),
    make('span', figure?.share && value === (figure.larger ? 0 : 1) ? 'ev-number ev-bad' : 'ev-number', figure ? worth(figure, value) : ''), flags);
  return node;
}

function revealRow(place) {
  if (part === 'answers' && table && listed.includes(place)) table.activate(String(place));
}
function openRow(place) {
  table.activate(String(place), false);
  openAnswer(listed, listed.indexOf(place), find('.ev-table'));
}
find('.ev-table').addEventListener('click', (event) => {
  const row = event.target.closest('.ev-row');
  if (row) openRow(Number(row.dataset.place));
});
find('.ev-table').addEventListener('keydown', (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
  if (!listed.length || (by === undefined && event.key !== 'Enter')) return;
  event.preventDefault();
  const from = find('.ev-answer').hidden ? -1 : listed.indexOf(walked[at]);
  const to = Math.min(listed.length - 1, Math.max(0, from + (by ?? 0)));
  table.activate(String(listed[to]));
  openAnswer(listed, to, find('.ev-table'));
});
for (const name of FILTERS) find(name).addEventListener('change', showAnswers);
let waiting = 0;
find('.ev-text').addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(showAnswers, 120); });
find('.ev-filter').addEventListener('submit', (event) => { event.preventDefault(); showAnswers(); });
find('.ev-only').addEventListener('click', () => { only = null; showAnswers(); });
