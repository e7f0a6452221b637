// The whole panel: shown anew from what the server says, while the view is seen.
let now = null;                // what state.json said last
let by = 'aspect';
const WORDS = { accepted: 'accepted', pending: 'waiting for review', disagreed: 'disagreed', rejected: 'rejected' };

async function loadCounts() {
  const { rows } = await post('counts', { by });
  const body = find('.ds-counts tbody');
  body.replaceChildren(...rows.map((row) => {
    const line = make('tr');
    line.append(make('td', '', words(row.name) || 'not said'), ...[...row.states, row.all].map((count) => make('td', count ? '' : 'ds-zero', count.toLocaleString('en'))));
    return line;
  }));
  element.dataset.rows = rows.length;
}

function showTotals(totals) {
  const every = Object.values(totals).reduce((sum, count) => sum + count, 0);
  find('.ds-totals').replaceChildren(...[['pairs', every], ...Object.entries(totals).map(([state, count]) => [WORDS[state], count])].map(([name, count]) => {
    const cell = make('div');
    cell.append(make('b', '', count.toLocaleString('en')), make('span', '', name));
    return cell;
  }));
  element.dataset.pairs = every;
}

load = async () => {
  const state = await post('state');
  now = state;
  when('totals', state.states, showTotals);
  when('would', [state.would, states], () => showWould(state.would));
  when('snapshots', state.snapshots, (snapshots) => { showSnapshots(snapshots); showOf(snapshots); });
  when('packs', state.packs, (packs) => {
    find('.ds-pack').replaceChildren(...packs.map(([id, title]) => option(id, title)));
    if (packs.some(([id]) => id === 'nanomaterials')) find('.ds-pack').value = 'nanomaterials';
  });
  find('.ds-exports').textContent = state.exports;
  for (const name of ['freezing', 'importing', 'exporting']) when(name, state[name], (job) => showJob(name, job));
  if (last.get('counted') !== JSON.stringify([state.states, by])) { await loadCounts(); last.set('counted', JSON.stringify([state.states, by])); }
  element.dataset.ready = 'yes';
  return state.version;
};

element.querySelectorAll('.ds-by button').forEach((one) => one.addEventListener('click', () => {
  by = one.dataset.by;
  choose('.ds-by', 'by', by);
  look();
}));
watch('value', () => { if (props.value && isShown()) look(); });
follow();
