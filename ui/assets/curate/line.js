// The line of pairs before this reviewer: those behind, the one that is shown, those ahead. A
// verdict is shown at once and sent in the background; nothing waits for the server.
const AHEAD = 16;
const WARM = 4;
const MOST_BEHIND = 200;
let line = [];                 // { record, judged, since, written }
let at = 0;
let exhausted = false;
let asking = null;
let turnOfFilter = 0;
let pressed = 0;
let turning = Promise.resolve();
let turns = 0;                 // steps under way, for which keys wait

function afterwards(work) {
  turning = turning.then(work).catch((error) => tell(error.message, { bad: true }));
  return turning;
}

const current = () => line[at];
const unjudgedFrom = (place) => line.findIndex((entry, index) => index >= place && !entry.judged);
const entryOf = (record) => ({ record, judged: '', since: 0, written: null });

// Keys wait for the first pair of a line that is made anew.
function begin() {
  turns += 1;
  const made = makeLine().finally(() => { turns -= 1; });
  turning = Promise.all([turning, made]);
  return made;
}

async function makeLine() {
  line = [];
  at = 0;
  exhausted = false;
  const turn = turnOfFilter += 1;
  await asking;
  if (turn !== turnOfFilter) return;        // begun anew meanwhile
  await more(true);
  if (turn !== turnOfFilter) return;
  at = Math.max(0, unjudgedFrom(0));
  show();
}

// Ask for more pairs when few are left ahead.
function more(force = false) {
  const left = line.filter((entry, index) => index > at && !entry.judged).length;
  if (!force && (exhausted || left > AHEAD / 2)) return asking || Promise.resolve();
  asking ||= ask().finally(() => { asking = null; });
  return asking;
}

async function ask() {
  const turn = turnOfFilter;
  try {
    const skip = line.slice(-MOST_BEHIND).map((entry) => entry.record.id);
    const { pairs } = await post('ahead', { filter: filterForLine(), count: AHEAD, skip });
    if (turn !== turnOfFilter) return;
    const known = new Set(line.map((entry) => entry.record.id));
    const fresh = pairs.filter((record) => !known.has(record.id)).map(entryOf);
    line.push(...fresh);
    exhausted = !fresh.length;
    warmAhead();
  } catch (error) {
    exhausted = true;
    tell(error.message, { bad: true });
  }
}

let warming = Promise.resolve();
function warmAhead() {
  const soon = line.slice(at, at + 1 + WARM).filter((entry) => !entry.warm);
  for (const entry of soon) {
    entry.warm = true;
    warming = warming.then(() => warm(entry.record));
  }
}

// ---- showing
function show() {
  const entry = current();
  leaveReasons();
  find('.rv-body').hidden = !entry;
  showNone();
  element.dataset.pair = entry ? entry.record.id : '';
  element.dataset.at = at;
  if (!entry) { element.dataset.state = ''; return; }
  entry.since = performance.now();
  element.dataset.state = entry.judged || entry.record.state;
  find('.rv-comment').value = entry.comment || '';
  stopEditing();
  showPair(entry);
  stage(entry.record);
  if (entry.written) tell('What you wrote for this pair is still here.', { act: 'Go on with it', then: () => startEditing(entry.written) });
  if (pressed) requestAnimationFrame(() => { element.dataset.nextMs = Math.round(performance.now() - pressed); pressed = 0; });
  more().then(() => { warmAhead(); showNone(); });
}

async function go(step) {
  const goal = at + step;
  if (goal < 0) { tell('This is the first pair of this sitting.'); return; }
  if (goal >= line.length) { await more(true); }
  if (goal >= line.length) {
    const open = unjudgedFrom(0);
    if (open < 0 || open === at) { tell('There is no other pair.'); return; }
    at = open;
  } else at = goal;
  show();
}

// To the next one that waits. Where it has still to come, keys wait for it as well; at the end it is
// asked for once more, because others may have given something back meanwhile.
function onwards() {
  if (unjudgedFrom(at + 1) >= 0) { settle(); return; }
  turns += 1;
  afterwards(() => more(true).then(settle).finally(() => { turns -= 1; }));
}

function settle() {
  let next = unjudgedFrom(at + 1);
  if (next < 0) next = unjudgedFrom(0);
  at = next < 0 ? line.length : next;
  trim();
  show();
}

function trim() {
  const extra = at - MOST_BEHIND;
  if (extra > 0) { line.splice(0, extra); at -= extra; }
}

// ---- verdicts
function judge(verdict, more_ = {}) {
  const entry = current();
  if (!entry) return;
  const { record } = entry;
  const comment = find('.rv-comment').value.trim();
  const seconds = Math.round(performance.now() - entry.since) / 1000;
  const before = entry.judged;
  entry.judged = verdict;
  const body = { id: record.id, verdict, comment, seconds, seen: record.seen, ...more_ };
  tell('');
  send(body).then((judged) => { entry.record = judged; if (current() === entry) showHead(entry); counted(); }, (error) => refused(entry, before, body, error));
  if (verdict === 'edited') Object.assign(record, { question: more_.question, answer: more_.answer, detailed: more_.detailed });
  entry.comment = '';
  picks.delete(record.id);
  element.dataset.picked = picks.size;
  told(verdict);
  onwards();
}

// Somebody was faster, or the server does not take it: the pair is looked at again, nothing is lost.
async function refused(entry, before, body, error) {
  entry.judged = before;
  if (body.verdict === 'edited') entry.written = { question: body.question, answer: body.answer, detailed: body.detailed };
  try {
    entry.record = await post('look', { id: body.id });
    if (error.status === 409 && !entry.written) entry.judged = 'elsewhere';
  } catch { entry.judged = 'elsewhere'; }
  if (current() === entry) show();
  tell(error.message, { bad: true, act: 'Show it', then: () => { const place = line.indexOf(entry); if (place >= 0) { entry.judged = ''; at = place; show(); } } });
  counted();
}

function turn(name) {
  turns += 1;
  const take = async () => {
    await drained();
    const { pair } = await post(name);
    if (!pair) { tell(name === 'undo' ? 'There is nothing to take back.' : 'There is nothing to do again.'); return; }
    exhausted = false;
    put(pair, name === 'undo' ? '' : pair.history.at(-1)?.verdict || 'accepted');
    counted();
  };
  return afterwards(() => take().finally(() => { turns -= 1; }));
}

// A pair that came back takes its place, or the place of the one that is shown.
function put(record, judged = '') {
  const place = line.findIndex((entry) => entry.record.id === record.id);
  const entry = { ...entryOf(record), judged };
  if (place >= 0) { line[place] = { ...entry, comment: line[place].comment }; at = place; } else { line.splice(Math.min(at, line.length), 0, entry); at = Math.min(at, line.length - 1); }
  showList(false);
  show();
}
