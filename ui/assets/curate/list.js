// All pairs that are meant, in a list: one verdict on all of them or on those picked, one undo; a
// click opens one.
const PAGE = 100;
let rows = [];
let rowsTotal = 0;
let rowsTurn = 0;
let marked = null;             // the verdict that is about to be given to all

function openList(open = !listing) {
  listing = open;
  find('.rv-list').hidden = !open;
  find('.rv-as-list').ariaPressed = String(open);
  element.dataset.listing = open ? 'yes' : '';
  marked = null;
  asksPicked = false;
  if (open) showList(); else { showNone(); if (current()) showHead(current()); }
}

async function showList(anew = true) {
  if (!listing) return;
  const turn = rowsTurn += 1;
  const body = { filter: filterForLine(), count: PAGE };
  const meant = how === 'meaning' && search.value.trim();
  try {
    const said = meant ? await byMeaning(turn) : await post('list', anew ? body : { ...body, count: Math.min(200, Math.max(PAGE, rows.length)) });
    if (turn !== rowsTurn || !said) return;
    rows = said.rows;
    rowsTotal = said.total;
    drawList();
  } catch (error) { tell(error.message, { bad: true }); }
}

async function byMeaning(turn) {
  for (;;) {
    const said = await post('meaning', { text: search.value.trim(), filter: filterForLine() });
    if (said.rows || turn !== rowsTurn) return said;
    tell(`Reading the pairs once for this search: ${said.done} of ${said.total}.`, { stays: true });
    await new Promise((resolve) => { setTimeout(resolve, 700); });
  }
}

function drawList() {
  if (find('.rv-line span').textContent.startsWith('Reading the pairs')) tell('');
  element.dataset.listed = rowsTotal;
  const here = rowHere()?.dataset.id;
  find('.rv-table tbody').replaceChildren(...rows.map(rowNode));
  if (here) rowNodes().find((node) => node.dataset.id === here)?.focus();
  if (rows.length < rowsTotal && how === 'words') {
    const line_ = make('tr');
    const cell = make('td', '', '', { colspan: '8' });
    const button = make('button', 's-quiet', `${rowsTotal - rows.length} more`, { type: 'button' });
    button.addEventListener('click', moreRows);
    cell.append(button);
    line_.append(cell);
    find('.rv-table tbody').append(line_);
  }
  drawListHead();
}

async function moreRows() {
  try {
    const said = await post('list', { filter: filterForLine(), count: PAGE, after: rows.at(-1).id });
    rows.push(...said.rows);
    drawList();
  } catch (error) { tell(error.message, { bad: true }); }
}

function rowNode(row) {
  const node = make('tr', '', '', { 'data-id': row.id, tabindex: '0' });
  const flags = make('td', 'rv-row-flags');
  flags.append(...row.flags.map((flag) => make('span', 'rv-mini', FLAGS[flag.kind] || flag.kind, { title: flag.detail, 'data-risk': flag.severity >= 0.66 ? 'high' : flag.severity >= 0.33 ? 'middle' : 'low' })));
  const state = make('td');
  state.append(make('i', `rv-dot rv-${row.state}`, '', { title: STATES[row.state] }));
  node.append(pickCell(row), state, make('td', '', row.question, { title: row.question }), make('td', '', row.answer, { title: row.answer }), make('td', '', titleOf(row.aspect || row.kind)), make('td', '', titleOf(row.category)), flags, make('td', '', row.near === undefined ? row.reviewers.join(', ') || row.teacher : `alike ${row.near.toFixed(2)}`));
  showPicked(node);
  node.addEventListener('mousedown', (event) => { if (event.shiftKey) event.preventDefault(); });
  node.addEventListener('click', (event) => { if (!pickByClick(row, node, event)) openPair(row.id); });
  node.addEventListener('keydown', (event) => { if (event.key === 'Enter' && event.target === node) { event.stopPropagation(); openPair(row.id); } });
  return node;
}

async function openPair(id) {
  try {
    await drained();
    const record = await post('open', { id });
    openList(false);
    put(record);
  } catch (error) { tell(error.message, { bad: true }); }
}

