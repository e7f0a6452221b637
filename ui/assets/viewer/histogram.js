// The histogram of grey values; its two limits are dragged to set the contrast.
let draggedLimit = null;

function drawHistogram() {
  const width = histogramCanvas.clientWidth;
  const height = histogramCanvas.clientHeight;
  if (!width) return;
  histogramCanvas.width = width * state.ratio;
  histogramCanvas.height = height * state.ratio;
  if (!state.doc) return;
  histogram.setTransform(state.ratio, 0, 0, state.ratio, 0, 0);
  drawBars(width, height);
  drawLimits(width, height);
  find('.sv-lo').textContent = greyText(state.low);
  find('.sv-hi').textContent = greyText(state.high);
}

const greyText = (value) => state.doc.dtype === 'f4' ? String(+value.toPrecision(3)) : String(Math.round(value));

function drawBars(width, height) {
  const counts = state.doc.hist;
  const most = Math.log1p(Math.max(...counts)) || 1;
  histogram.fillStyle = style('--body-text-color-subdued');
  counts.forEach((count, i) => {
    const bar = Math.log1p(count) / most * (height - 2);
    histogram.fillRect(i / counts.length * width, height - bar, width / counts.length + 0.5, bar);
  });
}

function drawLimits(width, height) {
  const at = (value) => (value - state.doc.min) / (state.doc.max - state.doc.min || 1) * width;
  const low = clamp(at(state.low), 1, width - 1);
  const high = clamp(at(state.high), 1, width - 1);
  histogram.fillStyle = style('--sv-shade');
  histogram.fillRect(0, 0, low, height);
  histogram.fillRect(high, 0, width - high, height);
  histogram.strokeStyle = style('--sv-mark');
  histogram.lineWidth = 2;
  for (const x of [low, high]) {
    histogram.beginPath();
    histogram.moveTo(x, 0);
    histogram.lineTo(x, height);
    histogram.stroke();
  }
}

function valueAt(event) {
  const box = histogramCanvas.getBoundingClientRect();
  return state.doc.min + (event.clientX - box.left) / box.width * (state.doc.max - state.doc.min);
}

function dragLimit(event) {
  const value = valueAt(event);
  const step = (state.doc.max - state.doc.min) / 256 || 1;
  if (draggedLimit === 'low') setContrast(Math.min(value, state.high - step), state.high);
  else setContrast(state.low, Math.max(value, state.low + step));
}

listen(histogramCanvas, 'pointerdown', (event) => {
  if (!state.doc) return;
  const value = valueAt(event);
  draggedLimit = Math.abs(value - state.low) < Math.abs(value - state.high) ? 'low' : 'high';
  histogramCanvas.setPointerCapture(event.pointerId);
  dragLimit(event);
});
listen(histogramCanvas, 'pointermove', (event) => { if (draggedLimit) dragLimit(event); });
listen(histogramCanvas, 'pointerup', () => { draggedLimit = null; });
listen(histogramCanvas, 'dblclick', () => { if (state.doc) setContrast(state.doc.lo, state.doc.hi); });
