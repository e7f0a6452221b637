// The left side: classes, the micrographs with their labels, taking in, embedding.
const list = find('.cl-list');
const search = find('.cl-search');
const menu = find('.cl-menu');
const MOST_ROWS = 300;
let filter = '';               // a class, 'unlabelled:', or all
let items = [];
let most = MOST_ROWS;
let listVersion = '';
let fetching = 0;

function showSide(value) {
  placeOf = new Map(value.library.classes.map((one) => [one.label, one.place]));
  find('.cl-count').textContent = value.library.labelled || '';
  element.dataset.labelled = value.library.labelled;
  element.dataset.unlabelled = value.library.unlabelled;
  when('classes', [value.library.classes, value.library.unlabelled, filter], () => showClasses(value.library));
  when('warnings', value.library.warnings, (texts) => find('.cl-warnings').replaceChildren(...texts.map((text) => make('p', '', text))));
  showEmbedding(value.library.embedding);
  showJob(value.job);
  if (value.version !== listVersion) fetchList(value);
  markChosen();
}

function showClasses(library) {
  const rows = [{ label: '', title: 'All', count: library.labelled + library.unlabelled, key: '' },
    ...library.classes,
    ...(library.unlabelled ? [{ label: 'unlabelled:', title: 'Without a label', count: library.unlabelled, key: '' }] : [])];
  find('.cl-classes').replaceChildren(...rows.map((one) => {
    const row = make('button', 'cl-class', '', { type: 'button', role: 'option', 'aria-selected': String(one.label === filter), title: one.title });
    row.append(one.label && one.label !== 'unlabelled:' ? dot(one.label) : make('i', 'cl-dot cl-dot-none'), make('span', '', one.title), make('em', '', String(one.count)));
    row.addEventListener('click', () => { filter = one.label; most = MOST_ROWS; last.delete('classes'); showSide(props.value); showList(); });
    return row;
  }));
}

function fetchList(value) {
  if (fetching || !isShown()) return;
  fetching = setTimeout(async () => {
    try {
      const answer = await fetch(value.list);
      if (answer.ok) { items = (await answer.json()).items; listVersion = value.version; showList(); }
    } finally {
      fetching = 0;
      if (element.isConnected && props.value.version !== listVersion) setTimeout(fetchList, 1500, props.value);
    }
  }, value.job?.state === 'running' && items.length ? 1500 : 0);
}

function showList() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = items.filter((item) => (
    (!filter || (filter === 'unlabelled:' ? !item.label : item.label === filter))
    && words.every((word) => `${item.name} ${item.title}`.toLowerCase().includes(word))));
  const rows = kept.slice(0, most).map(entry);
  if (kept.length > most) {
    const more = make('button', 's-quiet cl-more-rows', `${kept.length - most} more`, { type: 'button' });
    more.addEventListener('click', () => { most += MOST_ROWS; showList(); });
    rows.push(more);
  }
  list.replaceChildren(...rows);
  element.dataset.listed = kept.length;
  markChosen();
}

function entry(item) {
  const row = make('div', 'cl-item', '', { role: 'listitem', tabindex: '0', 'data-id': item.id, title: item.name });
  const picture = make('img', '', '', { alt: '', loading: 'lazy', width: '48', height: '36', src: item.thumbnail });
  const text = make('span', 'cl-text');
  const label = make('span', 'cl-of');
  label.append(dot(item.label), document.createTextNode(item.title || 'no label'));
  text.append(make('b', '', item.name), label);
  row.append(picture, text);
  if (item.label) {
    const pin = make('button', 's-quiet cl-pin', 'Pin', { type: 'button', title: 'Show it as a demonstration, whatever the strategy says' });
    pin.addEventListener('click', (event) => { event.stopPropagation(); say('pinned', { id: item.id }); });
    row.append(pin);
  }
  return row;
}

function markChosen() {
  const id = props.value?.query?.id;
  for (const row of list.children) {
    if (row.dataset.id && row.dataset.id === id) row.ariaCurrent = 'true';
    else row.removeAttribute('aria-current');
  }
}

list.addEventListener('click', (event) => {
  const row = event.target.closest('.cl-item');
  if (row && !event.target.closest('button')) say('chosen', { id: row.dataset.id });
});
list.addEventListener('keydown', (event) => {
  const row = event.target.closest('.cl-item');
  if (!row || event.target !== row) return;
  const step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key];
  if (step) row[step]?.focus();
  else if (event.key === 'Enter' && !props.value.labelling) say('chosen', { id: row.dataset.id });
  else return;
  event.preventDefault();
});
search.addEventListener('input', () => { most = MOST_ROWS; showList(); });

// ---- what goes on
function showEmbedding(work) {
  const panel = find('.cl-embedding');
  panel.hidden = !work;
  element.dataset.embedding = work ? work.state : '';
  if (!work) return;
  panel.querySelector('.cl-work-text').textContent = work.text;
  panel.classList.toggle('cl-failed', work.state === 'failed');
  const running = work.state === 'embedding' || work.state === 'opening';
  panel.querySelector('progress').hidden = !running;
  if (work.state === 'opening') panel.querySelector('progress').removeAttribute('value');
  else panel.querySelector('progress').value = work.fraction;
  panel.querySelector('.cl-cancel').hidden = work.state !== 'embedding';
  panel.querySelector('.cl-embed').hidden = !work.offer;
  panel.querySelector('.cl-embed').textContent = work.offer;
}

function showJob(job) {
  const panel = find('.cl-job');
  panel.hidden = !job;
  element.dataset.job = job ? job.state : '';
  if (!job) return;
  panel.querySelector('.cl-work-text').textContent = job.text;
  panel.querySelector('progress').value = job.fraction;
  panel.querySelector('progress').hidden = job.state !== 'running';
  panel.querySelector('.cl-cancel').hidden = job.state !== 'running';
  panel.querySelector('.cl-dismiss').hidden = job.state === 'running';
  when('problems', job.problems, (texts) => panel.querySelector('ul').replaceChildren(...texts.map((text) => make('li', '', text))));
}

find('.cl-add').addEventListener('click', () => toggle(menu));
element.querySelectorAll('.cl-folder').forEach((form) => form.addEventListener('submit', (event) => {
  event.preventDefault();
  const folder = form.querySelector('.cl-path').value.trim();
  if (!folder) return;
  toggle(menu, false);
  say('folder_wanted', { folder });
}));
element.querySelectorAll('.cl-draw').forEach((button) => button.addEventListener('click', () => { toggle(menu, false); say('drawings_wanted'); }));
element.querySelectorAll('.cl-begin').forEach((button) => button.addEventListener('click', () => { toggle(menu, false); say('labelling_wanted'); }));
element.querySelectorAll('.cl-cancel').forEach((button) => button.addEventListener('click', () => say('cancelled')));
find('.cl-dismiss').addEventListener('click', () => say('dismissed'));
find('.cl-embed').addEventListener('click', () => say('embed_wanted'));
