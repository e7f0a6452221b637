// Notes first, then every figure of every model with its interval.
function showFigures() {
  when('figures', [levelShown, results.id, results.done, results.cells, results.notes, results.left_out, state.evaluations.find((one) => one.id === open)?.reason], () => {
    find('.ev-part-figures').replaceChildren(...notesOf(), data.figures.length ? summaryTable() : make('p', 'ev-empty', 'No figure yet: no answer is there, or none of the measures applies to these questions.'), meansPlots());
    element.querySelectorAll('.ev-part-figures .ev-plot').forEach(drawInto);
  });
}

function notesOf() {
  const left = results.left_out.map(([name, why]) => { const item = make('li'); const named = why.toLowerCase().startsWith(name.toLowerCase()); item.append(make('b', '', named ? 'Left out: ' : `${capital(spaced(name))} is left out. `), why); return item; });
  const items = [...results.notes.map((note) => make('li', '', capital(note))), ...left];
  if (!items.length) return [];
  const box = make('div', 'ev-notes');
  const list = make('ul');
  list.append(...items);
  box.append(list);
  return [box];
}

// Which level of context the table is of; empty: all of them together.
let levelShown = '';
function levelChoice() {
  const choice = make('p', 's-row ev-level-choice');
  if (data.levels.length < 2) return choice;
  const segments = make('span', 's-segments', '', { role: 'radiogroup', 'aria-label': 'Context' });
  for (const level of ['', ...data.levels]) {
    const button = make('button', '', level || 'all together', { type: 'button', role: 'radio', 'aria-checked': String(levelShown === level), 'data-level': level });
    button.addEventListener('click', () => { levelShown = level; showFigures(); });
    segments.append(button);
  }
  choice.append(make('span', 'ev-quiet', 'Context'), segments, make('span', 'ev-quiet', levelShown ? 'Who answered at one level only stands in each.' : ''));
  return choice;
}
// Of a model that answered at one level only, such as given answers, that one.
function cellOf(figure, model) {
  const whole = results.cells[`${figure.name}|${model}`];
  if (!levelShown || !whole) return whole;
  const there = data.levels.map((level) => results.cells[`${figure.name}|${model}|${level}`]).filter(Boolean);
  return there.length === 1 ? there[0] : results.cells[`${figure.name}|${model}|${levelShown}`];
}

function summaryTable() {
  const table = make('table', 'ev-summary');
  const head = make('tr');
  head.append(make('th', '', ''), ...data.models.map((name, k) => { const cell = make('th', '', '', { scope: 'col', title: name }); const inside = make('span'); inside.append(sign(k), make('span', '', name)); cell.append(inside); return cell; }));
  table.append(head, ...data.figures.map((figure) => {
    const line = make('tr');
    const name = make('th', '', figure.title, { scope: 'row', title: figure.told });
    name.append(make('small', '', figure.larger ? '' : 'lower is better'));
    line.append(name, ...data.models.map((_, k) => summaryCell(figure, k)));
    return line;
  }));
  const wide = make('div', 'ev-wide');
  wide.append(table);
  const told = make('p', 'ev-note', results.tests
    ? `Means with 95 % bootstrap intervals over whole ${results.unit === 'micrograph' ? 'micrographs' : 'questions'}. A mean is marked only where its model is better than every other one on the same questions (paired randomisation test, p < 0.05 after Holm over all ${results.tests} tests). Click a mean to see its answers.`
    : `Means with 95 % bootstrap intervals over whole ${results.unit === 'micrograph' ? 'micrographs' : 'questions'}. Click a mean to see its answers.`);
  const both = make('section', 'ev-section');
  both.append(levelChoice(), wide, told);
  return both;
}

function summaryCell(figure, model) {
  const cell = cellOf(figure, model);
  const node = make('td');
  if (!cell) { node.append(make('span', 'ev-none', '–')); return node; }
  const best = !levelShown && results.best[figure.name] === model;
  const button = make('button', best ? 'ev-mean ev-best' : 'ev-mean', '', { type: 'button', 'data-rows': cell.rows.join(','), title: `${data.models[model]}: ${figure.title}${best ? ', better than every other model' : ''}${known(cell.std) ? `, SD of single answers ${short(cell.std)}` : ''}` });
  const first = make('span');
  first.append(make('b', '', short(cell.mean)), make('small', '', `n ${counted(cell.n)}`));
  button.append(first, make('small', '', known(cell.low) ? `${short(cell.low)} to ${short(cell.high)}` : cell.n > 1 ? 'all alike' : ''));
  node.append(button);
  return node;
}

function meansPlots() {
  const section = make('section', 'ev-section');
  const grid = make('div', 'ev-plots ev-many');
  const several = (figure) => data.models.filter((_, k) => results.cells[`${figure.name}|${k}`]).length > 1;
  grid.append(...data.figures.map((_, k) => k).filter((k) => several(data.figures[k])).map((k) => make('div', 'ev-plot', '', { 'data-plot': 'means', 'data-figure': k })));
  if (grid.childElementCount) section.append(make('h3', '', 'Means'), make('p', 'ev-note', 'All levels of context together.'), grid);
  return section;
}
