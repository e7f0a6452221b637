// The Fine-tune tab: what its parts share. They are joined into one function body after dom.js.
const NEWS_MS = 700;
const SILENT_MS = 4000;
let base = '';
let state = null;             // what state.json said last
let open = '';                // the run that is shown; empty: a new one is planned
const chosen = localStorage.getItem('slava.finetune.run');   // null: this browser has not been here

function recall(name) { return localStorage.getItem(`slava.finetune.${name}`) || ''; }
function remember(name, value) { localStorage.setItem(`slava.finetune.${name}`, value); }

// Rebuilds a part only when what it shows has changed, so that nothing flickers under the pointer.
const last = new Map();
function when(name, value, draw) {
  const text = JSON.stringify(value ?? null);
  if (last.get(name) === text) return;
  last.set(name, text);
  draw(value);
}

const notice = find('.ft-notice');
function complain(text) {
  notice.hidden = !text;
  notice.querySelector('span').textContent = text ? text[0].toUpperCase() + text.slice(1) : '';
}
notice.querySelector('button').addEventListener('click', () => complain(''));

async function answered(response) {
  if (response.ok) return response.json();
  const text = response.status < 500 ? await response.text() : '';
  throw new Error(text || 'Something unexpected happened. The details are in the workspace\'s logs.');
}
const ask = async (path) => answered(await fetch(`${base}/finetune/${path}`));
const post = async (verb, sent) => answered(await fetch(`${base}/finetune/do/${verb}`, {
  method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(sent),
}));

// Has something done; what speaks against it stands above the page. True when it was done.
async function act(verb, sent = {}) {
  element.dataset.busy = verb;
  try {
    const answer = await post(verb, sent);
    complain('');
    await look();
    return answer;
  } catch (error) {
    complain(error.message);
    return null;
  } finally { element.dataset.busy = ''; }
}

const isShown = () => element.isConnected && Boolean(find('.ft').offsetParent);
const preview = (id, size = 256) => `${base}/m/${id}/preview.png?size=${size}`;
function picture(id) {
  const node = make('img', '', '', { alt: '', loading: 'lazy' });
  node.addEventListener('error', () => { node.style.visibility = 'hidden'; });
  node.src = preview(id);
  return node;
}

const known = (value) => typeof value === 'number' && Number.isFinite(value);
function short(value, digits = 3) {
  if (!known(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toExponential(1).replace('e-', 'e−');
  return value >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(digits)));
}
function bytes(value) {
  if (!known(value)) return '–';
  return value >= 1e9 ? `${(value / 1e9).toFixed(1)} GB` : `${Math.round(value / 1e6)} MB`;
}
function moment(text, withDay = true) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return '';
  const time = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const day = at.toDateString() === new Date().toDateString() ? '' : `${at.toLocaleDateString([], { day: 'numeric', month: 'short' })}, `;
  return `${withDay ? day : ''}${time}`;
}
function words(count, one, many = `${one}s`) { return `${count} ${count === 1 ? one : many}`; }

function copying(root) {
  const button = root.querySelector('.ft-copy');
  button.addEventListener('click', async () => {
    const text = root.querySelector('code').textContent;
    try { await navigator.clipboard.writeText(text); button.textContent = 'Copied'; } catch {
      getSelection().selectAllChildren(root.querySelector('code'));
      button.textContent = 'Press Ctrl+C';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 1800);
  });
}
element.querySelectorAll('.ft-command').forEach(copying);
