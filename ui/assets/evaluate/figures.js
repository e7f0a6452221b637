// Notes first, then every figure of every model with its interval.
function showFigures() {
  when('figures', [results.id, results.done, results.cells, results.notes, results.left_out, state.evaluations.find((one) => one.id === open)?.reason], () => {
    find('.ev-part-figures').replaceChildren(...notesOf(), data.figures.length ? summaryTable() : make('p', 'ev-empty', 'No figure yet: no answer is there, or none of the measures applies to these questions.'), meansPlots());
    element.querySelectorAll('.ev-part-figures .ev-plot').forEach(drawInto);
  });
}

function notesOf() {
  const left = results.left_out.map(([name, why]) => { const item = make('li'); item.append(make('b', '', `${capital(name)} is left out. `), why); return item; });
  const items = [...results.notes.map((note) => make('li', '', capital(note))), ...left];
  if (!items.length) return [];
  const box = make('div', 'ev-notes');
  const list = make('ul');
  list.append(...items);
  box.append(list);
  return [box];
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
  both.append(wide, told);
  return both;
}

function summaryCell(figure, model) {
  const cell = results.cells[`${figure.name}|${model}`];
  const node = make('td');
  if (!cell) { node.append(make('span', 'ev-none', '–')); return node; }
  const best = results.best[figure.name] === model;
  const button = make('button', best ? 'ev-mean ev-best' : 'ev-mean', '', { type: 'button', 'data-rows': cell.rows.join(','), title: `${data.models[model]}: ${figure.title}${best ? ', better than every other model' : ''}${known(cell.std) ? `, SD of single answers ${short(cell.std)}` : ''}` });
  const first = make('span');
  first.append(make('b', '', short(cell.mean)), make('small', '', `n ${counted(cell.n)}`));
  button.append(first, make('small', '', known(cell.low) ? `${short(cell.low)} to ${short(cell.high)}` : cell.n > 1 ? 'all alike' : ''));
  node.append(button);
  return node;
}

function meansPlots() {
  const section = make('section', 'ev-section');
  if (data.models.length < 2 || !data.figures.length) return section;
  const grid = make('div', 'ev-plots ev-many');
  grid.append(...data.figures.map((_, k) => make('div', 'ev-plot', '', { 'data-plot': 'means', 'data-figure': k })));
  section.append(make('h3', '', 'Means'), grid);
  return section;
}
