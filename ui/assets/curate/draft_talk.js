// Shared by the panels that draft and freeze: how they talk to the server, and one line for what went
// wrong. Joined into one function body after dom.js. It must not know what a panel shows.
const NEWS_MS = 700;
const SILENT_MS = 4000;
const isShown = () => element.isConnected && Boolean(find('[data-root]').offsetParent);

async function post(name, body = {}) {
  const answer = await fetch(`${props.value.base}/${name}.json`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  throw new Error(said.error || `The server answered ${answer.status}.`);
}

function tell(text, bad = true) {
  const line = find('.dt-line');
  line.hidden = !text;
  line.classList.toggle('dt-good', !bad);
  line.querySelector('span').textContent = text ? text[0].toUpperCase() + text.slice(1) : '';
}
find('.dt-line-close').addEventListener('click', () => tell(''));

// Does what a button is for; what goes wrong is said, in the open dialog if there is one.
async function attempt(work, dialog = null) {
  const told = dialog?.querySelector('.dt-dialog-error');
  const say = told ? (text) => { told.textContent = text; told.hidden = !text; } : tell;
  say('');
  try { await work(); return true; } catch (error) { say(error.message); return false; } finally { look(); }
}

// `load` shows what is true and returns the version of the news it shows.
let shownNews = -1;
let loading = null;
let load = async () => -1;
function look() {
  loading ||= load().then((version) => { shownNews = version; }, (error) => tell(error.message)).finally(() => { loading = null; });
  return loading;
}
async function follow() {
  if (!element.isConnected) return;
  let pause = NEWS_MS;
  if (props.value && isShown()) {
    try {
      const answer = await fetch(props.value.news);
      if (!answer.ok) pause = SILENT_MS;
      else if (Number(await answer.text()) !== shownNews) await look();
    } catch { pause = SILENT_MS; }
  }
  setTimeout(follow, pause);
}

// Rebuilds a part only when what it shows has changed.
const last = new Map();
function when(name, value, draw) {
  const text = JSON.stringify(value ?? null);
  if (last.get(name) === text) return;
  last.set(name, text);
  draw(value);
}

const plural = (count, one, many = `${one}s`) => `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
const words = (label) => (label || '').replaceAll('_', ' ');
const option = (value, text) => { const node = make('option', '', text); node.value = value; return node; };

// The pairs of a filter in the view that reviews them.
function review(filter) {
  document.dispatchEvent(new CustomEvent('slava-review', { detail: { filter } }));
  [...document.querySelectorAll('#curate-views button[role=tab]')].find((tab) => tab.textContent.trim() === 'Review')?.click();
}
