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

function drawOutlines() {
  if (!state.objects.length || !state.outlinesShown) return;
  const { scale, ratio } = state;
  overlay.setTransform(scale * ratio, 0, 0, scale * ratio, state.left * ratio, state.top * ratio);
  overlay.lineWidth = 1.4 / scale;
  overlay.strokeStyle = style('--sv-outline');
  overlay.stroke(state.allOutlines);
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
