// Freezing, the list of snapshots, the datasheet of one.
const PARTS = ['train', 'validation', 'test'];
let states = 'accepted';
let opened = '';               // the snapshot whose datasheet is shown

const choose = (group, name, value) => element.querySelectorAll(`${group} button`).forEach((one) => one.setAttribute('aria-checked', one.dataset[name] === value));

function showWould(would) {
  const told = would[states];
  const out = told.left_out.map((one) => `${one.count.toLocaleString('en')} ${one.why}`);
  find('.ds-would').textContent = `${plural(told.pairs, 'pair')} would be in it. ${out.length ? `Left out: ${out.join(', ')}.` : 'None is left out.'}`;
  find('.ds-begin').disabled = !told.pairs;
}

function showSnapshots(snapshots) {
  find('.ds-snapshot-count').textContent = snapshots.length || '';
  element.dataset.snapshots = snapshots.length;
  find('.ds-snapshot-list').replaceChildren(...(snapshots.length ? snapshots.map(drawSnapshot) : [make('p', 'ds-empty', 'None yet. Review pairs, then freeze the accepted ones.')]));
  if (opened && !snapshots.some((one) => one.id === opened)) closeSheet();
}

function drawSnapshot(one) {
  const row = make('div', 'ds-snapshot', '', { role: 'listitem', 'data-id': one.id });
  row.setAttribute('aria-current', one.id === opened);
  const open = make('button', 'ds-snapshot-open', '', { type: 'button', title: 'Show its datasheet' });
  const parts = PARTS.map((part) => `${one.pairs[part]} ${part}`).join(', ');
  open.append(make('b', '', one.name), make('span', 'ds-note', `${plural(one.all, 'pair')} (${parts}) · ${plural(one.micrographs, 'micrograph')} · `));
  open.lastChild.append(make('span', 'ds-made', one.made));
  open.addEventListener('click', () => attempt(() => openSheet(one.id)));
  const remove = make('button', 's-quiet', 'Remove', { type: 'button' });
  askTwice(remove, 'Remove it', () => attempt(() => post('remove', { id: one.id })));
  row.append(open, remove);
  return row;
}

async function openSheet(id) {
  const sheet = await post('sheet', { id });
  opened = id;
  find('.ds-sheet').hidden = false;
  find('.ds-sheet-name').textContent = sheet.name;
  find('.ds-sheet-text').textContent = `${plural(sheet.pairs, 'pair')} about ${plural(sheet.micrographs, 'micrograph')} (${sheet.confidential} confidential) · ${sheet.fractions} · seed ${sheet.seed} · frozen ${sheet.made} · ${sheet.id.slice(0, 12)}`;
  find('.ds-sheet-text').title = sheet.folder;
  const out = make('button', 's-button', 'Export it', { type: 'button' });
  out.addEventListener('click', () => { find('.ds-of').value = id; find('.ds-export').scrollIntoView({ behavior: 'smooth' }); find('.ds-format').focus(); });
  find('.ds-sheet-acts').replaceChildren(out);
  const categories = { title: 'Categories', head: ['', ...sheet.categories.parts], rows: sheet.categories.rows };
  find('.ds-sheet-tables').replaceChildren(
    ...sheet.tables.slice(0, 1).map(drawTable), drawTable(categories), ...sheet.tables.slice(1).map(drawTable),
    drawTable({ title: 'Acceptance by teacher and prompt version', head: ['Teacher', 'Prompt version', 'drafted', 'accepted', 'rejected', 'rate'], rows: sheet.acceptance }, 'ds-across'),
  );
  element.dataset.sheet = sheet.name;
  element.querySelectorAll('.ds-snapshot').forEach((row) => row.setAttribute('aria-current', row.dataset.id === id));
}

function drawTable({ title, head = null, rows }, name = '') {
  const table = make('table', `ds-table ${name}`);
  table.append(make('caption', '', title));
  if (head) { const top = table.createTHead().insertRow(); top.append(...head.map((text) => make('th', '', words(text)))); }
  const body = table.createTBody();
  for (const [first, ...rest] of rows) body.insertRow().append(make('td', '', words(first)), ...rest.map((value) => make('td', value === 0 ? 'ds-zero' : '', String(value))));
  return table;
}

function closeSheet() {
  opened = '';
  element.dataset.sheet = '';
  find('.ds-sheet').hidden = true;
  element.querySelectorAll('.ds-snapshot').forEach((row) => row.setAttribute('aria-current', 'false'));
}

find('.ds-sheet-close').addEventListener('click', closeSheet);
element.querySelectorAll('.ds-which button').forEach((one) => one.addEventListener('click', () => {
  states = one.dataset.states;
  choose('.ds-which', 'states', states);
  if (now) showWould(now.would);
}));
find('.ds-freeze form').addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(() => post('freeze', {
    name: find('.ds-name').value, states, seed: find('.ds-seed').value,
    ...Object.fromEntries(PARTS.map((part) => [part, find(`.ds-${part}`).value])),
  }));
});
