// Calibration by hand: a ruler line and the length it really has.
const form = find('.sv-form');
const lengthInput = find('.sv-length');

function showCalibration() {
  const { doc } = state;
  const chip = find('.sv-cal');
  const [size, source] = (doc ? doc.calibration : '').split(' · ');
  chip.textContent = size;
  if (source) chip.append(Object.assign(document.createElement('span'), { className: 'sv-wide', textContent: ` · ${source}` }));
  chip.dataset.ok = String(Boolean(doc && doc.nm_per_px));
  chip.title = doc ? `${doc.calibration_detail}\nClick to calibrate by hand.`.trim() : '';
  find('.sv-undo').hidden = !(doc && doc.can_undo);
  element.dataset.calibration = doc ? doc.calibration : '';
}

function showRuler() {
  const line = state.ruler;
  find('.sv-form-px').textContent = line ? `${rulerLength(line).toFixed(1)} px` : '… px';
  find('.sv-form-text').textContent = line
    ? 'Type the length that this line has in reality, for instance that of the scale bar.'
    : 'Draw a line along something of known length, for instance the scale bar.';
  find('.sv-primary').disabled = !line;
}

function openForm() {
  showRuler();
  form.hidden = false;
  showFound();
  element.dataset.form = 'open';
  if (state.ruler) lengthInput.focus(); else setTool('ruler');
}

function closeForm() {
  form.hidden = true;
  showFound();
  element.dataset.form = '';
  lengthInput.value = '';
}

listen(find('.sv-cal'), 'click', () => { if (form.hidden) openForm(); else closeForm(); });
listen(find('.sv-close'), 'click', closeForm);
listen(form, 'keydown', (event) => { if (event.key === 'Escape') { closeForm(); stage.focus(); } });
listen(form, 'submit', (event) => {
  event.preventDefault();
  if (!state.ruler) return;
  trigger('calibrated', {
    id: state.doc.id, from: state.ruler[0], to: state.ruler[1],
    length: lengthInput.value, unit: find('.sv-unit').value,
  });
});
listen(find('.sv-undo'), 'click', () => {
  closeForm();
  trigger('calibration_undone', { id: state.doc.id });
});
