// Left: the evaluations. Above the page: what goes on.
function showList() {
  const rows = state.evaluations;
  find('.ev-count').textContent = rows.length || '';
  when('list', [rows, open], () => find('.ev-list').replaceChildren(...rows.map(listItem)));
  find('.ev-no-list').hidden = rows.length > 0;
  find('.ev-new').disabled = !open;
  element.dataset.evaluations = rows.length;
}

function listItem(one) {
  const node = make('button', 'ev-item', '', { type: 'button', role: 'option', 'aria-selected': String(one.id === open), 'data-id': one.id, title: `${one.name}: ${one.told}` });
  const told = one.state === 'done' && one.done >= one.total ? plural(one.done, 'answer') : `${one.told}, ${counted(one.done)} of ${counted(one.total)}`;
  const models = one.models.length > 2 ? plural(one.models.length, 'model') : one.models.join(', ');
  node.append(make('i', 'ev-dot', '', { 'data-state': one.live ? 'running' : one.state }), make('b', '', one.name), make('small', '', told), make('small', '', [moment(one.created), models].join(' · ')));
  if (one.live && one.total) {
    const bar = make('span', 'ev-thin');
    bar.append(make('i'));
    bar.firstChild.style.width = `${(100 * one.done) / one.total}%`;
    node.append(bar);
  }
  return node;
}

find('.ev-list').addEventListener('click', (event) => {
  const item = event.target.closest('.ev-item');
  if (item && scoring) leaveBlind();
  if (item) show(item.dataset.id);
});
find('.ev-list').addEventListener('keydown', (event) => {
  const items = [...element.querySelectorAll('.ev-item')];
  const to = items.indexOf(event.target) + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] || 0);
  if (to !== items.indexOf(event.target) && items[to]) { event.preventDefault(); items[to].focus(); }
});
find('.ev-new').addEventListener('click', () => { scoring = false; show(''); });

const under = (work) => Boolean(work) && ['running', 'paused'].includes(work.state);
let judging = false;          // a judge is at work; when it has ended the results are read anew
const TITLES = { running: 'Asking', paused: 'Paused', done: 'Done', cancelled: 'Cancelled', failed: 'Broke off' };
const TAKING = { running: 'Taking in a test set', paused: 'Paused', done: 'Taken in', cancelled: 'Cancelled', failed: 'Not taken in' };

function showWork() {
  const work = state.now;
  const seen = work && !scoring && (under(work) || work.state === 'failed' || (work.state === 'cancelled' && work.taking));
  find('.ev-work').hidden = !seen;
  if (judging && !under(work)) { judging = false; if (results?.id === open) readResults(); about = null; }
  judging = judging || Boolean(work?.judging && under(work));
  element.dataset.work = work ? work.state : '';
  element.dataset.done = work ? work.done : '';
  if (!seen) return;
  find('.ev-work').dataset.state = work.state;
  const named = state.evaluations.find((one) => one.id === work.evaluation);
  const title = work.taking ? TAKING[work.state] : work.judging && work.state === 'running' ? `${work.model} judges` : work.state === 'running' && work.model ? `Asking ${work.model}` : TITLES[work.state];
  find('.ev-work-title').textContent = title;
  find('.ev-work-text').textContent = [!work.taking && named && named.id !== open ? named.name : '', work.text].filter(Boolean).join(' · ');
  const bar = find('.ev-progress');
  bar.hidden = !under(work);
  if (under(work) && !work.total) bar.removeAttribute('value'); else bar.value = work.fraction;
  find('.ev-work-note').textContent = capital(work.error || work.note);
  find('.ev-work-note').hidden = !(work.error || work.note);
  find('.ev-pause').hidden = !under(work) || work.taking;
  find('.ev-pause').textContent = work.state === 'paused' ? 'Resume' : 'Pause';
  element.querySelectorAll('.ev-cancel').forEach((node) => { node.hidden = !under(work); });
  find('.ev-dismiss').hidden = under(work);
}
find('.ev-pause').addEventListener('click', () => act('work', { do: state.now?.state === 'paused' ? 'resume' : 'pause' }));
find('.ev-cancel').addEventListener('click', () => act('work', { do: 'cancel' }));
find('.ev-dismiss').addEventListener('click', () => act('work', { do: 'dismiss' }));
