// The pointer: pan, ruler, region, the value and the object under it.
let drag = null;

const stagePoint = (event) => {
  const box = stage.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};
const micrographPoint = ([x, y]) => [(x - state.left) / state.scale, (y - state.top) / state.scale];

listen(stage, 'wheel', (event) => {
  if (!state.doc || event.target.closest('.sv-form, .sv-found')) return;
  event.preventDefault();
  const [x, y] = stagePoint(event);
  zoomAt(x, y, Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)));
}, { passive: false });

listen(stage, 'pointerdown', (event) => {
  if (!state.doc || event.button > 1 || event.target.closest('.sv-form, .sv-found, .sv-empty')) return;
  stage.focus({ preventScroll: true });
  try { stage.setPointerCapture(event.pointerId); } catch { /* a synthetic pointer */ }
  const start = stagePoint(event);
  drag = {
    start, from: micrographPoint(start), left: state.left, top: state.top,
    tool: event.shiftKey ? 'region' : state.tool, moved: false,
  };
});

listen(stage, 'pointermove', (event) => {
  if (!state.doc) return;
  const point = stagePoint(event);
  if (drag) dragTo(point); else readValue(micrographPoint(point), point);
});

function dragTo(point) {
  const dx = point[0] - drag.start[0];
  const dy = point[1] - drag.start[1];
  drag.moved ||= Math.hypot(dx, dy) > 3;
  if (!drag.moved) return;
  const to = micrographPoint(point);
  if (drag.tool === 'pan') Object.assign(state, { left: drag.left + dx, top: drag.top + dy, fitted: false });
  else if (drag.tool === 'ruler') { state.ruler = [drag.from, to]; showRuler(); }
  else state.region = regionBetween(drag.from, to);
  redraw();
}

function regionBetween([xa, ya], [xb, yb]) {
  const { w, h } = state.doc;
  const x0 = Math.round(clamp(Math.min(xa, xb), 0, w));
  const y0 = Math.round(clamp(Math.min(ya, yb), 0, h));
  return {
    x: x0, y: y0,
    w: Math.round(clamp(Math.max(xa, xb), 0, w)) - x0,
    h: Math.round(clamp(Math.max(ya, yb), 0, h)) - y0,
  };
}

listen(stage, 'pointerup', (event) => {
  const done = drag;
  drag = null;
  if (!done) return;
  if (!done.moved) { if (event.altKey) excludeAt(done.from); return; }
  if (done.tool === 'ruler') {
    element.dataset.ruler = rulerLength(state.ruler).toFixed(2);
    if (!state.doc.nm_per_px) openForm();
  }
  if (done.tool === 'region') setRegion(state.region);
});

function setRegion(region) {
  state.region = region;
  if (region) element.dataset.region = Object.values(region).join(',');
  else delete element.dataset.region;
}

listen(stage, 'pointerleave', () => {
  tip.hidden = true;
  find('.sv-read').textContent = '';
  if (state.hover >= 0) { state.hover = -1; redraw(); }
});
listen(stage, 'dblclick', (event) => { if (!event.target.closest('.sv-form, .sv-found, .sv-empty')) fit(); });

function readValue([fx, fy], point) {
  const x = Math.floor(fx);
  const y = Math.floor(fy);
  const { doc } = state;
  const inside = x >= 0 && y >= 0 && x < doc.w && y < doc.h;
  find('.sv-read').textContent = inside ? `x ${x}  y ${y}  value ${greyAt(x, y)}` : '';
  const object = inside && state.outlinesShown ? objectAt(fx, fy) : -1;
  if (object !== state.hover) { state.hover = object; redraw(); }
  showTip(object, point);
}

function greyAt(x, y) {
  const size = state.doc.tile;
  const tile = tiles.get(keyOf(0, Math.floor(x / size), Math.floor(y / size)));
  if (!tile) return '·';
  const value = tile.data[(y % size) * tile.w + x % size];
  return state.doc.dtype === 'f4' ? +value.toPrecision(5) : value;
}

function objectAt(x, y) {
  return state.objects.findIndex(({ bbox: box, path }) => (
    x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3] && inPath(path, x, y)));
}

// Alt and a click: this object is none; what is measured then leaves it out.
function excludeAt([x, y]) {
  const { doc } = state;
  if (objectAt(x, y) >= 0) trigger('excluded', { id: doc.id, point: [x, y] });
}

function inPath(path, x, y) {
  overlay.setTransform(1, 0, 0, 1, 0, 0);
  return overlay.isPointInPath(path, x, y);
}

function showTip(index, [x, y]) {
  const object = state.objects[index];
  tip.hidden = !object;
  if (!object) return;
  tip.textContent = `#${object.id}  ⌀ ${lengthText(object.ecd_px)}  circularity ${object.circ.toFixed(2)}`;
  tip.style.transform = `translate(${clamp(x + 14, 4, state.width - tip.offsetWidth - 4)}px, ${clamp(y + 14, 4, state.height - 28)}px)`;
  element.dataset.hover = object.id;
}
