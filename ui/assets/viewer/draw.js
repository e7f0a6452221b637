// Drawing: at most a few milliseconds a frame, finer tiles over coarser ones.
const FRAME_MS = 7;

function redraw() {
  if (state.dirty) return;
  state.dirty = true;
  requestAnimationFrame(draw);
}

function clearStage() {
  pixelContext.fillStyle = style('--sv-ground');
  pixelContext.fillRect(0, 0, pixelCanvas.width, pixelCanvas.height);
  overlay.setTransform(1, 0, 0, 1, 0, 0);
  overlay.clearRect(0, 0, overlayCanvas.width, overlayCanvas.height);
}

// Everything a level needs to be drawn: device pixels per level pixel, and the tiles in sight.
function geometry(level) {
  const { doc, ratio } = state;
  const [width, height] = doc.levels[level];
  const sx = state.scale * ratio * doc.w / width;
  const sy = state.scale * ratio * doc.h / height;
  const left = state.left * ratio;
  const top = state.top * ratio;
  return {
    sx, sy, left, top,
    x0: Math.max(0, Math.floor(-left / (sx * doc.tile))),
    y0: Math.max(0, Math.floor(-top / (sy * doc.tile))),
    x1: Math.min(Math.ceil(width / doc.tile) - 1, Math.floor((pixelCanvas.width - left) / (sx * doc.tile))),
    y1: Math.min(Math.ceil(height / doc.tile) - 1, Math.floor((pixelCanvas.height - top) / (sy * doc.tile))),
  };
}

function* tilesInSight(level) {
  const g = geometry(level);
  for (let y = g.y0; y <= g.y1; y++) for (let x = g.x0; x <= g.x1; x++) yield [x, y, g];
}

function drawLevel(level, fetchMissing, until) {
  const size = state.doc.tile;
  for (const [x, y, g] of tilesInSight(level)) {
    const tile = fetchMissing ? tileAt(level, x, y) : tiles.get(keyOf(level, x, y));
    if (!tile) continue;
    if (!paint(tile, until)) { redraw(); continue; }
    const x0 = Math.round(g.left + x * size * g.sx);
    const y0 = Math.round(g.top + y * size * g.sy);
    const x1 = Math.round(g.left + (x * size + tile.w) * g.sx);
    const y1 = Math.round(g.top + (y * size + tile.h) * g.sy);
    pixelContext.drawImage(tile.canvas, x0, y0, x1 - x0, y1 - y0);
  }
}

function complete(level) {
  for (const [x, y] of tilesInSight(level)) {
    const tile = tiles.get(keyOf(level, x, y));
    if (!tile || tile.version < 0) return false;
  }
  return true;
}

function draw() {
  state.dirty = false;
  if (!state.width) return;
  clearStage();
  if (!state.doc) return;
  const until = performance.now() + FRAME_MS;
  const finest = Math.floor(-Math.log2(state.scale * state.ratio) + 0.001);
  const level = clamp(finest, 0, coarsest());
  pixelContext.imageSmoothingEnabled = state.scale * state.ratio < 3;
  tileAt(coarsest(), 0, 0);
  if (!complete(level)) {
    for (let coarse = coarsest(); coarse > level; coarse--) drawLevel(coarse, coarse === coarsest(), until);
  }
  drawLevel(level, true, until);
  dropUnseen(level);
  drawOverlay();
}

function dropUnseen(level) {
  const wanted = new Set([...tilesInSight(level)].map(([x, y]) => keyOf(level, x, y)));
  for (const [key, request] of coming) {
    if (!wanted.has(key) && !key.startsWith(`${coarsest()}/`)) request.abort();
  }
}
