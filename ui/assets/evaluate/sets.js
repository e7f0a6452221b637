// Test sets: those there are, and making one of a snapshot, of labels, of a file or folder.
let source = '';              // which way of making one is open
let dropped = [];             // {file, path}: what is going to be uploaded
let awaited = false;          // a set that this page had taken in is chosen when it is there
let preview = null;           // what set.json said of the chosen set

find('.ev-help pre').textContent = [
  '{"file": "a/particles.tif", "question": "How large are the particles?",',
  ' "reference": "About 24 µm across.", "quantity": "24 µm", "topic": "size",',
  ' "category": "particles", "defect": false, "answers": {"another system": "6 µm"}}',
].join('\n');

function showSets() {
  const { sets, snapshots, labelled } = state;
  when('sets', [sets, wish.set], () => find('.ev-sets').replaceChildren(...sets.map(setChoice)));
  find('.ev-no-sets').hidden = sets.length > 0;
  element.dataset.sets = sets.length;
  if (!source && !sets.length) source = snapshots.length ? 'snapshot' : labelled.categories > 1 ? 'labels' : 'file';
  element.querySelectorAll('[data-source]').forEach((button) => button.setAttribute('aria-pressed', String(button.dataset.source === source)));
  element.querySelectorAll('.ev-source').forEach((part) => { part.hidden = part.dataset.for !== source; });
  when('snapshots', snapshots, () => {
    find('.ev-snapshot').replaceChildren(...snapshots.map((one) => option(one.id, one.name)));
    find('.ev-source[data-for=snapshot] > .s-row').hidden = !snapshots.length;
    find('.ev-to-curate').hidden = snapshots.length > 0;
    showParts_();
  });
  find('.ev-source[data-for=snapshot] .ev-note').textContent = snapshots.length ? 'The test part is what no adapter has learnt from.' : 'There is no snapshot yet. Accept pairs in Curate and freeze them in its view Dataset.';
  const few = labelled.categories < 2;
  find('.ev-labels-told').textContent = few ? `${plural(labelled.count, 'labelled micrograph')} of ${plural(labelled.categories, 'category', 'categories')}: label micrographs of at least two categories in Classify.` : `${plural(labelled.count, 'labelled micrograph')} of ${labelled.categories} categories.`;
  find('.ev-take-labels').hidden = few;
  find('.ev-to-classify').hidden = !few;
  find('.ev-take').disabled = under(state.now);
}

function showParts_() {
  const chosen = state.snapshots.find((one) => one.id === find('.ev-snapshot').value);
  const before = find('.ev-part').value || 'test';
  find('.ev-part').replaceChildren(...['test', 'validation', 'train'].map((part) => option(part, `${part} (${chosen?.pairs[part] ?? 0})`)));
  find('.ev-part').value = before;
}
find('.ev-snapshot').addEventListener('change', showParts_);
find('.ev-to-curate').addEventListener('click', () => goTo('Curate'));
find('.ev-to-classify').addEventListener('click', () => goTo('Classify'));

function setChoice(one) {
  const node = make('div', 'ev-set', '', { role: 'radio', tabindex: '0', 'aria-checked': String(one.id === wish.set), 'data-set': one.id });
  const choose = () => { if (wish.set !== one.id) { wish.set = one.id; pickedSet(); } };
  const remove = make('button', 's-quiet ev-forget', '×', { type: 'button', title: 'Forget this test set', 'aria-label': `Forget ${one.name}` });
  askTwice(remove, 'Forget it', async () => { if (await act('remove_set', { id: one.id })) { wish.set = ''; pickedSet(); } });
  node.append(make('b', '', one.name), make('small', '', plural(one.count, 'question')), make('small', 'ev-set-from', [moment(one.created), one.source].join(' · ')), remove);
  node.addEventListener('click', (event) => { if (!event.target.closest('button')) choose(); });
  node.addEventListener('keydown', (event) => { if (event.target === node && ['Enter', ' '].includes(event.key)) { event.preventDefault(); choose(); } });
  return node;
}

element.querySelectorAll('[data-source]').forEach((button) => button.addEventListener('click', () => {
  source = source === button.dataset.source && state.sets.length ? '' : button.dataset.source;
  if (!source && !state.sets.length) source = button.dataset.source;
  showSets();
}));

async function took(sent) {
  awaited = true;
  const made = await act('take', sent);
  if (!made) { awaited = false; return; }
  if (made.set) { awaited = false; source = ''; wish.set = made.set; pickedSet(); }
}
find('.ev-take-snapshot').addEventListener('click', () => took({ kind: 'snapshot', snapshot: find('.ev-snapshot').value, part: find('.ev-part').value }));
find('.ev-take-labels').addEventListener('click', () => took({ kind: 'labels' }));

// What was taken in in the background is chosen once it is there, also after a reload.
function chooseTaken() {
  const work = state.now;
  if (!work?.taking || work.state !== 'done' || !work.set) return;
  const fresh = awaited || !wish.set;
  awaited = false;
  post('work', { do: 'dismiss' }).catch(() => {});
  if (!fresh || !state.sets.some((one) => one.id === work.set)) return;
  source = '';
  wish.set = work.set;
  pickedSet();
}

