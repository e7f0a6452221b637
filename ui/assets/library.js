// The library: thumbnails of the workspace, searching, adding, removing.
const list = find('.lib-list');
const search = find('.lib-search');
const menu = find('.lib-menu');
const fileInput = find('.lib-file');

function build() {
  const value = props.value;
  if (!value) return;
  showJob(value.job);
  select(value.selected);
  if (value.seen !== null) shownNews = value.seen;
  looking = 0;
  if (value.version !== listVersion) fetchList(value);
}

function select(id) {
  element.dataset.selected = id || '';
  for (const row of list.children) mark(row);
}

function mark(row) {
  if (row.dataset.id === element.dataset.selected) row.ariaCurrent = 'true';
  else row.removeAttribute('aria-current');
}

// ---- the list: fetched when it is newer than the one shown, at most every so often while a job runs
const LIST_MS = 2000;
let listVersion = -1;
let fetching = 0;

function fetchList(value) {
  if (fetching) return;
  const wait = value.job?.state === 'running' && list.childElementCount ? LIST_MS : 0;
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

// Rows that are there already are kept, so that a long list grows without a flicker.
function showList({ version, items }) {
  listVersion = version;
  const known = new Map([...list.children].map((row) => [row.dataset.id, row]));
  const rows = items.map((item) => {
    const row = known.get(item.id);
    return row && row.dataset.shown === JSON.stringify(item) ? row : entry(item);
  });
  const same = rows.length === list.childElementCount && rows.every((row, i) => row === list.children[i]);
  if (!same) list.replaceChildren(...rows);
  find('.lib-count').textContent = items.length || '';
  find('.lib-none').hidden = items.length > 0;
  filter();
  element.dataset.items = items.length;
}

function entry(item) {
  const row = make('div', 'lib-item', '', { role: 'listitem', tabindex: '0', 'data-id': item.id, title: item.name });
  row.dataset.words = item.words.toLowerCase();
  row.dataset.shown = JSON.stringify(item);
  mark(row);
  const picture = make('img', '', '', { alt: '', loading: 'lazy', width: '56', height: '42', src: item.thumbnail });
  const text = make('span', 'lib-text');
  const calibration = make('i', item.calibrated ? '' : 'lib-uncalibrated', item.calibration);
  text.append(make('b', '', item.name), calibration, make('i', '', item.detail));
  const remove = make('button', 's-quiet lib-remove', '×', { type: 'button', title: 'Remove from the workspace', 'aria-label': 'Remove' });
  row.append(picture, text, askTwice(remove, 'Remove', () => trigger('removed', { id: item.id })));
  return row;
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

function filter() {
  const words = search.value.toLowerCase().replaceAll('µ', 'μ').split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of list.children) {
    row.hidden = !words.every((word) => row.dataset.words.includes(word));
    shown += !row.hidden;
  }
  element.dataset.shown = shown;
}

function choose(row) {
  if (!row || row.ariaCurrent === 'true') return;
  select(row.dataset.id);
  trigger('chosen', { id: row.dataset.id });
}

list.addEventListener('click', (event) => {
  if (!event.target.closest('button')) choose(event.target.closest('.lib-item'));
});
list.addEventListener('keydown', (event) => {
  const row = event.target.closest('.lib-item');
  if (!row || event.target !== row) return;
  const rows = [...list.children].filter((other) => !other.hidden);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) rows[rows.indexOf(row) + step]?.focus();
  else if (event.key === 'Enter' || event.key === ' ') choose(row);
  else if (event.key === 'Delete') row.querySelector('.lib-remove').click();
  else return;
  event.preventDefault();
});
search.addEventListener('input', filter);

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

// ---- news: one number, asked for often; the server is asked for more only when it has grown
const NEWS_MS = 700;
const SILENT_MS = 4000;
const LOOK_MS = 10000;
let shownNews = -1;
let looking = 0;              // when this page began to look; 0 when it has shown what it found

async function askForNews() {
  if (!element.isConnected) return;
  let pause = NEWS_MS;
  try {
    const answer = props.value && await fetch(props.value.news);
    if (answer) {
      if (!answer.ok) pause = SILENT_MS;
      else if (Number(await answer.text()) !== shownNews) look();
    }
  } catch { pause = SILENT_MS; }
  setTimeout(askForNews, pause);
}

function look() {
  if (looking && performance.now() - looking < LOOK_MS) return;
  looking = performance.now();
  trigger('news', {});
}

watch('value', build);
build();
askForNews();
