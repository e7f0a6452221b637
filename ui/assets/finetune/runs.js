// The history on the left, and what answers in Analyse.
function showRuns() {
  find('.ft-count').textContent = state.runs.length || '';
  when('runs', [state.runs, open, state.using], () => {
    find('.ft-runs').replaceChildren(...state.runs.map(runItem));
  });
  element.dataset.runs = state.runs.length;
  const base = find('.ft-using');
  base.querySelector('b').textContent = state.using ? state.using_name : state.using_base;
  base.querySelector('b').title = state.using ? `${state.using_name} on ${state.using_base}` : state.using_base;
  find('.ft-base').hidden = !state.using;
  element.dataset.using = state.using;
  element.dataset.model = state.model_phase;
}

function runItem(run) {
  const node = make('button', 'ft-item', '', { type: 'button', role: 'option', 'aria-selected': String(run.id === open), 'data-id': run.id, title: `${run.title}: ${run.told}` });
  const dot = make('i', 'ft-dot', '', { 'data-state': run.state });
  const worth = run.state !== 'done' && run.state !== 'stopped' ? run.told : run.headline || (known(run.val_loss) ? `validation loss ${short(run.val_loss)}` : run.told);
  node.append(dot, make('b', '', run.title), make('em', '', state.using && run.adapter === state.using ? 'in use' : ''));
  node.append(make('small', '', worth), make('small', '', [moment(run.created), run.snapshot].join(' · ')));
  if (run.live && run.steps) {
    const bar = make('span', 'ft-thin');
    bar.append(make('i'));
    bar.firstChild.style.width = `${(100 * run.step) / run.steps}%`;
    node.append(bar);
  }
  return node;
}

find('.ft-runs').addEventListener('click', (event) => {
  const item = event.target.closest('.ft-item');
  if (item) show(item.dataset.id);
});
find('.ft-runs').addEventListener('keydown', (event) => {
  const items = [...element.querySelectorAll('.ft-item')];
  const to = items.indexOf(event.target) + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] || 0);
  if (to !== items.indexOf(event.target) && items[to]) { event.preventDefault(); items[to].focus(); }
});
find('.ft-new').addEventListener('click', () => show(''));
find('.ft-base').addEventListener('click', () => act('base'));
find('.ft-to-curate').addEventListener('click', () => {
  [...document.querySelectorAll('#tabs button[role=tab]')].find((tab) => tab.textContent.trim() === 'Curate')?.click();
});
