// The library: thumbnails of the workspace, searching, adding, removing.
const list = find('.lib-list');
const search = find('.lib-search');
const menu = find('.lib-menu');
const fileInput = find('.lib-file');

function build() {
  const value = props.value || { items: [], selected: null };
  list.replaceChildren(...value.items.map((item) => entry(item, item.id === value.selected)));
  find('.lib-count').textContent = value.items.length || '';
  find('.lib-none').hidden = value.items.length > 0;
  showJob(value.job);
  filter();
  element.dataset.items = value.items.length;
  element.dataset.selected = value.selected || '';
}

function entry(item, selected) {
  const row = make('div', 'lib-item', '', { role: 'listitem', tabindex: '0', 'data-id': item.id, title: item.name });
  if (selected) row.ariaCurrent = 'true';
  row.dataset.words = item.words.toLowerCase();
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
  for (const other of list.children) other.removeAttribute('aria-current');
  row.ariaCurrent = 'true';
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

watch('value', build);
build();
