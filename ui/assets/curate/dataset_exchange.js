// Pairs in, pairs out: files dropped or chosen, paths typed, what came of it.
const drop = find('.ds-drop');
let dropped = [];              // {file, path}: what is going to be uploaded

function showDropped() {
  const tables = dropped.filter(({ path }) => /\.(json|jsonl|parquet)$/i.test(path));
  const rest = dropped.length - tables.length;
  const text = dropped.length ? `${tables.map(({ path }) => path).join(', ') || 'no table'}${rest ? ` and ${plural(rest, 'other file')}` : ''}. ` : 'Drop the file, with its images or their folder, or ';
  drop.firstChild.textContent = text;
  find('.ds-drop u').textContent = dropped.length ? 'choose others' : 'choose';
  element.dataset.dropped = dropped.length;
}

async function entries(items) {
  const files = [];
  const walk = async (entry, prefix) => {
    if (entry.isFile) { const file = await new Promise((done, failed) => entry.file(done, failed)); files.push({ file, path: `${prefix}${entry.name}` }); return; }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!some.length) return;
      for (const one of some) await walk(one, `${prefix}${entry.name}/`);
    }
  };
  for (const entry of items) await walk(entry, '');
  return files;
}

drop.addEventListener('click', (event) => { if (event.target !== find('.ds-file')) find('.ds-file').click(); });
drop.addEventListener('keydown', (event) => { if (['Enter', ' '].includes(event.key)) { event.preventDefault(); find('.ds-file').click(); } });
find('.ds-file').addEventListener('change', ({ target }) => { dropped = [...target.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })); showDropped(); });
for (const type of ['dragenter', 'dragover']) drop.addEventListener(type, (event) => { event.preventDefault(); event.stopPropagation(); drop.classList.add('ds-over'); });
drop.addEventListener('dragleave', () => drop.classList.remove('ds-over'));
drop.addEventListener('drop', (event) => {
  event.preventDefault();
  event.stopPropagation();
  drop.classList.remove('ds-over');
  const given = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const plain = [...event.dataTransfer.files].map((file) => ({ file, path: file.name }));
  attempt(async () => { dropped = given.length ? await entries(given) : plain; showDropped(); });
});

find('.ds-import-form').addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(async () => {
    const more = { images: find('.ds-images').value, pack: find('.ds-pack').value };
    if (!dropped.length) { await post('take', { path: find('.ds-path').value, ...more }); return; }
    const token = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
    find('.ds-take').disabled = true;
    try {
      for (const [at, { file, path }] of dropped.entries()) {
        find('.ds-take').textContent = `Reading ${at + 1} of ${dropped.length}`;
        const query = new URLSearchParams({ token, path });
        const answer = await fetch(`${props.value.base}/upload?${query}`, { method: 'POST', body: file });
        if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error || `The server answered ${answer.status}.`);
      }
      await post('take', { upload: token, ...more });
      dropped = [];
      find('.ds-file').value = '';
      showDropped();
    } finally { find('.ds-take').disabled = false; find('.ds-take').textContent = 'Import'; }
  });
});

find('.ds-export-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const of = find('.ds-of').value;
  const which = ['accepted', 'all'].includes(of) ? { states: of } : { states: 'accepted', snapshot: of };
  attempt(() => post('export', { format: find('.ds-format').value, name: find('.ds-folder').value, ...which }));
});

function showOf(snapshots) {
  const select = find('.ds-of');
  const before = select.value;
  select.replaceChildren(option('accepted', 'Accepted now'), option('all', 'All but rejected'), ...snapshots.map((one) => option(one.id, `Snapshot: ${one.name}`)));
  select.value = [...select.options].some((one) => one.value === before) ? before : 'accepted';
}

// What came of a job, below the form that began it.
function showJob(name, job) {
  const box = find(`.ds-job[data-job=${name}]`);
  box.hidden = !job;
  element.dataset[name] = job?.state ?? '';
  if (!job) return;
  const running = ['running', 'paused'].includes(job.state);
  box.classList.toggle('ds-failed', job.state === 'failed');
  const title = { running: job.note || 'at work', done: '', cancelled: 'Cancelled.', failed: '' }[job.state];
  const parts = [...(title ? [title] : []), ...job.lines, ...(job.error ? [job.error] : [])];
  const nodes = parts.map((text) => make('p', '', text ? text[0].toUpperCase() + text.slice(1) : ''));
  if (running) nodes.push(make('progress'));
  if (job.path) nodes.push(make('code', 'ds-where', job.path));
  if (job.problems?.length) { const list = make('ul'); list.append(...job.problems.map((text) => make('li', '', text))); nodes.push(make('p', '', `${plural(job.problems.length, 'problem')}:`), list); }
  const acts = make('div', 's-row');
  if (job.state === 'done' && name === 'importing' && job.added) acts.append(act('Review them', () => review({ teacher: `import:${job.format}` })));
  if (job.state === 'done' && name === 'exporting') {
    const command = make('code', 'ds-command', job.command);
    command.hidden = true;
    nodes.push(command);
    acts.append(act('Show command', () => { command.hidden = !command.hidden; }));
  }
  acts.append(make('span', 's-gap'), act(running ? 'Cancel' : 'Close', () => attempt(() => post('dismiss', { job: name }))));
  box.replaceChildren(...nodes, acts);
}

function act(text, then) {
  const button = make('button', 's-button', text, { type: 'button' });
  button.addEventListener('click', then);
  return button;
}
