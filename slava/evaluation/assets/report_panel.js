// One question with its micrograph, all answers, figures and judgements.
const panel = byId('panel');
let walked = [];              // places of rows that the arrows go through
let at = 0;
let opener = null;

function openPanel(places, start, from) {
  const before = from?.getBoundingClientRect().top;
  walked = places;
  at = Math.max(0, start);
  opener = from || opener;
  panel.hidden = false;
  document.body.classList.add('with-panel');
  showAnswer();
  if (from?.isConnected) scrollBy({ top: from.getBoundingClientRect().top - before, behavior: 'instant' });
}

function closePanel() {
  if (panel.hidden) return;
  const before = opener?.getBoundingClientRect().top;
  panel.hidden = true;
  document.body.classList.remove('with-panel');
  document.querySelectorAll('.sp-chosen').forEach((mark) => mark.classList.remove('sp-chosen'));
  if (!opener?.isConnected) return;
  scrollBy({ top: opener.getBoundingClientRect().top - before, behavior: 'instant' });
  opener.focus({ preventScroll: true });
}

function step(by) {
  if (!walked.length) return;
  at = (at + by + walked.length) % walked.length;
  showAnswer();
}

function showAnswer() {
  const place = walked[at];
  const row = data.rows[place];
  const item = data.items[row.item];
  byId('place').textContent = walked.length > 1 ? `${at + 1} of ${walked.length}` : '';
  byId('previous').disabled = byId('next').disabled = walked.length < 2;
  const others = together.get(`${row.item}/${row.level}`).slice();
  const rank = (other) => (data.rows[other].model === chosen.a ? -2 : data.rows[other].model === chosen.b ? -1 : data.rows[other].model);
  others.sort((one, two) => rank(one) - rank(two));
  const about = [item.topic, item.complexity, item.category && words(item.category), `context: ${row.level}`];
  if (item.defect !== null && item.defect !== undefined) about.push(item.defect ? 'has a defect' : 'no defect');
  byId('shown').replaceChildren(
    picture(item.picture),
    make('p', { className: 'tags' }, ...about.filter(Boolean).map((tag) => make('span', {}, tag))),
    make('h3', {}, item.question),
    row.asked !== undefined ? block('As it was asked', data.texts[row.asked]) : '',
    row.context !== undefined ? block('Told besides', data.texts[row.context]) : '',
    item.reference ? block('Reference', item.reference, 'reference') : make('p', { className: 'told' }, 'There is no reference.'),
    ...others.map((other) => card(other, other === place)),
    figuresOf(others),
  );
  panel.dataset.row = place;
  byId('shown').scrollTop = 0;
  document.querySelectorAll('.sp-chosen').forEach((mark) => mark.classList.remove('sp-chosen'));
  document.querySelectorAll(`.sp [data-rows="${place}"]`).forEach((mark) => mark.classList.add('sp-chosen'));
}

function picture(number) {
  const [id, address] = data.micrographs[number];
  const name = make('figcaption', {}, 'micrograph ', make('code', { title: id }, id.slice(0, 12)));
  const shown = address ? make('img', { src: address, alt: 'The micrograph' }) : make('p', { className: 'no-picture' }, 'Its picture is not in this file.');
  return make('figure', {}, shown, name);
}

function block(label, text, kind = '') {
  return make('div', { className: `block ${kind}` }, make('h4', {}, label), make('p', {}, text));
}

function card(place, current) {
  const row = data.rows[place];
  const seconds = row.seconds ? `${row.seconds} s` : '';
  return make('article', { className: current ? 'answer current' : 'answer' },
    make('h4', {}, sign(row.model), data.models[row.model], make('small', {}, seconds)),
    row.error ? make('p', { className: 'bad' }, `No answer: ${row.error}`) : make('p', { className: 'said' }, row.answer || 'An empty answer.'),
    row.said ? make('p', { className: 'told' }, `Taken as category: ${words(row.said)}`) : '',
    ...(row.notices || []).map((notice) => make('p', { className: 'told noticed' }, notice)),
    ...(row.flags || []).map((flag) => make('p', { className: 'flag' }, flag)),
    row.swapped ? details('Answer with another micrograph in its place', make('p', { className: 'said' }, row.swapped)) : '',
    ...(row.judged || []).map(judgement),
    ...(row.people || []).map(([measure, person, score, comment]) => make('p', { className: 'person' },
      make('b', {}, `${person}: ${score === null ? 'not applicable' : short(score)}`), ` ${words(measure)}`, comment ? `. ${comment}` : '')));
}

function judgement(one) {
  const score = one.state === 'scored' ? short(one.score ?? null) : words(one.state);
  const criteria = Object.entries(one.criteria || {}).map(([name, value]) => `${name} ${short(value)}`).join(', ');
  const overruled = one.overruled ? ` by ${one.overruled}, the judge gave ${short(one.own)}` : '';
  return details(make('span', {}, make('b', { className: one.state === 'scored' ? '' : 'bad' }, score), ` ${words(one.measure)}, ${one.judge}${overruled}`, one.kin ? make('small', {}, ' of the teacher’s family') : ''),
    make('p', {}, one.reason || 'No reason was given.'), criteria ? make('p', { className: 'told' }, criteria) : '',
    one.raw !== undefined ? make('pre', {}, data.texts[one.raw]) : '');
}

function details(summary, ...inside) {
  return make('details', {}, make('summary', {}, summary), ...inside);
}

function figuresOf(others) {
  const rows = data.figures.map((figure, k) => [figure, others.map((other) => data.rows[other].figures?.[k] ?? null)])
    .filter(([, values]) => values.some((value) => value !== null));
  if (!rows.length) return '';
  return make('table', { className: 'figures' },
    make('thead', {}, make('tr', {}, make('th', {}, 'Figure'), ...others.map((other) => make('th', { title: data.models[data.rows[other].model] }, sign(data.rows[other].model))))),
    make('tbody', {}, ...rows.map(([figure, values]) => make('tr', {}, make('th', { title: figure.told }, figure.title), ...values.map((value) => make('td', {}, told(figure, value)))))));
}

byId('previous').addEventListener('click', () => step(-1));
byId('next').addEventListener('click', () => step(1));
byId('close').addEventListener('click', closePanel);
