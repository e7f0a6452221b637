// Right: one question with its micrograph, every model's answer, figures, flags, judgements, scores.
let walked = [];              // places of rows that the arrows go through
let at = 0;
let opener = null;

function openAnswer(places, start, from = null) {
  walked = places;
  at = Math.max(0, start);
  opener = from;
  find('.ev-answer').hidden = false;
  find('.ev-about').hidden = true;
  showAnswer();
}

function closeAnswer() {
  if (find('.ev-answer').hidden) return;
  find('.ev-answer').hidden = true;
  find('.ev-about').hidden = !open || scoring;
  element.dataset.row = '';
  markChosen(null);
  if (opener?.isConnected) opener.focus({ preventScroll: true });
}

function stepAnswer(by) {
  if (!walked.length) return;
  at = (at + by + walked.length) % walked.length;
  showAnswer();
  revealRow(walked[at]);
}

function markChosen(place) {
  element.querySelectorAll('.sp-chosen').forEach((mark) => mark.classList.remove('sp-chosen'));
  if (place !== null) element.querySelectorAll(`.sp [data-rows="${place}"]`).forEach((mark) => mark.classList.add('sp-chosen'));
}

function showAnswer() {
  const place = walked[at];
  const row = data.rows[place];
  if (!row) { closeAnswer(); return; }
  const item = data.items[row.item];
  const [micrograph] = data.micrographs[item.picture];
  find('.ev-place').textContent = walked.length > 1 ? `${counted(at + 1)} of ${counted(walked.length)}` : '';
  find('.ev-previous').hidden = find('.ev-next').hidden = walked.length < 2;
  find('.ev-in-list').hidden = walked.length < 2 || part === 'answers';
  const others = besides(row);
  const rank = (other) => { const { model } = data.rows[other]; return other === place ? -3 : model === seen_.a ? -2 : model === seen_.b ? -1 : model; };
  others.sort((one, two) => rank(one) - rank(two));
  const tags = make('p', 'ev-tags');
  const about = [spaced(item.topic), item.complexity, spaced(item.category), `context ${row.level}`, item.defect === true ? 'has a defect' : item.defect === false ? 'no defect' : ''];
  tags.append(...about.filter(Boolean).map((one) => make('span', '', one)));
  const shown = picture(micrograph, 1024);
  shown.className = 'ev-micrograph';
  find('.ev-shown').replaceChildren(
    shown, tags, make('h3', '', item.question),
    ...(row.asked !== undefined ? [block('As it was asked', data.texts[row.asked])] : []),
    ...(row.context !== undefined ? [folded('Told besides', data.texts[row.context])] : []),
    ...wantedOf(item, row.item),
    ...others.map((other) => answerCard(other, other === place)),
    figuresOf(others), levelsOf(row),
  );
  find('.ev-shown').scrollTop = 0;
  element.dataset.row = place;
  markChosen(place);
}

// What every model answers to the same question: at the same level, or at its one level.
function besides(row) {
  const found = together.get(`${row.item}/${row.level}`).slice();
  const there = new Set(found.map((place) => data.rows[place].model));
  const rest = new Map();
  for (const level of data.levels) {
    for (const place of together.get(`${row.item}/${level}`) || []) {
      const { model } = data.rows[place];
      if (!there.has(model)) rest.set(model, [...(rest.get(model) || []), place]);
    }
  }
  return [...found, ...[...rest.values()].filter((places) => places.length === 1).flat()];
}

// The reference, the number asked for; the category stands among the tags.
function wantedOf(item, place) {
  const quantity = results.quantities[place];
  const found = [];
  if (item.reference) found.push(block('Reference', item.reference, 'ev-reference-text'));
  if (quantity) found.push(block('The number asked for', quantity, 'ev-reference-text'));
  return found.length ? found : [make('p', 'ev-note', 'There is no reference.')];
}

function block(label, text, kind = '') {
  const node = make('div', `ev-block ${kind}`);
  node.append(make('small', '', label), make('p', '', text));
  return node;
}
function folded(label, ...inside) {
  const node = make('details', 'ev-fold');
  node.append(make('summary', '', label), ...inside.map((one) => (typeof one === 'string' ? make('p', '', one) : one)));
  return node;
}

