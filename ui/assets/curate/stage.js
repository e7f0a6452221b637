// Micrographs: the viewer of Analyse once or twice, and its tiles fetched before they are needed.
const MOST_KEPT = 80;          // tiles, half a megabyte each at most
const MOST_VIEWERS = 2;
const fetched = new Map();
const documents = new Map();
const viewers = [];
const blank = find('.rv-viewers');

function keptFetch(url, options) {
  const known = fetched.get(url);
  if (!known) return fetch(url, options);
  return known.then((buffer) => ({
    ok: true, arrayBuffer: () => Promise.resolve(buffer),
    json: () => Promise.resolve(JSON.parse(new TextDecoder().decode(buffer))),
  }), () => fetch(url, options));
}

function fetchAhead(url) {
  if (!fetched.has(url)) {
    const coming = fetch(url).then((answer) => { if (!answer.ok) throw new Error(url); return answer.arrayBuffer(); });
    coming.catch(() => fetched.delete(url));
    fetched.set(url, coming);
    for (const old of fetched.keys()) { if (fetched.size <= MOST_KEPT) break; fetched.delete(old); }
  }
  return fetched.get(url);
}

function addViewer() {
  const root = make('div', 'rv-viewer');
  root.innerHTML = VIEWER_MARKUP;          // a template of this package, never a text of a user
  blank.append(root);
  const own = { value: null };
  const loads = [];
  mountViewer(root, () => {}, own, (_, load) => loads.push(load), keptFetch);
  const viewer = { root, show: (doc) => { own.value = doc; loads.forEach((load) => load()); } };
  viewers.push(viewer);
  return viewer;
}

function documentOf(id) {
  if (!documents.has(id)) {
    const coming = fetch(`${props.value.base}/m/${id}.json`).then(async (answer) => {
      if (!answer.ok) throw new Error((await answer.json()).error);
      return answer.json();
    });
    documents.set(id, coming);
    coming.then((doc) => { coming.here = doc; }, () => documents.delete(id));
    for (const old of documents.keys()) { if (documents.size <= 64) break; documents.delete(old); }
  }
  return documents.get(id);
}

// The tiles that a fitted micrograph needs, as the viewer will ask for them.
async function warmPicture(id, shared) {
  const doc = await documentOf(id);
  const [width, height] = [blank.clientWidth / shared, blank.clientHeight - 76];
  const scale = Math.min(width / doc.w, height / doc.h) * (window.devicePixelRatio || 1);
  const coarsest = doc.levels.length - 1;
  const level = Math.max(0, Math.min(coarsest, Math.floor(-Math.log2(scale) + 0.001)));
  const urls = [`${doc.base}/t/${coarsest}/0/0`];
  const [w, h] = doc.levels[level];
  for (let y = 0; y * doc.tile < h; y++) for (let x = 0; x * doc.tile < w; x++) urls.push(`${doc.base}/t/${level}/${y}/${x}`);
  if (doc.outlines) urls.push(`${doc.base}/objects.json?v=${encodeURIComponent(doc.outlines)}`);
  await Promise.all(urls.map(fetchAhead));
}

async function warm(record) {
  const ids = picturesOf(record);
  for (const id of ids) await warmPicture(id, ids.length).catch(() => {});
}

const picturesOf = (record) => record.micrographs.filter((one) => !one.gone).slice(0, MOST_VIEWERS).map((one) => one.id);

let staged = '';
function stage(record, wanted = picturesOf(record)) {
  staged = record.id;
  while (viewers.length < wanted.length) addViewer();
  viewers.forEach((viewer, place) => { viewer.root.hidden = place >= wanted.length; });
  element.dataset.pictures = wanted.join(' ');
  wanted.forEach((id, place) => {
    const coming = documentOf(id);
    if (coming.here) { viewers[place].show(coming.here); return; }
    coming.then((doc) => { if (staged === record.id) viewers[place].show(doc); }, (error) => tell(error.message, { bad: true }));
  });
  showStrip(record, wanted);
}

// More than one micrograph: which are shown; a click puts one on the right.
function showStrip(record, wanted) {
  const strip = find('.rv-strip');
  strip.hidden = record.micrographs.length < 2;
  if (strip.hidden) return;
  strip.replaceChildren(...record.micrographs.map((one, place) => {
    const button = make('button', 'rv-thumb', '', { type: 'button', title: one.name, 'aria-pressed': String(wanted.includes(one.id)) });
    button.append(make('img', '', '', { alt: '', src: one.preview }), make('b', '', String(place + 1)), make('span', '', one.label ? titleOf(one.label) : one.name));
    button.addEventListener('click', () => { if (!one.gone && !wanted.includes(one.id)) stage(record, [wanted[0], one.id]); });
    return button;
  }));
}
