// What lies over the micrograph: outlines, region, ruler, scale bar.
function drawOverlay() {
  drawOutlines();
  overlay.setTransform(state.ratio, 0, 0, state.ratio, 0, 0);
  if (state.region) drawRegion(state.region);
  if (state.ruler) drawRuler(state.ruler);
  drawFound();
  drawScaleBar();
}

const onStage = ([x, y]) => [x * state.scale + state.left, y * state.scale + state.top];

// Thousands of outlines in a few milliseconds: only what is in sight, in few points where it is
// small, and as hairlines. A line wider than one pixel of the screen costs a hundred times as much
// without a graphics card, so that two hairlines side by side make a stronger one.
const SMALL_PX = 24;
const FEW_POINTS = 8;

function polygon(pts, step) {
  const path = new Path2D();
  for (let i = 0; i < pts.length; i += 2 * step) path.lineTo(pts[i], pts[i + 1]);
  path.closePath();
  return path;
}

// An object with its outline as a path, in full and for when it is small on the stage.
function outlined(object) {
  const path = polygon(object.pts, 1);
  const step = Math.floor(object.pts.length / 2 / FEW_POINTS);
  return { ...object, path, small: step > 1 ? polygon(object.pts, step) : path };
}

function strokeInSight() {
  const { scale, left, top, width, height } = state;
  const [x0, y0, x1, y1] = [-left / scale, -top / scale, (width - left) / scale, (height - top) / scale];
  for (const { bbox: [l, t, r, b], path, small } of state.objects) {
    if (r < x0 || l > x1 || b < y0 || t > y1) continue;
    overlay.stroke(Math.max(r - l, b - t) * scale < SMALL_PX ? small : path);
  }
}

function drawOutlines() {
  if (!state.objects.length || !state.outlinesShown) return;
  const { scale, ratio } = state;
  const zoom = scale * ratio;
  overlay.strokeStyle = style('--sv-outline');
  overlay.lineWidth = 0.98 / zoom;         // a rounding above one would not be a hairline
  for (const aside of [-0.3, 0.3]) {
    overlay.setTransform(zoom, 0, 0, zoom, state.left * ratio + aside, state.top * ratio + aside);
    strokeInSight();
  }
  overlay.setTransform(zoom, 0, 0, zoom, state.left * ratio, state.top * ratio);
  const hovered = state.objects[state.hover];
  if (!hovered) return;
  overlay.fillStyle = style('--sv-hover');
  overlay.fill(hovered.path);
  overlay.lineWidth = 2.4 / scale;
  overlay.strokeStyle = style('--sv-mark');
  overlay.stroke(hovered.path);
}

function drawRegion(region) {
  const [x0, y0] = onStage([region.x, region.y]);
  const [x1, y1] = onStage([region.x + region.w, region.y + region.h]);
  const measured = String(state.doc.region) === Object.values(region).join(',');
  overlay.setLineDash(measured ? [] : [5, 4]);
  overlay.lineWidth = 1.5;
  overlay.strokeStyle = style('--sv-mark');
  overlay.strokeRect(x0, y0, x1 - x0, y1 - y0);
  overlay.setLineDash([]);
  drawLabel(`${lengthText(region.w)} × ${lengthText(region.h)}`, x0, y0 - 8);
}

const rulerLength = (ruler) => Math.hypot(ruler[1][0] - ruler[0][0], ruler[1][1] - ruler[0][1]);

function drawRuler(ruler) {
  const [x0, y0] = onStage(ruler[0]);
  const [x1, y1] = onStage(ruler[1]);
  const across = Math.atan2(y1 - y0, x1 - x0) + Math.PI / 2;
  const dx = 6 * Math.cos(across);
  const dy = 6 * Math.sin(across);
  overlay.lineWidth = 1.6;
  overlay.strokeStyle = style('--sv-mark');
  overlay.beginPath();
  for (const [xa, ya, xb, yb] of [[x0, y0, x1, y1], [x0 - dx, y0 - dy, x0 + dx, y0 + dy], [x1 - dx, y1 - dy, x1 + dx, y1 + dy]]) {
    overlay.moveTo(xa, ya);
    overlay.lineTo(xb, yb);
  }
  overlay.stroke();
  drawLabel(lengthText(rulerLength(ruler)), (x0 + x1) / 2 + 8, (y0 + y1) / 2 - 8);
}

function useFont() { overlay.font = `600 12px ${style('--font')}`; }

function drawPlate(x, y, width, height) {
  overlay.fillStyle = 'rgba(10, 14, 18, 0.78)';
  overlay.beginPath();
  overlay.roundRect(x, y, width, height, 4);
  overlay.fill();
  overlay.fillStyle = '#fff';
}

function drawLabel(text, x, y) {
  useFont();
  const width = overlay.measureText(text).width;
  const left = clamp(x, 8, state.width - width - 8);
  const base = clamp(y, 16, state.height - 8);
  drawPlate(left - 5, base - 13, width + 10, 18);
  overlay.fillText(text, left, base);
}

// The longest of 1, 2, 5 times a power of ten that fits; in pixels when uncalibrated.
function drawScaleBar() {
  const { doc } = state;
  const perPixel = (doc.nm_per_px || 1) / state.scale;
  const room = Math.min(180, state.width * 0.3);
  const power = 10 ** Math.floor(Math.log10(room * perPixel));
  const mantissa = room * perPixel / power;
  const length = (mantissa >= 5 ? 5 : mantissa >= 2 ? 2 : 1) * power;
  const width = length / perPixel;
  const text = doc.nm_per_px ? physical(length) : `${+length.toPrecision(4)} px`;
  const x = 16;
  const y = state.height - 18;
  drawPlate(x - 8, y - 24, width + 16, 34);
  overlay.fillRect(x, y, width, 4);
  useFont();
  overlay.textAlign = 'center';
  overlay.fillText(text, x + width / 2, y - 6);
  overlay.textAlign = 'left';
  element.dataset.scalebar = text;
  element.dataset.scalebarPx = width.toFixed(1);
}
