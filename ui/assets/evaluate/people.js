// What people gave, how the judge compares, and the way to score blind.
function showPeople() {
  when('people', [results.id, results.people, results.trust, results.scorable, recall('person'), about?.judge], () => {
    const person = recall('person');
    const total = results.scorable.overall_quality;
    const start = make('section', 'ev-section ev-blind-start');
    const text = total ? `You see the micrograph, the question, the reference and one answer after another in an order of your own; never whose it is. ${plural(total, 'answer')} can be scored; a few dozen already tell how far the judge can be trusted.` : 'There is nothing that people can score: no question of this set is answered in words.';
    const button = make('button', 's-button s-primary ev-begin-blind', person ? `Score blind as ${person}` : 'Score blind', { type: 'button' });
    button.disabled = !total;
    button.addEventListener('click', () => beginBlind());
    start.append(make('h3', '', 'Score blind'), make('p', 'ev-note', text), button);
    find('.ev-part-people').replaceChildren(start, judgeSection(), judgeTable(), peopleTable());
    element.querySelectorAll('.ev-part-people .ev-plot').forEach(drawInto);
  });
}

function peopleTable() {
  const section = make('section', 'ev-section');
  section.append(make('h3', '', 'What people gave'));
  if (!results.people.length) { section.append(make('p', 'ev-note', 'Nobody has scored an answer of this evaluation yet.')); return section; }
  const table_ = make('table', 'ev-summary ev-narrow');
  const head = make('tr');
  head.append(...['Model', 'Measure', 'Mean', '95 % interval', 'Answers', 'By'].map((name) => make('th', '', name)));
  table_.append(head, ...results.people.map((one) => {
    const line = make('tr');
    const model = make('th', '', '', { scope: 'row' });
    model.append(sign(one.model), data.models[one.model]);
    const mean = make('td');
    mean.append(make('button', 'ev-mean', short(one.mean), { type: 'button', 'data-rows': one.rows.join(',') }));
    line.append(model, make('td', '', one.measure), mean, make('td', '', known(one.low) ? `${short(one.low)} to ${short(one.high)}` : 'too few'), make('td', '', counted(one.n)), make('td', '', one.by.join(', ')));
    return line;
  }));
  const wide = make('div', 'ev-wide');
  wide.append(table_);
  section.append(wide);
  return section;
}

function judgeSection() {
  const section = make('section', 'ev-section ev-judge-section');
  const text = 'A judge model gives every answer that has a reference a score, with its reasons. It sees texts only; answers stand in a random order under letters. Nothing is sent before you have seen it.';
  const place = make('div', 'ev-judge-place');
  const row = make('p', 's-row');
  const button = make('button', 's-button s-primary ev-judge-look', 'Look at what would be sent…', { type: 'button' });
  button.addEventListener('click', () => prepareJudge(button));
  row.append(button);
  section.append(make('h3', '', 'Have it judged'), make('p', 'ev-note', text), place, row);
  firstJudge();
  judgeForm(place);
  return section;
}

const TRUST = [['judged', 'Answers'], ['judgements', 'Judgements'], ['not_applicable', 'Not applicable'], ['unusable', 'Unusable'], ['repeat_std', 'SD of repeats'], ['place', 'First place'], ['count', 'Scored by people too'], ['spearman', 'Rank correlation'], ['kappa', 'Kappa'], ['difference', 'Judge less people']];
function judgeTable() {
  const section = make('section', 'ev-section');
  section.append(make('h3', '', 'How far the judge can be trusted'));
  if (!results.trust.length) { section.append(make('p', 'ev-note', 'No answer has been judged by a model yet.')); return section; }
  const table_ = make('table', 'ev-summary ev-narrow ev-trust');
  const head = make('tr');
  head.append(make('th', '', ''), ...results.trust.map((one) => { const cell = make('th', '', one.judge, { scope: 'col' }); cell.append(make('small', '', one.measure), ...(one.kin ? [make('small', 'ev-bad', 'of the teacher’s family')] : [])); return cell; }));
  table_.append(head, ...TRUST.map(([name, title]) => {
    const line = make('tr');
    line.append(make('th', '', title, { scope: 'row' }), ...results.trust.map((one) => make('td', '', Number.isInteger(one[name]) ? counted(one[name]) : known(one[name]) ? short(one[name]) : 'not known')));
    return line;
  }));
  const wide = make('div', 'ev-wide');
  wide.append(table_);
  section.append(make('p', 'ev-note', 'First place: mean score of answers shown first less that of the others. Kappa is Cohen’s, of quarters of the scale; people are the mean of all who scored.'), wide, make('div', 'ev-plot ev-judge-plot', '', { 'data-plot': 'judge' }));
  return section;
}
