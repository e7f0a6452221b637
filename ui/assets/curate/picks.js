// Pairs picked by hand, in a list or while they are read: one verdict on all of them, one undo. A
// pick knows what was seen of its pair, so that nobody's verdict is overwritten unseen.
const picks = new Map();       // by id: how many reviews of it were seen
let pickedLast = '';           // a range begins here
let asksPicked = false;        // why those picked are rejected

function pick(row, on = !picks.has(row.id)) {
  if (on) picks.set(row.id, row.seen); else picks.delete(row.id);
  pickedLast = row.id;
  showPicks();
}

// From the row that was picked last to this one, as the list shows them.
function pickTo(row) {
  const [from, to] = [pickedLast, row.id].map((id) => rows.findIndex((one) => one.id === id)).sort((a, b) => a - b);
  if (from < 0) { pick(row, true); return; }
  for (const one of rows.slice(from, to + 1)) picks.set(one.id, one.seen);
  showPicks();
}

function letGo() {
  picks.clear();
  asksPicked = false;
  showPicks();
}

function pickByClick(row, node, event) {
  const box = event.target.closest('.rv-pick');
  if (!box && !event.shiftKey && !event.ctrlKey && !event.metaKey) return false;
  if (event.shiftKey) pickTo(row); else pick(row);
  node.focus();
  return true;
}

// By a key: the row under it, or the pair that is shown.
function pickHere() {
  const here = listing ? rows.find((row) => row.id === rowHere()?.dataset.id) : current()?.record;
  if (!here) { tell(listing ? 'Choose a row with the arrows first.' : 'There is no pair to pick.'); return; }
  pick(here);
  if (!listing) tell(`${picks.size} picked. The list judges all of them at once.`, { act: 'List', then: () => openList(true) });
}

function pickCell(row) {
  const cell = make('td', 'rv-pick');
  cell.append(make('input', '', '', { type: 'checkbox', tabindex: '-1', 'aria-label': `Pick: ${row.question}` }));
  return cell;
}

function showPicked(node) {
  const on = picks.has(node.dataset.id);
  node.setAttribute('aria-selected', String(on));
  node.querySelector('.rv-pick input').checked = on;
}

function showPicks() {
  element.dataset.picked = picks.size;
  if (!picks.size) asksPicked = false;
  if (!listing) { if (current()) showHead(current()); return; }
  rowNodes().forEach(showPicked);
  drawListHead();
}

function showAllBox() {
  const box = find('.rv-pick-all');
  const many = rows.filter((row) => picks.has(row.id)).length;
  box.checked = rows.length > 0 && many === rows.length;
  box.indeterminate = many > 0 && many < rows.length;
  box.disabled = !rows.length;
}

// ---- the verdict
function pickedNodes() {
  const elsewhere = [...picks.keys()].filter((id) => !rows.some((row) => row.id === id)).length;
  const title = make('b', '', `${picks.size} picked`);
  const note = make('span', 'rv-note', elsewhere ? `${elsewhere} of them not in this list` : '');
  const button = (text, keys, data, act_) => {
    const node = make('button', 's-button', text, { type: 'button', 'data-picked': data });
    node.append(...keys.map((key) => make('kbd', '', keyMark(key))));
    node.addEventListener('click', act_);
    return node;
  };
  const no = button('Let go', ['Escape'], 'none', letGo);
  if (asksPicked) {
    const reasons = Object.entries(REASONS).map(([reason, word], place) => button(word, [String(place + 1)], reason, () => judgePicked('rejected', reason)));
    const keep_ = button('Keep them', ['Escape'], 'keep', () => { asksPicked = false; drawListHead(); });
    return [title, make('span', '', 'Reject as'), ...reasons, keep_];
  }
  const { keys } = facts;
  return [
    title, note, button('Accept', keys.accept.slice(0, 1), 'accepted', () => judgePicked('accepted')),
    button('Reject…', keys.reject.slice(0, 1), 'rejected', askPicked), button('Skip', keys.skip.slice(0, 1), 'skipped', () => judgePicked('skipped')), no,
  ];
}

function askPicked() {
  if (!picks.size) { tellPick(); return; }
  asksPicked = true;
  drawListHead();
}

const tellPick = () => tell(`Nothing is picked. Click the boxes, Ctrl+click or Shift+click rows, or press ${keyMark(facts.keys.pick[0])} on one.`);

function judgePicked(verdict, reason = '') {
  if (!picks.size) { tellPick(); return; }
  const picked = Object.fromEntries(picks);
  letGo();
  judgeMany('picked', { picked, verdict, reason });
}

find('.rv-pick-all').addEventListener('change', ({ target }) => {
  rows.forEach((row) => { if (target.checked) picks.set(row.id, row.seen); else picks.delete(row.id); });
  showPicks();
});
