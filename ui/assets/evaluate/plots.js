// Drawings, asked for when they are looked at; every mark of them can be asked whose answers it holds.
const drawings = new Map();   // by address, promises of SVG text
const SECTIONS = [
  ['pair', 'Two models on the same answers', 'Each dot is a difference of means over the answers that both gave; filled where the test decides.', ['pair']],
  ['topics', 'By topic', 'Means with 95 % intervals. Below, single answers: densities, quartiles and the median.', ['topics'], ['spread']],
  ['levels', 'By context', 'The same questions with more and more told.', ['levels'], ['heat']],
  ['defects', 'Defects', 'How often presence or absence was told rightly, by context.', ['defects']],
  ['confusion', 'By category', 'An answer that names no category, or several, is wrong.', [], ['confusion', 'classes']],
];

function showPlots() {
  when('sections', [results.id, results.kinds], () => {
    const sections = SECTIONS.filter(([needs]) => results.kinds.includes(needs)).map(([, title, told, whole, sided = []]) => {
      const section = make('section', 'ev-section');
      const places = make('div', 'ev-plots');
      places.append(...whole.map((kind) => make('div', 'ev-plot', '', { 'data-plot': kind })));
      const both = make('div', 'ev-plots ev-two');
      both.append(...sided.flatMap((kind) => ['a', 'b'].map((side) => make('div', 'ev-plot', '', { 'data-plot': kind, 'data-side': side }))));
      section.append(make('h3', '', title), make('p', 'ev-note', told), ...(whole.length ? [places] : []), ...(sided.length ? [both] : []));
      return section;
    });
    find('.ev-part-plots').replaceChildren(...(sections.length ? sections : [make('p', 'ev-empty', 'There is nothing to draw: one model, one topic and one level of context are told by the table of figures.')]));
  });
  element.querySelectorAll('.ev-part-plots .ev-plot').forEach(drawInto);
}

// Drawings are as wide as their place, so that their words are as large as all others.
let resized = 0;
new ResizeObserver(() => {
  clearTimeout(resized);
  resized = setTimeout(() => { if (results?.id === open && isShown()) element.querySelectorAll(`.ev-part-${part} .ev-plot`).forEach(drawInto); }, 150);
}).observe(find('.ev-scroll'));

const OF_FIGURES = ['means', 'topics', 'levels', 'spread', 'heat'];
async function drawInto(place) {
  const { plot, side, figure } = place.dataset;
  const a = side === 'b' ? seen_.b : seen_.a;
  const b = plot === 'pair' ? seen_.b : 0;
  const twice = (side === 'b' || plot === 'pair') && seen_.a === seen_.b;
  const width = Math.min(900, Math.max(320, Math.round(place.clientWidth / 20) * 20)) || 540;
  const query = new URLSearchParams({ id: results.id, done: results.done, kind: plot, width, figure: figure ?? (OF_FIGURES.includes(plot) ? seen_.figure : 0), a: ['means', 'topics', 'levels', 'defects', 'judge'].includes(plot) ? 0 : a, b });
  place.dataset.want = `${query}|${twice}`;
  if (twice) place.hidden = true;
  if (twice || place.dataset.have === place.dataset.want) return;
  const address = `${base}/evaluate/plot.svg?${query}`;
  if (!drawings.has(address)) drawings.set(address, fetch(address).then(async (answer) => { if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error || 'This drawing cannot be made.'); return answer.text(); }));
  let svg = '';
  try { svg = await drawings.get(address); } catch (error) { drawings.delete(address); svg = null; place.replaceChildren(make('p', 'ev-note', error.message)); }
  if (place.dataset.want !== `${query}|${twice}` || svg === null) return;
  place.dataset.have = place.dataset.want;
  place.innerHTML = svg;      // drawn by sLAVA, every text in it is escaped
  place.hidden = !svg;
  place.querySelectorAll('svg').forEach((sheet) => sheet.querySelector('[data-rows]')?.setAttribute('tabindex', '0'));
  element.dataset.drawn = element.querySelectorAll('.ev-plot svg').length;
  const section = place.closest('.ev-section');
  if (section) section.hidden = [...section.querySelectorAll('.ev-plot')].every((one) => one.dataset.have && !one.innerHTML);
}

// Points are walked through with those around them; other marks hold all that is walked through.
const placesOf = (mark) => mark.dataset.rows.split(',').map(Number);
function openMark(mark) {
  let places = placesOf(mark);
  const first = places[0];
  const kind = ['sp-point', 'sp-scatter'].find((one) => mark.classList.contains(one));
  if (kind) places = [...mark.parentNode.querySelectorAll(`.${kind}`)].filter((one) => groupOf(one) === groupOf(mark)).map((one) => placesOf(one)[0]);
  openAnswer(places, places.indexOf(first), mark);
}
// Points between the same two other marks are those of one group.
function groupOf(mark) {
  let first = mark;
  while (first.previousElementSibling?.classList.contains(mark.classList[0])) first = first.previousElementSibling;
  return first;
}
find('.ev-run').addEventListener('click', (event) => {
  const mark = event.target.closest('[data-rows]');
  if (mark) openMark(mark);
});
find('.ev-run').addEventListener('keydown', (event) => {
  const mark = event.target.closest?.('.sp [data-rows]');
  if (!mark) return;
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (by) {
    const marks = [...mark.closest('svg').querySelectorAll('[data-rows]')];
    const to = marks[(marks.indexOf(mark) + by + marks.length) % marks.length];
    mark.removeAttribute('tabindex');
    to.setAttribute('tabindex', '0');
    to.focus();
    event.preventDefault();
  } else if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); openMark(mark); }
});
find('.ev-run').addEventListener('pointerover', (event) => {
  const mark = event.target.closest?.('.sp-point');
  if (!mark || mark.firstChild) return;
  const row = data.rows[placesOf(mark)[0]];
  const title = document.createElementNS(mark.namespaceURI, 'title');
  title.textContent = `${short(valueOf(row))}, context ${row.level}: ${data.items[row.item].question}`;
  mark.append(title);
});
