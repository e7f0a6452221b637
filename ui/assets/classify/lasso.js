// Selecting on the map: a line drawn around points, or the keyboard; then one key labels them all.
const chosenPoints = new Set();
let line = [];                // of the pointer while it is drawn, in px of the canvas

function inside(point) {
  const at = places();
  const [x, y] = [at.x(point[3]), at.y(point[4])];
  let within = false;
  line.forEach(([x1, y1], place) => {
    const [x2, y2] = line[(place + 1) % line.length];
    if ((y1 > y) !== (y2 > y) && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) within = !within;
  });
  return within;
}

function drawLine(pen) {
  if (line.length < 2) return;
  pen.beginPath();
  line.forEach(([x, y], place) => (place ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
  pen.globalAlpha = 0.14;
  pen.fillStyle = pen.strokeStyle = getComputedStyle(element).color;
  pen.fill();
  pen.globalAlpha = 0.8;
  pen.lineWidth = 1;
  pen.stroke();
  pen.globalAlpha = 1;
}

function select(ids, anew = false) {
  if (anew) chosenPoints.clear();
  ids.forEach((id) => chosenPoints.add(id));
  showSelected();
}

// Points that have gone are selected no more.
function showSelected() {
  const there = new Set(points.map((point) => point[0]));
  for (const id of chosenPoints) if (!there.has(id)) chosenPoints.delete(id);
  find('.cl-selected').hidden = !chosenPoints.size;
  find('.cl-selected b').textContent = chosenPoints.size;
  element.dataset.selected = chosenPoints.size;
  when('selected', props.value?.library.classes, (classes) => find('.cl-selected-keys').replaceChildren(...(classes || []).map((one) => {
    const button = make('button', 'cl-choice', '', { type: 'button', title: `Label all that is selected ${one.title}` });
    button.append(dot(one.label), ...(one.key ? [make('kbd', '', one.key)] : []), make('span', '', one.title));
    button.addEventListener('click', () => labelSelected(one.label));
    return button;
  })));
  drawMap();
}

function labelSelected(label) {
  if (!chosenPoints.size) return;
  say('selected_labelled', { ids: [...chosenPoints], label });
  select([], true);
}

// ---- the pointer
const DRAG_PX = 5;
let begun = null;
canvas.addEventListener('pointerdown', (event) => {
  if (event.button) return;
  begun = [event.offsetX, event.offsetY];
  canvas.setPointerCapture?.(event.pointerId);
});
canvas.addEventListener('pointermove', (event) => {
  if (!begun) return;
  const moved = Math.hypot(event.offsetX - begun[0], event.offsetY - begun[1]);
  if (!line.length && moved < DRAG_PX) return;
  if (!line.length) line.push(begun);
  // A busy page is told of several moves at once: without those between, a corner would be cut.
  const moves = event.getCoalescedEvents?.() ?? [];
  for (const { offsetX, offsetY } of moves.length ? moves : [event]) line.push([offsetX, offsetY]);
  mapTip.hidden = true;
  drawMap();
});
canvas.addEventListener('pointerup', (event) => {
  const drawn = line.length > 2;
  if (drawn) select(points.filter(inside).map((point) => point[0]), !event.shiftKey);
  else if (begun && points[nearestPoint(event)]) say('chosen', { id: points[nearestPoint(event)][0] });
  endLine();
});
canvas.addEventListener('pointercancel', endLine);
function endLine() {
  begun = null;
  line = [];
  drawMap();
}

// ---- the keyboard: arrows go to the next point that way, Space selects
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const AROUND = 8;
canvas.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !points.length) return;
  if (WAYS[event.key]) goTo(nextPoint(WAYS[event.key]));
  else if (event.key === 'Enter' && points[under]) say('chosen', { id: points[under][0] });
  else if (event.key === ' ' && event.shiftKey) select(around(under));
  else if (event.key === ' ' && points[under]) toggleSelected(points[under][0]);
  else return;
  event.preventDefault();
  event.stopPropagation();
});

function goTo(place) {
  under = place;
  showTip(place);
  drawMap();
}

function toggleSelected(id) {
  if (!chosenPoints.delete(id)) chosenPoints.add(id);
  showSelected();
}

function nextPoint([right, down]) {
  const from = points[under] || points.find((point) => point[0] === props.value?.query?.id) || points[0];
  let best = points.indexOf(from);
  let least = Infinity;
  points.forEach((point, place) => {
    const [x, y] = [point[3] - from[3], point[4] - from[4]];
    const along = x * right + y * down;
    const across = Math.abs(x * down) + Math.abs(y * right);
    if (along <= 0 || across > along) return;
    if (along + 2 * across < least) { least = along + 2 * across; best = place; }
  });
  return best;
}

function around(place) {
  const from = points[place];
  if (!from) return [];
  const far = (point) => Math.hypot(point[3] - from[3], point[4] - from[4]);
  return [...points].sort((a, b) => far(a) - far(b)).slice(0, AROUND + 1).map((point) => point[0]);
}

find('.cl-selected-none').addEventListener('click', () => select([], true));
find('.cl-selected-classify').addEventListener('click', () => {
  say('selected_wanted', { ids: [...chosenPoints], ask_model: false });
  select([], true);
});
find('.cl-selected-new').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !event.target.value.trim()) return;
  labelSelected(event.target.value.trim());
  event.target.value = '';
});