function answerCard(place, current) {
  const row = data.rows[place];
  const node = make('article', current ? 'ev-card ev-current' : 'ev-card', '', { 'data-place': place });
  const head = make('h4');
  head.append(sign(row.model), data.models[row.model], make('small', '', row.seconds ? `${row.seconds.toFixed(1)} s` : ''));
  node.append(head, row.error ? make('p', 'ev-bad', `No answer: ${row.error}`) : make('p', 'ev-said', row.answer || 'An empty answer.'));
  if (row.said) node.append(make('p', 'ev-note', `Taken as category: ${spaced(row.said)}`));
  node.append(...(row.notices || []).map((notice) => make('p', 'ev-note ev-noticed', capital(notice))));
  node.append(...(row.flags || []).map((flag) => make('p', 'ev-flag', flag)));
  if (row.swapped) node.append(folded('With another micrograph in its place', row.swapped));
  node.append(...(row.judged || []).map(judgement), ...(row.people || []).map(personal));
  return node;
}

function personal([measure, person, score, comment]) {
  const node = make('p', 'ev-person');
  node.append(make('b', '', `${person}: ${score === null ? 'not applicable' : short(score)}`), ` ${spaced(measure)}${comment ? `. ${comment}` : ''}`);
  return node;
}

function judgement(one) {
  const score = one.state === 'scored' ? short(one.score ?? null) : spaced(one.state);
  const head = make('summary');
  head.append(make('b', one.state === 'scored' ? '' : 'ev-bad', score), ` ${spaced(one.measure)}, ${one.judge}${one.overruled ? `, overruled by ${one.overruled}; the judge gave ${short(one.own)}` : ''}${one.kin ? ', of the teacher’s family' : ''}`);
  const node = make('details', 'ev-fold');
  const criteria = Object.entries(one.criteria || {}).map(([name, value]) => `${name} ${short(value)}`).join(', ');
  node.append(head, make('p', '', one.reason || 'No reason was given.'));
  if (criteria) node.append(make('p', 'ev-note', criteria));
  if (one.raw !== undefined) node.append(make('pre', '', data.texts[one.raw]));
  return node;
}

function figuresOf(others) {
  const rows = data.figures.map((figure, k) => [figure, others.map((other) => data.rows[other].figures?.[k] ?? null)]).filter(([, values]) => values.some((value) => value !== null));
  if (!rows.length) return make('span');
  const table = make('table', 'ev-values');
  const head = make('tr');
  head.append(make('th'), ...others.map((other) => { const cell = make('th', '', '', { title: data.models[data.rows[other].model] }); cell.append(sign(data.rows[other].model)); return cell; }));
  table.append(head, ...rows.map(([figure, values]) => {
    const line = make('tr');
    line.append(make('th', '', figure.title, { title: figure.told }), ...values.map((value) => make('td', figure.share && value === (figure.larger ? 0 : 1) ? 'ev-bad' : '', worth(figure, value))));
    return line;
  }));
  const wide = make('div', 'ev-wide');
  wide.append(table);
  return wide;
}

// The same question at the other levels of context.
function levelsOf(row) {
  const others = data.levels.filter((level) => level !== row.level).map((level) => (together.get(`${row.item}/${level}`) || []).find((place) => data.rows[place].model === row.model)).filter((place) => place !== undefined);
  const node = make('p', 'ev-note ev-other-levels');
  if (!others.length) return node;
  node.append('The same question with context: ');
  for (const place of others) {
    const button = make('button', 's-button', data.rows[place].level, { type: 'button' });
    button.addEventListener('click', () => openAnswer([place], 0, opener));
    node.append(button);
  }
  return node;
}

find('.ev-shown').addEventListener('click', (event) => {
  const card = event.target.closest('.ev-card');
  if (!card || event.target.closest('summary, button') || String(getSelection())) return;
  const place = Number(card.dataset.place);
  if (place !== walked[at]) { walked = [place]; at = 0; showAnswer(); }
});
find('.ev-previous').addEventListener('click', () => stepAnswer(-1));
find('.ev-next').addEventListener('click', () => stepAnswer(1));
find('.ev-close').addEventListener('click', closeAnswer);
find('.ev-in-list').addEventListener('click', () => { only = walked.slice(); part = 'answers'; remember('part', part); showPart(); });
onPage('keydown', (event) => {
  if (scoring || find('.ev-answer').hidden || !isShown() || event.target.closest?.('input, select, textarea, summary')) return;
  if (event.key === 'Escape') { closeAnswer(); event.preventDefault(); return; }
  if (event.target.closest?.('.ev-table, .sp')) return;
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by) { stepAnswer(by); event.preventDefault(); }
});
