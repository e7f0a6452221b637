// The library: thumbnails of the workspace, searching, adding, removing.
const ROW_PX = 60;
const list = find('.lib-list');
const search = find('.lib-search');
const menu = find('.lib-menu');
const fileInput = find('.lib-file');
const news = newsLoop();
const rows = longList(list, ROW_PX, { draw, settle });
list.style.setProperty('--row', `${ROW_PX}px`);

function build() {
  const value = props.value;
  if (!value) return;
  showJob(value.job);
  if (value.selected === chosen || performance.now() - chosenAt > CHOSEN_MS) select(value.selected);
  news.showed(value.seen);
  if (value.version !== listVersion) fetchList(value);
}

// What was chosen here a moment ago stands against news that was on its way already.
const CHOSEN_MS = 3000;
let chosen = null;
let chosenAt = -Infinity;

// What another panel opened is brought into sight.
function select(id) {
  if (id === (element.dataset.selected || null)) return;
  element.dataset.selected = id || '';
  rows.nodes.forEach(mark);
  rows.bring(id);
}

function mark(row) {
  const current = row.dataset.id === element.dataset.selected;
  row.ariaSelected = String(current);
  if (current) row.ariaCurrent = 'true';
  else row.removeAttribute('aria-current');
}

// ---- the list: fetched when it is newer than the one shown, at most every so often while a job runs
const LIST_MS = 2000;
let listVersion = -1;
let fetching = 0;
let items = [];

function fetchList(value) {
  if (fetching) return;
  const wait = value.job?.state === 'running' && items.length ? LIST_MS : 0;
  fetching = setTimeout(async () => {
    try {
      const answer = await fetch(value.list);
      if (answer.ok) showList(await answer.json());
    } finally {
      fetching = 0;
      if (element.isConnected && props.value.version > listVersion) setTimeout(fetchList, LIST_MS, props.value);
    }
  }, wait);
}

function showList(fetched) {
  listVersion = fetched.version;
  items = fetched.items;
  for (const item of items) item.words = item.words.toLowerCase();
  find('.lib-count').textContent = items.length || '';
  find('.lib-none').hidden = items.length > 0;
  filter();
  element.dataset.items = items.length;
}

function draw(item) {
  const row = make('div', 'lib-item', '', { role: 'option', 'data-id': item.id, title: item.name });
  mark(row);
  const picture = make('img', '', '', { alt: '', decoding: 'async', width: '56', height: '42', 'data-src': item.thumbnail });
  const text = make('span', 'lib-text');
  const calibration = make('i', item.calibrated ? '' : 'lib-uncalibrated', item.calibration);
  text.append(make('b', '', item.name), calibration, make('i', '', item.detail));
  const remove = make('button', 's-quiet lib-remove', '×', { type: 'button', tabindex: '-1', title: 'Remove from the workspace (Delete)', 'aria-label': 'Remove' });
  row.append(picture, text, askTwice(remove, 'Remove', () => trigger('removed', { id: item.id })));
  return row;
}

function settle(row) {
  const picture = row.firstChild;
  if (!picture.dataset.src) return;
  picture.src = picture.dataset.src;
  delete picture.dataset.src;
}

function showJob(job) {
  const panel = find('.lib-job');
  panel.hidden = !job;
  element.dataset.job = job ? job.state : '';
  if (!job) return;
  find('.lib-job-text').textContent = job.text;
  find('.lib-progress').value = job.fraction;
  find('.lib-progress').hidden = job.state !== 'running';
  find('.lib-cancel').hidden = job.state !== 'running';
  find('.lib-dismiss').hidden = job.state === 'running';
  find('.lib-failures').replaceChildren(...job.failures.map((reason) => make('li', '', reason)));
}

function filter({ anew = false } = {}) {
  const words = search.value.toLowerCase().replaceAll('µ', 'μ').split(/\s+/).filter(Boolean);
  const found = words.length ? items.filter((item) => words.every((word) => item.words.includes(word))) : items;
  list.hidden = !found.length;
  find('.lib-nothing').hidden = !items.length || found.length > 0;
  rows.show(found, { anew });
  element.dataset.shown = found.length;
}

