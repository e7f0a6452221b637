// Tiles: raw grey values from this app's own server, the least recently used forgotten first.
const MOST_TILES = 96;    // half a megabyte each at 16 bits
const tiles = new Map();
const coming = new Map();
const ARRAYS = { u1: Uint8Array, u2: Uint16Array, f4: Float32Array };

const keyOf = (level, x, y) => `${level}/${y}/${x}`;
const coarsest = () => state.doc.levels.length - 1;

function forgetTiles() {
  for (const request of coming.values()) request.abort();
  coming.clear();
  tiles.clear();
}

function tileAt(level, x, y) {
  const key = keyOf(level, x, y);
  const tile = tiles.get(key);
  if (tile) { tiles.delete(key); tiles.set(key, tile); return tile; }
  if (!coming.has(key)) fetchTile(key, level, x, y);
  return null;
}

async function fetchTile(key, level, x, y) {
  const request = new AbortController();
  const { doc } = state;
  coming.set(key, request);
  report();
  try {
    const answer = await fetch(`${doc.base}/t/${key}`, { signal: request.signal });
    if (!answer.ok) throw new Error(`tile ${key}: ${answer.status}`);
    const bytes = await answer.arrayBuffer();
    if (doc.id === state.doc?.id) keepTile(key, newTile(doc, level, x, y, bytes));
  } catch (error) {
    if (error.name !== 'AbortError') element.dataset.error = String(error);
  } finally {
    if (coming.get(key) === request) coming.delete(key);
    report();
  }
}

function newTile(doc, level, x, y, bytes) {
  const [width, height] = doc.levels[level];
  const canvas = document.createElement('canvas');
  canvas.width = Math.min(doc.tile, width - x * doc.tile);
  canvas.height = Math.min(doc.tile, height - y * doc.tile);
  return {
    data: new ARRAYS[doc.dtype](bytes), canvas, context: canvas.getContext('2d', { alpha: false }),
    version: -1, w: canvas.width, h: canvas.height,
  };
}

function keepTile(key, tile) {
  tiles.set(key, tile);
  for (const old of tiles.keys()) {
    if (tiles.size <= MOST_TILES) break;
    if (!old.startsWith(`${coarsest()}/`)) tiles.delete(old);
  }
  redraw();
}

// data-ready holds the id of the micrograph once everything in sight has come.
function report() {
  element.dataset.pending = coming.size;
  if (coming.size || !state.doc || state.shown) return;
  state.shown = true;
  requestAnimationFrame(() => {
    if (!state.doc) return;
    element.dataset.ready = state.doc.id;
    element.dataset.shownMs = Math.round(performance.now() - state.since);
  });
}
