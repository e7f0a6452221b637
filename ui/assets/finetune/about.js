// On the right: what a run is worth, where it comes from, notes, its place on the disk.
const figure = (row, value) => (row.share ? `${(100 * value).toFixed(value === 1 || value === 0 ? 0 : 1)} %` : value.toFixed(3));

function showAbout() {
  if (!open || !run) return;
  const results = run.results;
  const outcome = find('.ft-outcome');
  outcome.classList.toggle('ft-nothing', !run.adapter);
  find('.ft-outcome small').textContent = run.adapter ? 'On the test part it has never seen' : 'What it is worth';
  find('.ft-outcome .ft-verdict b').textContent = outcomeWords(results[0]);
  when('results', [open, results], () => {
    find('.ft-results').hidden = !results.length;
    find('.ft-results tbody').replaceChildren(...results.map(resultRow));
  });
  find('.ft-tested').textContent = run.adapter ? (run.tested ? `${run.tested}, asked of both in the same words.` : '') : '';
  find('.ft-caution').hidden = !run.caution;
  find('.ft-caution').textContent = run.caution;
  const used = run.adapter && state.using === run.adapter;
  find('.ft-use').hidden = used;
  find('.ft-about-base').hidden = !used;
  find('.ft-use').disabled = ['loading', 'downloading'].includes(state.model_phase);
  find('.ft-use-told').textContent = !used ? '' : state.model_phase === 'failed' ? state.model_error : state.model_phase === 'ready' ? 'It answers in Analyse.' : 'It is being loaded.';
  when('chain', [open, run.chain], () => find('.ft-chain').replaceChildren(...run.chain.map((link) => {
    const item = make('li');
    const text = make('div');
    text.append(make('b', '', link.text), make('small', '', link.detail));
    item.append(make('span', '', link.kind), text);
    return item;
  })));
  const notes = find('.ft-notes');
  if (notes.dataset.of !== run.id || (document.activeElement !== notes && !notes.dataset.touched)) { notes.value = run.notes; notes.dataset.of = run.id; }
  showElsewhere();
  find('.ft-about .ft-own-command code').textContent = run.command;
  when('told', [open, run.settings], () => find('.ft-told-settings tbody').replaceChildren(...run.settings.map(([name, value]) => {
    const line = make('tr');
    line.append(make('th', '', name), make('td', '', value));
    return line;
  })));
  find('.ft-disk > span').textContent = `${run.size} on the disk`;
  element.querySelectorAll('.ft-drop').forEach((node) => { node.hidden = !run.is_ended || !run.checkpoints || run.paused; node.textContent = `Delete checkpoints, ${run.checkpoints}`; });
  when('remove', [open, run.size, run.is_ended], () => {
    const place = find('.ft-remove-place');
    place.replaceChildren();
    if (!run.is_ended) return;
    const button = make('button', 's-button ft-remove', 'Delete…', { type: 'button' });
    place.append(askTwice(button, `Delete it all, ${run.size}`, async () => { if (await act('remove', { id: run.id })) show(''); }));
  });
}

// The adapter to take elsewhere: in which forms, how far that is, where its files are.
function showElsewhere() {
  const { given } = run;
  const busy = given.state === 'running';
  find('.ft-elsewhere').hidden = !run.adapter;
  find('.ft-forms-hint').textContent = run.forms_hint;
  when('forms', [open, run.forms], () => find('.ft-forms').replaceChildren(...run.forms.map((form) => {
    const button = make('button', 's-button ft-give', form.title, { type: 'button', 'data-form': form.name });
    button.addEventListener('click', () => act('give', { id: run.adapter, form: form.name }));
    return button;
  })));
  element.querySelectorAll('.ft-give').forEach((node) => { node.disabled = busy; });
  find('.ft-give-end').hidden = find('.ft-give-progress').hidden = !busy;
  if (given.fraction) find('.ft-give-progress').value = given.fraction; else find('.ft-give-progress').removeAttribute('value');
  find('.ft-given').hidden = !given.text;
  find('.ft-given').textContent = given.text;
  find('.ft-given').classList.toggle('ft-caution', given.refused || given.state === 'failed');
  find('.ft-given-place').hidden = !given.folder;
  find('.ft-given-place code').textContent = given.folder;
  find('.ft-anyway-row').hidden = !given.refused;
  element.dataset.given = given.state;
}

function outcomeWords(best) {
  if (!run.adapter) {
    if (run.live) return 'It is tested at its end';
    return run.state === 'interrupted' ? 'Not finished' : 'No adapter came of it';
  }
  if (!best) return 'An adapter, not tested';
  const gain = best.adapter - best.base;
  if (Math.abs(gain) < 1e-9) return `${best.name}: no better than the base`;
  if (best.share) return `${best.name}: ${figure(best, best.base)} → ${figure(best, best.adapter)}`;
  return `${best.name}: ${figure(best, best.base)} → ${figure(best, best.adapter)}`;
}

function resultRow(row) {
  const line = make('tr');
  const size = row.share ? (100 * Math.abs(row.adapter - row.base)).toFixed(1) : Math.abs(row.adapter - row.base).toFixed(3);
  const gain = Number(size) ? row.adapter - row.base : 0;
  const told = `${gain > 0 ? '+' : gain < 0 ? '−' : '±'}${size}`;
  line.append(make('th', '', row.name), make('td', '', figure(row, row.base)), make('td', '', figure(row, row.adapter)), make('td', gain > 0 ? 'ft-up' : gain < 0 ? 'ft-down' : '', told));
  return line;
}

const notes = find('.ft-notes');
notes.addEventListener('input', () => {
  notes.dataset.touched = 'yes';
  clearTimeout(notes.later);
  notes.later = setTimeout(keepNotes, 700);
});
notes.addEventListener('blur', keepNotes);
async function keepNotes() {
  if (!notes.dataset.touched) return;
  clearTimeout(notes.later);
  delete notes.dataset.touched;
  await act('note', { id: notes.dataset.of, notes: notes.value });
}
find('.ft-use').addEventListener('click', () => act('use', { id: run.adapter }));
find('.ft-give-end').addEventListener('click', () => act('end_give'));
find('.ft-anyway').addEventListener('click', () => act('give', { id: run.adapter, form: 'lora', anyway: true }));
find('.ft-about-base').addEventListener('click', () => act('base'));
askTwice(find('.ft-drop'), 'Delete them', () => act('drop', { id: run.id }));