function choose(id) {
  if (!id || id === element.dataset.selected) return;
  select(id);
  chosen = id;
  chosenAt = performance.now();
  trigger('chosen', { id });
}

list.addEventListener('click', (event) => {
  const id = event.target.closest('.lib-item')?.dataset.id;
  if (!id || event.target.closest('button')) return;
  rows.activate(id, false);
  choose(id);
});
// A strip that asked has gone with its button; the keyboard stays in the list.
list.addEventListener('click', (event) => {
  if (event.target.closest('.s-confirm')) setTimeout(() => list.focus({ preventScroll: true }));
}, true);
list.addEventListener('focus', () => {
  if (rows.active !== null || !list.matches(':focus-visible')) return;
  if (rows.node(element.dataset.selected)) rows.activate(element.dataset.selected);
  else rows.move('Home');
});
list.addEventListener('keydown', (event) => {
  if (event.target !== list || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Enter' || event.key === ' ') choose(rows.active);
  else if (event.key === 'Delete') rows.node(rows.active)?.querySelector('.lib-remove')?.click();
  else if (event.key.length === 1 && event.key !== '/') searchFor(search.value + event.key);
  else if (!rows.move(event.key)) return;
  event.preventDefault();
});

// ---- searching: once for all that was typed between two frames
let typed = 0;
function searchNow() {
  cancelAnimationFrame(typed);
  typed = 0;
  filter({ anew: true });
  if (!search.value) rows.bring(element.dataset.selected);
}
function searchFor(words) {
  search.value = words;
  search.focus();
  typed ||= requestAnimationFrame(searchNow);
}
search.addEventListener('input', () => { typed ||= requestAnimationFrame(searchNow); });
search.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') searchFor('');
  else if (event.key === 'ArrowDown' || event.key === 'Enter') {
    if (typed) searchNow();
    list.focus();
    rows.move('Home');
    if (event.key === 'Enter') choose(rows.active);
  } else return;
  event.preventDefault();
});

// ---- adding
find('.lib-add').addEventListener('click', () => toggle(menu));
find('.lib-open').addEventListener('click', () => { toggle(menu, false); fileInput.click(); });
element.querySelectorAll('.lib-samples').forEach((button) => {
  button.addEventListener('click', () => { toggle(menu, false); trigger('samples_wanted', {}); });
});
find('.lib-folder').addEventListener('submit', (event) => {
  event.preventDefault();
  const path = find('.lib-path').value.trim();
  if (!path) return;
  toggle(menu, false);
  trigger('folder_wanted', { folder: path });
});
find('.lib-cancel').addEventListener('click', () => trigger('cancelled', {}));
find('.lib-dismiss').addEventListener('click', () => trigger('dismissed', {}));
fileInput.addEventListener('change', () => { send([...fileInput.files]); fileInput.value = ''; });

async function send(files) {
  const sent = [];
  const refused = [];
  element.dataset.upload = 'sending';
  for (const file of files) {
    try {
      const { path } = await upload(file);
      sent.push({ at: path, name: file.name });
    } catch (error) { refused.push({ name: file.name, reason: String(error.message || error) }); }
  }
  element.dataset.upload = refused.length ? 'refused' : 'done';
  trigger('dropped', { files: sent, refused });
}

// ---- files dropped anywhere in the window
const target = document.querySelector('.gradio-container') || document.body;
const carriesFiles = (event) => [...(event.dataTransfer?.types || [])].includes('Files');
for (const type of ['dragenter', 'dragover']) {
  target.addEventListener(type, (event) => {
    if (!carriesFiles(event) || !element.isConnected) return;
    event.preventDefault();
    document.body.classList.add('dropping');
  }, true);
}
target.addEventListener('dragleave', (event) => {
  if (!target.contains(event.relatedTarget)) document.body.classList.remove('dropping');
});
target.addEventListener('drop', (event) => {
  if (!carriesFiles(event) || !element.isConnected) return;
  event.preventDefault();
  event.stopPropagation();
  document.body.classList.remove('dropping');
  send([...event.dataTransfer.files]);
}, true);

watch('value', build);
build();
news.begin();
