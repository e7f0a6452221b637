// Keys and buttons. The keys are printed on the buttons and can be changed; a field that is typed
// in keeps them all. They are heard before those of the viewer, which keeps what is left.
const SHOWN_KEYS = { Enter: '⏎', Backspace: '⌫', ArrowRight: '→', ArrowLeft: '←', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc', ' ': 'Space' };
const keyMark = (key) => SHOWN_KEYS[key] || (key.length === 1 ? key.toUpperCase() : key);
const ACTS = {
  accept: 'Accept and go on', reject: 'Reject, then 1 to 6 for the reason', edit: 'Edit the words', skip: 'Leave it for later',
  undo: 'Take the last verdict back', redo: 'Do again what was taken back', next: 'Next pair', previous: 'Previous pair',
  comment: 'Write a comment', search: 'Search', pick: 'Pick it, to judge several at once', list: 'Show all as a list', help: 'This list',
};
let reasonsOpen = false;
let learning = '';             // the act that is about to get another key

const act = {
  accept: () => judge('accepted'),
  reject: askReason,
  edit: () => startEditing(),
  skip: () => judge('skipped'),
  undo: () => turn('undo'),
  redo: () => turn('redo'),
  next: () => go(1),
  previous: () => go(-1),
  comment: () => find('.rv-comment').focus(),
  search: () => search.focus(),
  pick: pickHere,
  list: () => openList(),
  help: () => openHelp(),
  save: saveEditing,
  leave: leaveEditing,
};
const STEPS = ['accept', 'skip', 'next', 'previous'];
const ON_A_PAIR = ['accept', 'reject', 'edit', 'skip', 'comment'];
// What keys mean while the list is open: the rows, and those picked.
const inList = {
  accept: () => judgePicked('accepted'),
  reject: askPicked,
  skip: () => judgePicked('skipped'),
  next: () => goRow(1),
  previous: () => goRow(-1),
};

function askReason() {
  reasonsOpen = true;
  element.dataset.asking = 'reason';
  find('.rv-verdicts').hidden = true;
  find('.rv-reasons').hidden = false;
}
function leaveReasons() {
  reasonsOpen = false;
  element.dataset.asking = '';
  find('.rv-reasons').hidden = true;
  find('.rv-verdicts').hidden = editing;
}
function reject(reason) {
  if (turns) { afterwards(() => reject(reason)); return; }
  leaveReasons();
  judge('rejected', { reason });
}
find('.rv-reasons').append(...Object.entries(REASONS).map(([reason, word], place) => {
  const button = make('button', 'rv-act', '', { type: 'button', 'data-reason': reason });
  button.append(make('kbd', '', String(place + 1)), document.createTextNode(word));
  button.addEventListener('click', () => reject(reason));
  return button;
}));

function run(name) {
  if (ON_A_PAIR.includes(name) && turns) { afterwards(() => run(name)); return; }
  if (listing && inList[name]) { inList[name](); return; }
  if (ON_A_PAIR.includes(name) && (!current() || listing)) return;
  pressed = STEPS.includes(name) ? performance.now() : 0;
  act[name]();
}

element.querySelectorAll('[data-act]').forEach((button) => button.addEventListener('click', () => run(button.dataset.act)));
find('.rv-help').addEventListener('click', () => openHelp());

function showKeyMarks() {
  const { keys } = facts;
  element.querySelectorAll('[data-act]').forEach((button) => {
    if (!keys[button.dataset.act]) return;
    button.querySelectorAll('kbd').forEach((mark) => mark.remove());
    button.append(...keys[button.dataset.act].slice(0, button.matches('.rv-small') ? 1 : 2).map((key) => make('kbd', '', keyMark(key))));
  });
  element.querySelectorAll('[data-key]').forEach((mark) => { mark.textContent = keyMark(keys[mark.dataset.key][0]); });
  find('.rv-comment').placeholder = `Comment (${keyMark(keys.comment[0])})`;
  find('.rv-search').placeholder = `Search (${keyMark(keys.search[0])})`;
}

// ---- the list of keys, where they are changed
function openHelp(open = find('.rv-keys').hidden) {
  learning = '';
  find('.rv-keys').hidden = !open;
  if (open) drawHelp();
}

function drawHelp(refused = '') {
  const rows_ = Object.entries(ACTS).map(([name, title]) => {
    const row = make('div', 'rv-key-row');
    const change = make('button', 's-quiet', learning === name ? 'Press a key' : 'Change', { type: 'button' });
    change.addEventListener('click', () => { learning = learning === name ? '' : name; drawHelp(); });
    row.append(make('span', '', title), make('span', 's-gap'), ...facts.keys[name].map((key) => make('kbd', '', keyMark(key))), change);
    return row;
  });
  const fixed = [['Reason', '1 to 6'], ['Save an edit', 'Ctrl+⏎'], ['Leave', 'Esc'], ['Pick in the list', 'Ctrl+click, Shift+click'], ['Undo as well', 'Ctrl+Z'], ['Viewer: fit, zoom, outlines', 'F, + and −, O']].map(([title, key]) => {
    const row = make('div', 'rv-key-row rv-fixed');
    row.append(make('span', '', title), make('span', 's-gap'), make('span', '', key));
    return row;
  });
  const back = make('button', 's-button', 'Back to the first keys', { type: 'button' });
  back.addEventListener('click', async () => { drawHelp(await choose({ keys: {} })); });
  const close = make('button', 's-button s-primary', 'Close', { type: 'button' });
  close.addEventListener('click', () => openHelp(false));
  const foot = make('div', 's-row rv-key-foot');
  foot.append(back, make('span', 's-gap'), close);
  find('.rv-keys').replaceChildren(make('h4', '', 'Keys'), ...(refused ? [make('p', 'rv-key-refused', refused, { role: 'alert' })] : []), ...rows_, ...fixed, foot);
}

async function learnKey(key) {
  const name = learning;
  learning = '';
  drawHelp(key === 'Escape' ? '' : await choose({ keys: { ...facts.keys, [name]: [key] } }));
}

// ---- listening
const TYPING = 'input:not([type=checkbox]), textarea, select, dialog, [contenteditable]:not([contenteditable=false])';
const actOf = (key) => Object.keys(facts.keys).find((name) => facts.keys[name].some((one) => one === key || (one.length === 1 && one.toLowerCase() === key.toLowerCase())));

function heardKey(event) {
  if (!isShown() || !facts || event.isComposing || event.altKey || ['Shift', 'Control', 'Meta'].includes(event.key)) return false;
  const from = event.composedPath()[0];
  const typing = from.closest?.(TYPING);
  const strong = event.ctrlKey || event.metaKey;
  if (learning) { if (!strong && event.key !== 'Tab') learnKey(event.key); return true; }
  if (typing) return keyWhileTyping(event, typing, strong);
  if (turns) { keepForLater(event, from); return true; }
  if (strong && event.key.toLowerCase() === 'z') { run(event.shiftKey ? 'redo' : 'undo'); return true; }
  if (strong) return false;
  if (event.key === 'Escape') return escape();
  if (event.key === 'Enter' && from.matches?.('button:focus-visible, a:focus-visible, tr, tr *')) return false;
  if (editing) return false;
  const reason = event.key >= '1' && event.key <= '6' ? Object.keys(REASONS)[Number(event.key) - 1] : '';
  if (listing && asksPicked && reason) { judgePicked('rejected', reason); return true; }
  if (reasonsOpen && reason) { pressed = performance.now(); reject(reason); return true; }
  const name = actOf(event.key);
  if (!name) return false;
  if (!event.repeat || ['next', 'previous'].includes(name)) run(name);
  return true;
}

// While a verdict is taken back, keys wait for the pair that they are meant for.
function keepForLater({ key, ctrlKey, metaKey, shiftKey }, from) {
  const again = { key, ctrlKey, metaKey, shiftKey, composedPath: () => [from] };
  afterwards(() => { heardKey(again); });
}

function keyWhileTyping(event, field_, strong) {
  if (editing && find('.rv-words').contains(field_)) {
    if (event.key === 'Escape') { leaveEditing(); return true; }
    if (strong && event.key === 'Enter') { pressed = performance.now(); saveEditing(); return true; }
  }
  if (field_.matches('.rv-comment') && ['Escape', 'Enter'].includes(event.key)) { field_.blur(); return true; }
  if (event.key === 'Escape' && panel.contains(field_)) { field_.blur(); return true; }
  return false;
}

function escape() {
  if (!find('.rv-keys').hidden) openHelp(false);
  else if (reasonsOpen) leaveReasons();
  else if (editing) leaveEditing();
  else if (marked) { marked = null; drawListHead(); }
  else if (asksPicked) { asksPicked = false; drawListHead(); }
  else if (listing && picks.size) letGo();
  else if (listing) openList(false);
  else return false;
  return true;
}

document.addEventListener('keydown', (event) => {
  if (!element.isConnected) { closeLater.abort(); return; }
  if (!heardKey(event)) return;
  event.preventDefault();
  event.stopPropagation();
}, { signal: closeLater.signal, capture: true });
