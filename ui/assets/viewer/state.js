// The viewer: what every other part shares. The parts are joined into one function body that
// Gradio calls with (element, trigger, props, watch). Untrusted text goes in by textContent only.
const find = (selector) => element.querySelector(selector);
const stage = find('.sv-stage');
const pixelCanvas = find('.sv-pixels');
const overlayCanvas = find('.sv-overlay');
const histogramCanvas = find('.sv-hist canvas');
const tip = find('.sv-tip');
const pixelContext = pixelCanvas.getContext('2d', { alpha: false });
const overlay = overlayCanvas.getContext('2d');
const histogram = histogramCanvas.getContext('2d');

const state = {
  doc: null,              // what Python sent: size, levels, calibration, limits, where tiles are
  scale: 1, left: 0, top: 0,   // CSS pixels per micrograph pixel; where its corner lies
  low: 0, high: 255,      // the grey values shown as black and as white
  width: 0, height: 0, ratio: 1,
  fitted: true, dirty: false, shown: false, since: 0,
  tool: 'pan', hover: -1,
  objects: [], outlinesShown: true,
  ruler: null, region: null,
};

// Listeners end themselves when Gradio has removed the element.
const gone = new AbortController();
function listen(target, type, handler, options = {}) {
  target.addEventListener(type, (event) => {
    if (element.isConnected) handler(event); else gone.abort();
  }, { signal: gone.signal, ...options });
}

const style = (name) => getComputedStyle(element).getPropertyValue(name).trim();
const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

function physical(nm) {
  const size = Math.abs(nm);
  if (size >= 1e6) return `${+(nm / 1e6).toPrecision(4)} mm`;
  if (size >= 1e3) return `${+(nm / 1e3).toPrecision(4)} µm`;
  return `${+nm.toPrecision(4)} nm`;
}

// A length in pixels as people read it: physical only where the micrograph is calibrated.
function lengthText(px) {
  const nm = state.doc && state.doc.nm_per_px;
  return nm ? physical(px * nm) : `${+px.toPrecision(4)} px`;
}
