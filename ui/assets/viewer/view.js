// Where the micrograph lies on the stage: fit, zoom, resize.
const LARGEST_SCALE = 40;

const fittingScale = () => Math.min(state.width / state.doc.w, state.height / state.doc.h);

function fit() {
  if (!state.doc || !state.width) return;
  state.scale = fittingScale();
  state.left = (state.width - state.doc.w * state.scale) / 2;
  state.top = (state.height - state.doc.h * state.scale) / 2;
  state.fitted = true;
  showZoom();
  redraw();
}

function zoomAt(x, y, factor) {
  const scale = clamp(state.scale * factor, fittingScale() / 2, LARGEST_SCALE);
  const change = scale / state.scale;
  state.left = x - (x - state.left) * change;
  state.top = y - (y - state.top) * change;
  state.scale = scale;
  state.fitted = false;
  showZoom();
  redraw();
}

function panBy(dx, dy) {
  state.left += dx;
  state.top += dy;
  state.fitted = false;
  redraw();
}

function showZoom() {
  const percent = state.scale * 100;
  find('.sv-zoom').textContent = `${percent >= 10 ? Math.round(percent) : percent.toFixed(1)} %`;
  element.dataset.zoom = state.scale.toFixed(5);
}

function resize() {
  const width = stage.clientWidth;
  const height = stage.clientHeight;
  if (!width || !height) return;            // the tab is hidden: keep what there is
  const ratio = window.devicePixelRatio || 1;
  if (width === state.width && height === state.height && ratio === state.ratio) return;
  const centre = [(state.width / 2 - state.left) / state.scale, (state.height / 2 - state.top) / state.scale];
  const first = !state.width;
  Object.assign(state, { width, height, ratio });
  for (const canvas of [pixelCanvas, overlayCanvas]) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  if (state.fitted || first) fit();
  else {
    state.left = width / 2 - centre[0] * state.scale;
    state.top = height / 2 - centre[1] * state.scale;
  }
  drawHistogram();
  draw();                                   // in the same task: no blank frame
}
