// The Classify tab: what its parts share. They are joined into one function body after dom.js.
const COLOURS = 12;
const colour = (place) => `hsl(${(place * 137.5 + 190) % 360} 55% ${place % 2 ? 48 : 56}%)`;
let placeOf = new Map();
const colourOf = (label) => (placeOf.has(label) ? colour(placeOf.get(label)) : 'var(--body-text-color-subdued)');

function dot(label) {
  const node = make('i', 'cl-dot');
  node.style.background = label ? colourOf(label) : 'transparent';
  if (!label) node.classList.add('cl-dot-none');
  return node;
}

const percent = (share) => (share === null || share === undefined ? '' : share >= 0.995 ? '>99 %' : share < 0.005 ? '<1 %' : `${Math.round(100 * share)} %`);

// Rebuilds a part only when what it shows has changed, so that nothing flickers under the pointer.
const last = new Map();
function when(name, value, draw) {
  const text = JSON.stringify(value ?? null);
  if (last.get(name) === text) return;
  last.set(name, text);
  draw(value);
}

const isShown = () => element.isConnected && Boolean(find('.cl').offsetParent);
const busyMark = (busy) => { element.dataset.busy = busy ? 'yes' : ''; };
function say(name, detail = {}) {
  busyMark(true);
  trigger(name, detail);
}
