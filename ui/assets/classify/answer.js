// The query in the middle, and on the right who says what of it.
const VOTERS = ['fused', 'knn', 'encoder', 'model'];

function showQuery(value) {
  const { query } = value;
  const empty = !value.library.labelled && !value.job && !value.labelling;
  find('.cl-no-library').hidden = !empty;
  find('.cl-by-hand').hidden = !value.library.unlabelled;
  find('.cl-no-query').hidden = empty || Boolean(query);
  find('.cl-shown').hidden = empty || !query;
  find('.cl-answer').classList.toggle('cl-empty', empty);
  find('.cl').classList.toggle('cl-teaching', empty);
  const picture = find('.cl-picture');
  picture.hidden = find('.cl-caption').hidden = empty || !query;
  element.dataset.query = query ? query.id : '';
  if (!query) return;
  if (picture.getAttribute('src') !== query.picture) picture.src = query.picture;
  picture.alt = query.name;
  find('.cl-name').textContent = query.name;
  find('.cl-name').title = query.name;
  find('.cl-size').textContent = query.size;
  find('.cl-told').replaceChildren(...(query.told ? [dot(query.label), document.createTextNode(query.told)] : [document.createTextNode('no label')]));
}

function showAnswer(value) {
  const answer = value.query ? value.answer : null;
  element.dataset.state = answer ? answer.state : '';
  element.dataset.verdict = answer ? answer.verdict : '';
  const failed = Boolean(answer && answer.error);
  find('.cl-error').hidden = !failed;
  find('.cl-error').textContent = failed ? answer.error : '';
  find('.cl-verdict small').textContent = answer ? answer.status || 'Recommended answer' : '';
  find('.cl-verdict b').textContent = answer ? answer.verdict : '';
  find('.cl-verdict').classList.toggle('cl-abstained', Boolean(answer?.abstained));
  find('.cl-probability').textContent = answer && answer.verdict && !answer.abstained ? percent(answer.probability) : '';
  find('.cl-reason').hidden = !answer?.reason;
  find('.cl-reason').textContent = answer?.reason || '';
  find('.cl-rationale').textContent = answer?.rationale || '';
  find('.cl-model-note').textContent = answer?.model_note ? `Model: ${answer.model_note}.` : '';
  find('.cl-validated').textContent = answer?.validated || '';
  showWeighing(value.query ? value.weighing : null);
  find('.cl-ranks').hidden = !answer?.rows.length;
  when('ranks', answer ? [answer.rows, answer.state, value.library.classes] : null, () => showRanks(value));
}

function showWeighing(work) {
  const line = find('.cl-weighing');
  line.hidden = !work;
  element.dataset.weighing = work ? work.state : '';
  if (!work) return;
  line.querySelector('span').textContent = work.text;
  find('.cl-weigh').textContent = work.state === 'running' ? 'Cancel' : 'Weigh the model';
}
find('.cl-weigh').addEventListener('click', () => say(props.value.weighing?.state === 'running' ? 'weighing_ended' : 'weighing_wanted'));

function showRanks(value) {
  const answer = value.answer;
  const rows = answer ? answer.rows : [];
  const head = rows.some((row) => typeof row.encoder === 'number');
  find('.cl-head-encoder').hidden = !head;
  const keys = new Map(value.library.classes.map((one) => [one.label, one.key]));
  find('.cl-ranks tbody').replaceChildren(...rows.map((row, place) => {
    const line = make('tr', place === 0 && !answer.abstained ? 'cl-first' : '', '', { 'data-class': row.label });
    const name = make('th', '', '', { title: row.title });
    name.append(dot(row.label), make('kbd', '', keys.get(row.label) || ''), make('span', '', row.title));
    line.append(name, ...VOTERS.filter((voter) => voter !== 'encoder' || head).map((voter) => cell(row[voter], voter, answer.state)));
    return line;
  }));
  element.dataset.ranks = rows.map((row) => `${row.label}:${(row.knn ?? 0).toFixed(3)}`).join(' ');
}

function cell(share, voter, state) {
  const known = typeof share === 'number';
  const text = known ? percent(share) : voter === 'model' && state === 'asking' ? '…' : '–';
  const node = make('td', `cl-${voter}`, '', { title: known ? share.toFixed(4) : 'no answer' });
  const bar = make('i');
  bar.style.width = `${known ? 100 * share : 0}%`;
  node.append(bar, make('span', '', text));
  return node;
}

find('.cl-open').addEventListener('click', () => {
  trigger('open_wanted', { id: element.dataset.query });
  [...document.querySelectorAll('#tabs button[role=tab]')].find((tab) => tab.textContent.trim() === 'Analyse')?.click();
});
