// What Python sends: a micrograph, a new calibration of it, or its outlines.
function load() {
  const doc = props.value;
  const open = Boolean(doc && doc.id);
  find('.sv-empty').hidden = open;
  if (!open) closeDocument();
  else if (state.doc && state.doc.id === doc.id) updateDocument(doc);
  else openDocument(doc);
}

function closeDocument() {
  forgetTiles();
  Object.assign(state, { doc: null, objects: [], ruler: null, region: null, hover: -1 });
  for (const name of ['.sv-name', '.sv-size', '.sv-read', '.sv-lo', '.sv-hi']) find(name).textContent = '';
  for (const name of ['ready', 'scalebar', 'objects']) element.dataset[name] = '';
  delete element.dataset.region;
  showCalibration();
  showFound();
  drawHistogram();
  redraw();
}

function openDocument(doc) {
  forgetTiles();
  Object.assign(state, {
    doc, since: performance.now(), shown: false, fitted: true,
    ruler: null, objects: [], hover: -1, low: doc.lo, high: doc.hi,
  });
  showRegion();
  element.dataset.ready = element.dataset.objects = '';
  closeForm();
  makeTable();
  describe(doc);
  resize();
  fit();
  drawHistogram();
}

function updateDocument(doc) {
  const calibrated = doc.nm_per_px !== state.doc.nm_per_px;
  const outlined = doc.outlines !== state.doc.outlines;
  const elsewhere = String(doc.region) !== String(state.doc.region);
  state.doc = doc;
  if (elsewhere) showRegion();
  if (calibrated) closeForm();
  describe(doc, outlined);
  redraw();
}

function describe(doc, outlined = true) {
  find('.sv-name').textContent = find('.sv-name').title = doc.name;
  find('.sv-size').textContent = `${doc.w} × ${doc.h} · ${doc.bits}-bit`;
  showCalibration();
  showFound();
  if (outlined) loadOutlines(doc);
}

// The part that is measured, if it is not all of it; one that is only drawn stays the user's.
function showRegion() {
  const [x, y, w, h] = state.doc.region || [];
  setRegion(state.doc.region ? { x, y, w, h } : null);
}

async function loadOutlines(doc) {
  if (!doc.outlines) { setObjects([]); return; }
  try {
    const answer = await fetch(`${doc.base}/objects.json?v=${encodeURIComponent(doc.outlines)}`);
    const objects = await answer.json();
    if (doc.id === state.doc?.id) setObjects(objects);
  } catch (error) { element.dataset.error = String(error); }
}

function setObjects(objects) {
  state.hover = -1;
  state.objects = objects.map(outlined);
  element.dataset.objects = objects.length;
  redraw();
}

watch('value', load);
new ResizeObserver(() => { if (element.isConnected) resize(); }).observe(stage);
new MutationObserver(() => { if (element.isConnected) { drawHistogram(); redraw(); } })
  .observe(document.body, { attributes: true, attributeFilter: ['class'] });
setTool('pan');
showRuler();
load();
