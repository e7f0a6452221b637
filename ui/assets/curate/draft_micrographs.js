// All micrographs: which are confidential, under which licence, how many pairs each has.
const ROW_PX = 44;
let selected = new Set();
let listed = -1;               // version of the library that is shown

const rows = longList(find('.dr-list'), ROW_PX, { draw: drawRow, settle: () => {} });

function drawRow(item) {
  const node = make('div', 'dr-row', '', { role: 'listitem', title: item.name });
  const box = make('input', '', '', { type: 'checkbox', 'aria-label': `Select ${item.name}` });
  box.checked = selected.has(item.id);
  box.addEventListener('change', () => { box.checked ? selected.add(item.id) : selected.delete(item.id); showSelected(); });
  const text = make('span', 'dr-row-text');
  const pairs = item.pairs ? plural(item.pairs, 'pair') : 'no pairs';
  text.append(make('b', '', item.name), make('span', 'dr-note', [words(item.label), pairs].filter(Boolean).join(' · ')));
  node.append(box, make('img', '', '', { src: item.preview, alt: '', loading: 'lazy' }), text);
  if (item.licence) node.append(make('span', 'dr-tag', item.licence, { title: `Licence: ${item.licence}` }));
  if (item.composition) node.append(make('span', 'dr-tag', item.composition, { title: `Composition data: ${item.composition}` }));
  if (item.paper) node.append(make('span', 'dr-tag', 'paper', { title: `${plural(item.paper, 'text')} of its paper` }));
  if (item.confidential) node.append(make('span', 'dr-tag dr-secret', 'confidential'));
  node.addEventListener('click', (event) => { if (event.target !== box) box.click(); });
  return node;
}

async function loadMicrographs() {
  const said = await post('micrographs');
  items = said.items;
  listed = said.version;
  const there = new Set(items.map((item) => item.id));
  selected = new Set([...selected].filter((id) => there.has(id)));
  showMicrographs();
  showChoices();
}

function found() {
  const wanted = find('.dr-search').value.toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter((item) => wanted.every((word) => `${item.name} ${item.label} ${item.licence} ${item.composition}`.toLowerCase().includes(word)));
}

function showMicrographs() {
  const shown = found();
  rows.show(shown);
  const secret = items.filter((item) => item.confidential).length;
  find('.dr-micrographs-count').textContent = [items.length.toLocaleString('en'), ...(secret ? [`${secret} confidential`] : [])].join(' · ');
  find('.dr-none').hidden = items.length > 0;
  element.dataset.micrographs = items.length;
  showSelected();
}

function showSelected() {
  const shown = found();
  const all = find('.dr-select-all');
  const some = shown.filter((item) => selected.has(item.id)).length;
  all.checked = some > 0 && some === shown.length;
  all.indeterminate = some > 0 && some < shown.length;
  find('.dr-selected').textContent = selected.size ? `${selected.size} selected` : 'Select all';
  for (const name of ['.dr-hide', '.dr-show', '.dr-licence-set', '.dr-licence', '.dr-composition-set', '.dr-composition']) find(name).disabled = !selected.size;
  const choice = [...find('.dr-choose').options].find((one) => one.value === 'selected');
  if (choice) choice.textContent = `Selected in the list (${selected.size})`;
  showGo();
}

find('.dr-search').addEventListener('input', () => { rows.show(found(), { anew: true }); showSelected(); });
find('.dr-select-all').addEventListener('change', ({ target }) => {
  for (const item of found()) target.checked ? selected.add(item.id) : selected.delete(item.id);
  for (const box of element.querySelectorAll('.dr-row input')) box.checked = target.checked;
  showSelected();
});
const mark = (name, more) => attempt(async () => { await post(name, { ids: [...selected], ...more }); await loadMicrographs(); });
find('.dr-hide').addEventListener('click', () => mark('confidential', { confidential: true }));
find('.dr-show').addEventListener('click', () => mark('confidential', { confidential: false }));
find('.dr-licence-set').addEventListener('click', () => mark('licence', { licence: find('.dr-licence').value }));
find('.dr-licence').addEventListener('keydown', (event) => { if (event.key === 'Enter') { event.preventDefault(); find('.dr-licence-set').click(); } });
find('.dr-composition-set').addEventListener('click', () => attempt(async () => {
  const said = await post('composition', { ids: [...selected], composition: find('.dr-composition').value });
  await loadMicrographs();
  if (said.checked_again) tell(`Checked again: ${plural(said.checked_again, 'pair')} with other flags now.`, false);
}));
find('.dr-composition').addEventListener('keydown', (event) => { if (event.key === 'Enter') { event.preventDefault(); find('.dr-composition-set').click(); } });
find('.dr-list').addEventListener('keydown', (event) => {
  if (event.target !== find('.dr-list')) return;
  if (rows.move(event.key)) event.preventDefault();
  else if (event.key === ' ' && rows.active) { event.preventDefault(); rows.node(rows.active)?.querySelector('input').click(); }
});
