// The results of the evaluation that is open: read once, drawn by the other parts.
let results = null;           // what results.json said
let data = null;              // its answers: models, figures, items, rows, texts
let reading = '';             // the evaluation whose results are being read
let part = ['figures', 'plots', 'answers', 'people'].includes(recall('part')) ? recall('part') : 'figures';
const seen_ = { figure: 0, a: 0, b: 1 };   // places of the figure and the two models that are looked at
let together = new Map();     // answers of all models to the same question at the same level

const one_ = () => state?.evaluations.find((each) => each.id === open);
const isWrong = (row) => data.figures.some((figure, k) => figure.share && row.figures?.[k] === (figure.larger ? 0 : 1));
const valueOf = (row) => row.figures?.[seen_.figure] ?? null;
const topicOf = (row) => data.items[row.item].topic || '';
const sign = (model) => make('i', 'sp ev-sign', '', { style: `background:var(--sp-${model % 8})` });

// A share is right or wrong; other figures are numbers.
function worth(figure, value) {
  if (!known(value)) return '–';
  if (figure.share && (value === 0 || value === 1)) return (value === 1) === figure.larger ? 'right' : 'wrong';
  return short(value);
}

// Reads what is there of the open evaluation; while it goes on only when it is asked for.
async function readResults(id = open) {
  if (!id || reading === id) return;
  reading = id;
  showReading();
  try {
    const said = await post('results', { id });
    if (open !== id) return;
    const first = !results || results.id !== said.id;
    results = said;
    data = said.data;
    for (const figure of data.figures) figure.title = figure.title.replace(/ %/, '\u00a0%');
    together = new Map();
    data.rows.forEach((row, place) => {
      const key = `${row.item}/${row.level}`;
      if (!together.has(key)) together.set(key, []);
      together.get(key).push(place);
    });
    if (first) choosePlaces();
    drawings.clear();
    shownResults();
  } catch (error) { if (open === id) complain(error.message); } finally { if (reading === id) reading = ''; showReading(); }
}

// Beside the first model stands one that answers to the same questions, if there is one.
function choosePlaces() {
  Object.assign(seen_, { figure: tellingFigure(), a: 0, b: Math.min(1, data.models.length - 1) });
  only = null;
  levelShown = '';
  closeAnswer();
  const fill = (selector, names) => find(selector).replaceChildren(...names.map((name, k) => option(String(k), name)));
  fill('.ev-figure', data.figures.map((one) => one.title));
  fill('.ev-a', data.models);
  fill('.ev-b', data.models);
  fillFilter();
}

// The figure that most models have and that tells them apart.
function tellingFigure() {
  const worths = data.figures.map((figure) => {
    const means = data.models.map((_, k) => results.cells[`${figure.name}|${k}`]?.mean).filter(known);
    const apart = (Math.max(...means) - Math.min(...means)) / (figure.high - figure.low || 1);
    return apart > 0.02 ? means.length : means.length / 100;
  });
  return Math.max(0, worths.indexOf(Math.max(...worths)));
}

for (const [selector, name] of [['.ev-figure', 'figure'], ['.ev-a', 'a'], ['.ev-b', 'b']]) {
  find(selector).addEventListener('change', (event) => { seen_[name] = Number(event.target.value); shownResults(); });
}

function shownResults() {
  if (!results || results.id !== open) return;
  for (const [selector, name] of [['.ev-figure', 'figure'], ['.ev-a', 'a'], ['.ev-b', 'b']]) find(selector).value = String(seen_[name]);
  showPart();
  if (!find('.ev-answer').hidden) showAnswer();
  if (one_()) showWaiting(one_());
  element.dataset.answers = data.rows.length;
  element.dataset.results = results.id;
}

function showReading() {
  const place = find('.ev-reading');
  const now = state?.reading;
  place.hidden = !reading || reading !== open;
  place.textContent = now ? `Scoring answers: ${counted(now[0])} of ${counted(now[1])}` : 'Reading the answers…';
}

// What has come since the results were read is shown when the user wishes, or when it is all there.
function followResults() {
  const one = one_();
  if (!one) return;
  const mine = results && results.id === open ? results : null;
  const newer = !mine ? one.done : one.done - mine.done;
  const stale = Boolean(mine) && (mine.done !== one.done || mine.state === 'running');
  if (!mine || (!one.live && stale)) { if (one.done || !one.live) readResults(); }
  find('.ev-stale').hidden = !(one.live && mine && newer > 0);
  if (one.live && mine) find('.ev-stale span').textContent = `${plural(newer, 'answer')} ${newer === 1 ? 'has' : 'have'} come since.`;
}
find('.ev-refresh').addEventListener('click', () => readResults());

function showPart() {
  element.querySelectorAll('[data-part]').forEach((button) => button.setAttribute('aria-checked', String(button.dataset.part === part)));
  element.dataset.part = part;
  find('.ev-scroll').hidden = part === 'answers';
  for (const name of ['figures', 'plots', 'people', 'answers']) find(`.ev-part-${name}`).hidden = part !== name;
  const few = !results || results.id !== open;
  find('.ev-choice').hidden = few || !['plots', 'answers'].includes(part);
  find('.ev-for-b').hidden = part !== 'plots' || data?.models.length < 2;
  find('.ev-choice label:nth-child(2)').hidden = part !== 'plots';
  if (few) return;
  ({ figures: showFigures, plots: showPlots, answers: showAnswers, people: showPeople })[part]();
}
find('.ev-parts').addEventListener('click', (event) => {
  const button = event.target.closest('[data-part]');
  if (!button) return;
  part = button.dataset.part;
  remember('part', part);
  find('.ev-scroll').scrollTop = 0;
  showPart();
});
