// The map of the library: near points look alike. The query and what is shown of it stand out.
const mapPanel = find('.cl-map');
const canvas = find('.cl-map canvas');
const mapTip = find('.cl-map-tip');
let points = [];
let mappedVersion = '';
let mapping = false;
let under = -1;

function showMap(value) {
  mapPanel.hidden = !value.mapped && !points.length;
  if (value.mapped && value.mapped !== mappedVersion && !mapping) fetchMap(value);
  showSelected();
}

async function fetchMap(value) {
  mapping = true;
  try {
    const answer = await fetch(value.map);
    const laid = answer.ok ? await answer.json() : null;
    points = laid ? laid.points : [];
    mappedVersion = value.mapped;
    find('.cl-map-told').textContent = laid ? laid.told : '';
    mapPanel.hidden = !points.length;
    element.dataset.mapped = laid ? laid.method : '';
    element.dataset.points = points.length;
    under = -1;
    showSelected();
  } finally { mapping = false; }
}

const MARGIN = 12;
function places() {
  const { clientWidth: width, clientHeight: height } = canvas;
  const side = Math.min(width, height) - 2 * MARGIN;
  const wide = Math.min(width - 2 * MARGIN, 1.5 * side);
  return { width, height, x: (u) => (width - wide) / 2 + u * wide, y: (v) => (height - side) / 2 + v * side };
}

function drawMap() {
  if (mapPanel.hidden || !canvas.clientWidth) return;
  const at = places();
  const ratio = window.devicePixelRatio || 1;
  canvas.width = at.width * ratio;
  canvas.height = at.height * ratio;
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  const text = getComputedStyle(element).color;
  const query = props.value?.query?.id;
  const shown = new Set((props.value?.gallery || []).map((one) => one.id));
  const middle = points.find((point) => point[0] === query);
  if (middle) {
    pen.strokeStyle = text;
    pen.globalAlpha = 0.35;
    for (const point of points) {
      if (!shown.has(point[0])) continue;
      pen.beginPath();
      pen.moveTo(at.x(middle[3]), at.y(middle[4]));
      pen.lineTo(at.x(point[3]), at.y(point[4]));
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }
  const small = points.length > 600 ? 2 : 3;
  for (const point of points) {
    pen.fillStyle = placeOf.has(point[2]) ? colour(placeOf.get(point[2])) : '#8b98a5';
    pen.globalAlpha = (point[2] ? 0.85 : 0.5) * (chosenPoints.size && !chosenPoints.has(point[0]) ? 0.3 : 1);
    pen.beginPath();
    pen.arc(at.x(point[3]), at.y(point[4]), shown.has(point[0]) ? small + 2 : small, 0, 7);
    pen.fill();
  }
  pen.globalAlpha = 1;
  for (const point of points) if (chosenPoints.has(point[0])) ring(pen, at, point, text, small + 1, 1);
  if (middle) ring(pen, at, middle, text, 8);
  drawLine(pen);
  if (points[under]) ring(pen, at, points[under], text, 5);
}

function ring(pen, at, point, ink, radius, width = 2) {
  pen.strokeStyle = ink;
  pen.lineWidth = width;
  pen.beginPath();
  pen.arc(at.x(point[3]), at.y(point[4]), radius, 0, 7);
  pen.stroke();
}

function nearestPoint(event) {
  const at = places();
  let best = -1;
  let least = 14 * 14;
  points.forEach((point, place) => {
    const far = (at.x(point[3]) - event.offsetX) ** 2 + (at.y(point[4]) - event.offsetY) ** 2;
    if (far < least) { least = far; best = place; }
  });
  return best;
}

canvas.addEventListener('pointermove', (event) => {
  if (line.length) return;
  const found = nearestPoint(event);
  if (found !== under) { under = found; drawMap(); }
  showTip(found);
});

function showTip(place) {
  const point = points[place];
  mapTip.hidden = !point;
  if (!point) return;
  mapTip.textContent = `${point[1]} · ${point[2].replaceAll('_', ' ') || 'no label'}`;
  const at = places();
  const left = Math.min(at.x(point[3]) + 12, canvas.clientWidth - mapTip.offsetWidth);
  mapTip.style.left = `${Math.max(0, left)}px`;
  mapTip.style.top = `${canvas.offsetTop + Math.max(0, at.y(point[4]) - 26)}px`;
}
canvas.addEventListener('pointerleave', () => { under = -1; mapTip.hidden = true; drawMap(); });
new MutationObserver(() => { if (element.isConnected) drawMap(); }).observe(document.body, { attributeFilter: ['class'] });
new ResizeObserver(() => { if (element.isConnected) drawMap(); }).observe(canvas);
