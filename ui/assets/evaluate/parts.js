// The Evaluate tab: what its parts share. They are joined into one function body after dom.js.
const NEWS_MS = 700;
const SILENT_MS = 4000;
let base = '';
let words_ = null;            // what form.json said: words that never change
let state = null;             // what state.json said last
let open = '';                // the evaluation that is shown; empty: a new one is planned
let scoring = false;          // somebody scores blind

function recall(name) { return localStorage.getItem(`slava.evaluate.${name}`) || ''; }
function remember(name, value) { localStorage.setItem(`slava.evaluate.${name}`, value); }
const chosenBefore = localStorage.getItem('slava.evaluate.open');

// Rebuilds a part only when what it shows has changed, so that nothing flickers under the pointer.
const last = new Map();
function when(name, value, draw) {
  const text = JSON.stringify(value ?? null);
  if (last.get(name) === text) return;
  last.set(name, text);
  draw(value);
}

const notice = find('.ev-notice');
const capital = (text) => (text ? text[0].toUpperCase() + text.slice(1) : '');
function complain(text) {
  notice.hidden = !text;
  notice.querySelector('span').textContent = capital(text);
}
notice.querySelector('button').addEventListener('click', () => complain(''));

async function post(name, sent = {}) {
  const answer = await fetch(`${base}/evaluate/${name}.json`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(sent) });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  throw new Error(said.error || 'Something unexpected happened. The details are in the workspace\'s logs.');
}

// Has something done; what speaks against it stands above the page.
async function act(name, sent = {}) {
  element.dataset.busy = name;
  try {
    const answer = await post(name, sent);
    complain('');
    await look();
    return answer;
  } catch (error) { complain(error.message); return null; } finally { element.dataset.busy = ''; }
}

const isShown = () => element.isConnected && Boolean(find('.ev').offsetParent);
function picture(id, size = 256) {
  const node = make('img', '', '', { alt: 'The micrograph', loading: 'lazy' });
  node.addEventListener('error', () => { node.replaceWith(make('p', 'ev-no-picture', 'It cannot be shown: it was removed, or its file cannot be read.')); });
  node.src = `${base}/m/${id}/preview.png?size=${size}`;
  return node;
}

const known = (value) => typeof value === 'number' && Number.isFinite(value);
const counted = (value) => value.toLocaleString('en');
const plural = (count, one, many = `${one}s`) => `${counted(count)} ${count === 1 ? one : many}`;
const spaced = (name) => (name || '').replaceAll('_', ' ');
const option = (value, text) => make('option', '', text, { value });
function listing(names) { return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`; }

// Three digits, no exponent.
function short(value) {
  if (!known(value)) return '–';
  if (value === 0 || Math.abs(value) < 5e-5) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, Math.abs(value) >= 0.01 ? 3 : 4)).replace('-', '−');
}

function moment(text) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return '';
  const time = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const day = at.toDateString() === new Date().toDateString() ? '' : `${at.toLocaleDateString([], { day: 'numeric', month: 'short' })}, `;
  return `${day}${time}`;
}

// A box to tick with a title and what it means.
function tick(name, title, text, checked, why, change) {
  const node = make('label', 'ev-tick', '', { 'data-tick': name });
  const box = make('input', '', '', { type: 'checkbox' });
  box.checked = checked && !why;
  box.disabled = Boolean(why);
  box.addEventListener('change', () => change(box.checked));
  const told = make('span');
  told.append(make('b', '', title), make('small', '', why ? `Not here: ${why}.` : text));
  node.classList.toggle('ev-off', Boolean(why));
  node.append(box, told);
  return node;
}

function goTo(tab) {
  [...document.querySelectorAll('#tabs button[role=tab]')].find((one) => one.textContent.trim() === tab)?.click();
}

function copying(root) {
  const button = root.querySelector('.ev-copy');
  button.addEventListener('click', async () => {
    const code = root.querySelector('code');
    try { await navigator.clipboard.writeText(code.textContent); button.textContent = 'Copied'; } catch {
      getSelection().selectAllChildren(code);
      button.textContent = 'Press Ctrl+C';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 1800);
  });
  return root;
}