// ---- files
const drop = find('.ev-drop');
function showDropped() {
  const tables = dropped.filter(({ path }) => /\.(json|jsonl|csv|parquet)$/i.test(path));
  const rest = dropped.length - tables.length;
  const told = [...tables.map(({ path }) => path), ...(rest ? [plural(rest, tables.length ? 'other file' : 'file')] : [])].join(', ');
  const place = drop.querySelector('span');
  place.replaceChildren(dropped.length ? `${told}; ` : 'Drop a file of questions or pairs with its micrographs, or a folder with one folder per category; or ', make('u', '', dropped.length ? 'choose others' : 'choose'));
  element.dataset.dropped = dropped.length;
}
async function entries(items) {
  const files = [];
  const walk = async (entry, prefix) => {
    if (entry.isFile) { files.push({ file: await new Promise((done, failed) => { entry.file(done, failed); }), path: `${prefix}${entry.name}` }); return; }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((done, failed) => { reader.readEntries(done, failed); });
      if (!some.length) return;
      for (const one of some) await walk(one, `${prefix}${entry.name}/`);
    }
  };
  for (const entry of items) await walk(entry, '');
  return files;
}
drop.addEventListener('click', (event) => { if (event.target !== find('.ev-file')) find('.ev-file').click(); });
drop.addEventListener('keydown', (event) => { if (['Enter', ' '].includes(event.key)) { event.preventDefault(); find('.ev-file').click(); } });
find('.ev-file').addEventListener('change', ({ target }) => { dropped = [...target.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })); showDropped(); });
for (const type of ['dragenter', 'dragover']) drop.addEventListener(type, (event) => { event.preventDefault(); event.stopPropagation(); drop.classList.add('ev-over'); });
drop.addEventListener('dragleave', () => drop.classList.remove('ev-over'));
drop.addEventListener('drop', async (event) => {
  event.preventDefault();
  event.stopPropagation();
  drop.classList.remove('ev-over');
  const given = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const plain = [...event.dataTransfer.files].map((file) => ({ file, path: file.name }));
  dropped = given.length ? await entries(given) : plain;
  showDropped();
});

async function upload() {
  const token = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
  for (const [at, { file, path }] of dropped.entries()) {
    find('.ev-take').textContent = `Reading ${at + 1} of ${dropped.length}`;
    const answer = await fetch(`${base}/evaluate/upload?${new URLSearchParams({ token, path })}`, { method: 'POST', body: file });
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error || `The server answered ${answer.status}.`);
  }
  return token;
}
find('.ev-take').addEventListener('click', async () => {
  if (!dropped.length) { await took({ kind: 'path', path: find('.ev-path').value }); return; }
  find('.ev-take').disabled = true;
  try {
    const token = await upload();
    await took({ kind: 'upload', upload: token });
    dropped = [];
    find('.ev-file').value = '';
    showDropped();
  } catch (error) { complain(error.message); } finally { find('.ev-take').disabled = false; find('.ev-take').textContent = 'Take in'; }
});
find('.ev-path').addEventListener('keydown', (event) => { if (event.key === 'Enter') { event.preventDefault(); find('.ev-take').click(); } });

// ---- what the chosen one holds
async function readSet() {
  const id = wish.set;
  preview = null;
  if (!id) return;
  try {
    const said = await post('set', { id });
    if (id === wish.set) preview = said;
  } catch (error) { if (id === wish.set) { wish.set = ''; complain(error.message); } }
}

function showPreview() {
  find('.ev-preview').hidden = !preview;
  if (!preview) return;
  when('preview', preview, () => {
    const p = preview;
    const facts = [
      [counted(p.questions), plural(p.questions, 'question').replace(/^\S+ /, '')], [counted(p.micrographs), plural(p.micrographs, 'micrograph').replace(/^\S+ /, '')],
      [counted(p.references), 'with a reference'], [counted(p.choices), 'ask for the category'], [counted(p.defects), `with defect known${p.with_defect ? `, ${p.with_defect} have one` : ''}`], [counted(p.numbers), 'ask for a known number'],
    ].map(([count, text]) => { const cell = make('span', count === '0' ? 'ev-zero' : ''); cell.append(make('b', '', count), make('small', '', text)); return cell; });
    const head = make('div', 'ev-facts');
    head.append(...facts);
    const chips = make('div', 'ev-chips');
    chips.append(...p.topics.slice(0, 9).map(([name, count]) => make('span', '', `${spaced(name)} ${count}`)), ...(p.topics.length > 9 ? [make('span', '', `and ${p.topics.length - 9} more topics`)] : []));
    const examples = make('div', 'ev-examples');
    examples.append(...p.examples.map((one) => {
      const card = make('figure');
      const text = make('figcaption');
      text.append(make('b', '', one.question), make('small', '', one.reference || one.quantity || 'no reference'));
      card.append(picture(one.micrograph), text);
      return card;
    }));
    const notes = make('ul', 'ev-set-notes');
    notes.append(...p.notes.map((one) => make('li', '', one)));
    find('.ev-preview').replaceChildren(head, chips, examples, ...(p.notes.length ? [notes] : []));
  });
}
