// The scale bar that was read from the picture: nothing is calibrated by it before a click.
const found = find('.sv-found');

function showFound() {
  const { doc } = state;
  const bar = doc && doc.bar;
  found.hidden = !(bar || (doc && doc.reading)) || !form.hidden;
  find('.sv-found-row').hidden = !bar;
  element.dataset.found = bar ? bar.text : doc && doc.reading ? 'reading' : '';
  if (!doc) return;
  find('.sv-found-title').textContent = bar ? `Is this bar ${bar.text} long?` : 'Reading the scale bar …';
  find('.sv-found-detail').textContent = bar
    ? `${physical(bar.nm)} over ${+bar.px.toPrecision(4)} px in the picture · sure to ${Math.round(bar.confidence * 100)} %`
    : '';
}

function drawFound() {
  const { doc } = state;
  if (!doc.bar || !doc.bar.box || found.hidden) return;
  const [left, top, right, bottom] = doc.bar.box;
  const [x0, y0] = onStage([left, top]);
  const [x1, y1] = onStage([right, bottom]);
  overlay.lineWidth = 2;
  overlay.strokeStyle = style('--sv-mark');
  overlay.strokeRect(x0 - 4, y0 - 4, x1 - x0 + 8, y1 - y0 + 8);
}

listen(find('.sv-confirm'), 'click', () => trigger('bar_confirmed', { id: state.doc.id }));
listen(find('.sv-refuse'), 'click', () => trigger('bar_refused', { id: state.doc.id }));
listen(find('.sv-instead'), 'click', openForm);
