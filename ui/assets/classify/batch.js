// A folder classified file by file: how far it has come, what came of each, a click opens one.
const batchPanel = find('.cl-batch');
let batchRows = [];

function showBatch(value) {
  const { batch } = value;
  batchPanel.hidden = !batch;
  element.dataset.batch = batch ? batch.state : '';
  element.dataset.batched = batch ? batch.done : '';
  if (!batch) { batchRows = []; last.delete('batch'); return; }
  find('.cl-batch-text').textContent = batch.text;
  find('.cl-batch-model-head').hidden = !batch.modelled;
  find('.cl-batch b').textContent = `Batch: ${batch.title}`;
  batchPanel.querySelector('progress').value = batch.fraction;
  const open = batch.state === 'running' || batch.state === 'paused';
  batchPanel.querySelector('progress').hidden = !open;
  find('.cl-batch-pause').hidden = find('.cl-batch-cancel').hidden = !open;
  find('.cl-batch-pause').textContent = batch.state === 'paused' ? 'Go on' : 'Pause';
  find('.cl-batch-dismiss').hidden = open;
  find('.cl-batch-csv').hidden = !batch.done;
  find('.cl-batch-csv').href = batch.csv;
  when('batch', [batch.done, batch.state, value.library.classes], () => fetchBatch(batch));
}

async function fetchBatch(batch) {
  const answer = await fetch(`${batch.rows}?from=${batchRows.length > batch.done ? 0 : batchRows.length}`);
  if (!answer.ok) return;
  const { from, rows } = await answer.json();
  if (from === 0) batchRows = [];
  if (from !== batchRows.length) return;
  batchRows.push(...rows);
  find('.cl-batch tbody').replaceChildren(...batchRows.slice(-MOST_ROWS).reverse().map(batchLine));
}

function batchLine(row) {
  const line = make('tr', row.error ? 'cl-batch-bad' : '', '', { title: row.error || row.reason || row.file });
  if (row.id) line.dataset.id = row.id;
  line.append(make('td', '', row.file));
  if (row.error) {
    line.append(make('td', '', row.error, { colspan: '5' }));
    return line;
  }
  const label = make('td');
  if (row.abstained) label.append(make('span', 'cl-batch-none', 'none of these'));
  else label.append(dot(row.label), document.createTextNode(row.title));
  line.append(label, make('td', 'cl-batch-number', row.abstained ? '' : percent(row.probability)), make('td', '', row.second), ...(props.value.batch?.modelled ? [make('td', '', row.model)] : []), make('td', '', row.nearest));
  return line;
}

find('.cl-batch tbody').addEventListener('click', (event) => {
  const line = event.target.closest('tr');
  if (line?.dataset.id) say('chosen', { id: line.dataset.id });
});
find('.cl-batch-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const folder = find('.cl-batch-path').value.trim();
  if (!folder) return;
  toggle(menu, false);
  say('batch_wanted', { folder, ask_model: find('.cl-batch-model').checked });
});
find('.cl-batch-pause').addEventListener('click', () => say(props.value.batch?.state === 'paused' ? 'work_resumed' : 'work_paused', { work: 'batch' }));
find('.cl-batch-cancel').addEventListener('click', () => say('work_cancelled', { work: 'batch' }));
find('.cl-batch-dismiss').addEventListener('click', () => say('work_dismissed', { work: 'batch' }));