// The row that a key means, and the one above or below it.
const rowNodes = () => [...find('.rv-table tbody').querySelectorAll('[data-id]')];
const rowHere = () => rowNodes().find((node) => node.contains(document.activeElement));
function goRow(step) {
  const nodes = rowNodes();
  const place = nodes.indexOf(rowHere()) + step;
  nodes[Math.max(0, Math.min(nodes.length - 1, place))]?.focus();
}

// ---- one verdict on all
function drawListHead() {
  const head = find('.rv-list-head');
  const meaning = how === 'meaning' && search.value.trim();
  const title = meaning ? `${rowsTotal} most alike` : `${rowsTotal} ${rowsTotal === 1 ? 'pair' : 'pairs'}`;
  const close = make('button', 's-quiet', 'Back to the pair', { type: 'button' });
  close.addEventListener('click', () => openList(false));
  showAllBox();
  if (picks.size) { head.replaceChildren(...pickedNodes(), ...(asksPicked ? [] : [make('span', 's-gap'), close])); return; }
  if (meaning) { head.replaceChildren(make('b', '', title), make('span', 'rv-note', 'pick some to judge them at once'), make('span', 's-gap'), close); return; }
  if (marked) { head.replaceChildren(make('b', '', title), ...sureNodes()); return; }
  const buttons = [['accepted', `Accept all ${rowsTotal}`], ['rejected', `Reject all ${rowsTotal}…`]].map(([verdict, text]) => {
    const button = make('button', 's-button', text, { type: 'button', 'data-all': verdict });
    button.disabled = !rowsTotal;
    button.addEventListener('click', () => markAll(verdict));
    return button;
  });
  head.replaceChildren(make('b', '', title), make('span', 'rv-note', 'as filtered'), ...buttons, make('span', 's-gap'), close);
}

async function markAll(verdict) {
  await drained();
  try {
    const said = await post('bulk', { filter: filterForLine(), verdict, reason: verdict === 'rejected' ? 'other' : '', dry_run: true });
    marked = { verdict, ...said };
    drawListHead();
  } catch (error) { tell(error.message, { bad: true }); }
}

function sureNodes() {
  const { verdict, reviewed, held } = marked;
  const no = make('button', 's-button', 'Keep as they are', { type: 'button' });
  no.addEventListener('click', () => { marked = null; drawListHead(); });
  const note = held ? ` (${held} lie before somebody else and are left out)` : '';
  if (verdict === 'accepted') {
    const yes = make('button', 's-button s-primary', `Accept ${reviewed}`, { type: 'button', 'data-sure': 'accepted' });
    yes.addEventListener('click', () => judgeAll('accepted'));
    return [make('span', '', `Accept all ${reviewed} as they stand?${note}`), yes, no];
  }
  const reasons = Object.entries(REASONS).map(([reason, word]) => {
    const button = make('button', 's-button', word, { type: 'button', 'data-sure': reason });
    button.addEventListener('click', () => judgeAll('rejected', reason));
    return button;
  });
  return [make('span', '', `Reject all ${reviewed} as${note}`), ...reasons, no];
}

function judgeAll(verdict, reason = '') {
  const filter = filterForLine();
  marked = null;
  judgeMany('bulk', { filter, verdict, reason, dry_run: false });
}

// One step of the line, like a verdict that is taken back: keys wait for what is then shown.
function judgeMany(route, body) {
  turns += 1;
  const judgeThem = async () => {
    await drained();
    const said = await post(route, body);
    const left = [said.held ? `${said.held} before somebody else` : '', said.changed ? `${said.changed} judged meanwhile` : ''].filter(Boolean).join(' and ');
    const undo = said.reviewed ? { act: 'Undo', then: () => turn('undo') } : {};
    await learn();
    await begin();
    await showList();
    tell(`${said.reviewed} ${VERDICTS[body.verdict]}.${left ? ` Left out: ${left}.` : ''}${said.reviewed > 1 ? ' One undo takes all of them back.' : ''}`, undo);
  };
  return afterwards(() => judgeThem().finally(() => { turns -= 1; }));
}

find('.rv-as-list').addEventListener('click', () => openList());
