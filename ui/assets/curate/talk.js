// The review panel: what its parts share, and how they talk to the server. The parts are joined
// into one function body after dom.js. Verdicts are sent one after the other, in their order; what
// is not acknowledged yet outlives a reload.
const OUTBOX = 'slava.review.outbox';
const RETRY_MS = 2000;
const kept = (name, otherwise) => { try { return JSON.parse(sessionStorage.getItem(name)) ?? otherwise; } catch { return otherwise; } };
const keep = (name, value) => sessionStorage.setItem(name, JSON.stringify(value));
const panel = find('.rv');
const me = { name: kept('slava.review.name', ''), login: false };
const since = kept('slava.review.since', '') || new Date().toISOString();
keep('slava.review.since', since);
let facts = null;              // what state.json said last

const isShown = () => element.isConnected && Boolean(panel.offsetParent);
const titleOf = (label) => facts?.titles[label] || (label || '').replaceAll('_', ' ');

async function post(name, body = {}, options = {}) {
  const answer = await fetch(`${props.value.base}/${name}.json`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ reviewer: me.name, ...body }), ...options,
  });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  throw Object.assign(new Error(said.error || `The server answered ${answer.status}.`), { status: answer.status });
}

// ---- one line for what went wrong, or is worth a word
let lineTimer = 0;
function tell(text, { act = '', then = null, bad = false, stays = false } = {}) {
  const line = find('.rv-line');
  clearTimeout(lineTimer);
  line.hidden = !text;
  line.classList.toggle('rv-bad', bad);
  line.querySelector('span').textContent = text;
  const button = find('.rv-line-act');
  button.hidden = !act;
  button.textContent = act;
  button.onclick = () => { line.hidden = true; then?.(); };
  element.dataset.line = text;
  if (text && !stays) lineTimer = setTimeout(() => tell(''), bad ? 12000 : 5000);
}
find('.rv-line-close').addEventListener('click', () => tell(''));

// ---- verdicts on their way
const outbox = kept(OUTBOX, []);
const heard = new Map();       // by number: who waits for the answer
let number = outbox.reduce((most, item) => Math.max(most, item.number), 0);
let pumping = null;

function send(body) {
  const item = { number: number += 1, body };
  outbox.push(item);
  keep(OUTBOX, outbox);
  const answered = new Promise((resolve, reject) => heard.set(item.number, { resolve, reject }));
  pump();
  return answered;
}

function pump() {
  pumping ||= deliver().finally(() => { pumping = null; if (outbox.length) pump(); });
  return pumping;
}

async function deliver() {
  while (outbox.length) {
    const [{ number: which, body }] = outbox;
    element.dataset.unsent = outbox.length;
    let done = null;
    try {
      const record = await post('verdict', body, { keepalive: true });
      done = (waits) => waits?.resolve(record);
    } catch (error) {
      if (!error.status || error.status >= 500) { await pause(); continue; }
      done = (waits) => waits?.reject(error);
    }
    outbox.shift();
    keep(OUTBOX, outbox);
    element.dataset.unsent = outbox.length;
    done(heard.get(which));
    heard.delete(which);
  }
  if (find('.rv-line').dataset.waits) { delete find('.rv-line').dataset.waits; tell('Everything is saved again.'); }
}

function pause() {
  const many = outbox.length;
  find('.rv-line').dataset.waits = 'yes';
  tell(`sLAVA does not answer. ${many === 1 ? 'One verdict waits' : `${many} verdicts wait`} here and will be sent when it does; leave this page open.`, { bad: true, stays: true });
  return new Promise((resolve) => { setTimeout(resolve, RETRY_MS); });
}

const drained = () => (outbox.length || pumping ? pump() : Promise.resolve());
window.addEventListener('beforeunload', (event) => { if (element.isConnected && outbox.length > 3) event.preventDefault(); }, { signal: closeLater.signal });
