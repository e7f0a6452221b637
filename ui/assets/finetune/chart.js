// Curves as SVG, small enough to be drawn anew whenever something has come.
const SVG = 'http://www.w3.org/2000/svg';
const POINTS = 500;           // more are not seen
const MARGIN = { left: 44, right: 12, top: 10, bottom: 24 };

function draw(tag, attributes, parent) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent?.append(node);
  return node;
}

function thin(points) {
  if (points.length <= POINTS) return points;
  const apart = Math.ceil(points.length / POINTS);
  return points.filter((_, place) => place % apart === 0 || place === points.length - 1);
}

// What the eye follows in a loss that jumps: each point counts less the longer ago it was.
function smooth(points) {
  const weight = Math.min(0.94, Math.max(0, 1 - 12 / Math.max(points.length, 1)));
  let sum = 0; let total = 0;
  return points.map(([x, y]) => {
    sum = sum * weight + y; total = total * weight + 1;
    return [x, sum / total];
  });
}

function ticks(low, high, about) {
  const rough = (high - low) / about || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((one) => one * power >= rough) * power;
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-6; at += step) found.push(Number(at.toPrecision(10)));
  return found;
}

const path = (points, x, y) => points.map(([at, value], place) => `${place ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join('');

// `lines`: { name, colour, points: [[x, y]], raw?, dots?, dashed? }. Shows the values under the pointer.
function chart(place, lines, steps) {
  const shown = lines.filter((line) => line.points.length);
  const wide = place.clientWidth; const high = place.clientHeight;
  if (!wide || !high) return;
  if (!shown.length) {
    place.replaceChildren(make('div', 'ft-waiting', 'The first step is not done yet.'));
    return;
  }
  const values = shown.flatMap((line) => line.points.map(([, y]) => y)).sort((a, b) => a - b);
  const low = values[0];
  const crest = values[Math.min(values.length - 1, Math.floor(values.length * 0.995))];   // one jump does not flatten the rest
  const room = (crest - low) * 0.06 || Math.abs(low) * 0.1 || 1;
  const [bottom, top] = [Math.max(low >= 0 ? 0 : -Infinity, low - room), crest + room];
  const most = Math.max(steps, ...shown.map((line) => line.points.at(-1)[0]), 1);
  const x = (at) => MARGIN.left + (at / most) * (wide - MARGIN.left - MARGIN.right);
  const y = (value) => high - MARGIN.bottom - ((Math.min(value, top) - bottom) / (top - bottom)) * (high - MARGIN.top - MARGIN.bottom);
  const sheet = draw('svg', { viewBox: `0 0 ${wide} ${high}` });
  for (const at of ticks(bottom, top, 4)) {
    draw('line', { class: 'ft-grid', x1: MARGIN.left, x2: wide - MARGIN.right, y1: y(at), y2: y(at) }, sheet);
    draw('text', { x: MARGIN.left - 7, y: y(at) + 3.5, 'text-anchor': 'end' }, sheet).textContent = short(at);
  }
  for (const at of ticks(0, most, 6)) {
    if (!Number.isInteger(at)) continue;
    draw('text', { x: x(at), y: high - 6, 'text-anchor': at > most * 0.97 ? 'end' : 'middle' }, sheet).textContent = at === 0 ? 'step 0' : at.toLocaleString('en');
  }
  for (const line of shown) {
    const points = thin(line.points);
    if (line.raw) draw('path', { class: 'ft-raw', d: path(points, x, y) }, sheet);
    const bold = line.raw ? thin(smooth(line.points)) : points;
    const node = draw('path', { class: 'ft-line', d: path(bold, x, y), 'data-line': line.name }, sheet);
    node.style.stroke = line.colour;
    if (line.dashed) node.style.strokeDasharray = '5 4';
    if (line.dots && points.length < 60) for (const [at, value] of points) draw('circle', { cx: x(at), cy: y(value), r: 2.6, fill: line.colour }, sheet).style.fill = line.colour;
  }
  const cursor = draw('line', { class: 'ft-grid', y1: MARGIN.top, y2: high - MARGIN.bottom, visibility: 'hidden' }, sheet);
  const tip = make('div', 'ft-tip');
  tip.hidden = true;
  place.replaceChildren(sheet, tip);
  sheet.addEventListener('pointermove', (event) => {
    const at = ((event.offsetX - MARGIN.left) / (wide - MARGIN.left - MARGIN.right)) * most;
    const found = shown.map((line) => [line, line.points.reduce((near, point) => (Math.abs(point[0] - at) < Math.abs(near[0] - at) ? point : near))]);
    const step = found[0][1][0];
    cursor.setAttribute('x1', x(step)); cursor.setAttribute('x2', x(step));
    cursor.setAttribute('visibility', 'visible');
    tip.textContent = [`step ${step}`, ...found.map(([line, point]) => `${line.name} ${short(point[1])}`)].join(' · ');
    tip.hidden = false;
    const left = x(step) + 10;
    tip.style.left = left + tip.offsetWidth > wide ? '' : `${left}px`;
    tip.style.right = left + tip.offsetWidth > wide ? `${wide - x(step) + 10}px` : '';
  });
  sheet.addEventListener('pointerleave', () => { tip.hidden = true; cursor.setAttribute('visibility', 'hidden'); });
}

// A curve of a thumb's width behind a figure.
function sparkline(points, colour) {
  const sheet = draw('svg', { viewBox: '0 0 100 26', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  const shown = thin(points);
  if (shown.length < 2) return sheet;
  const ys = shown.map(([, y]) => y);
  const [low, top] = [Math.min(...ys), Math.max(...ys)];
  const [first, end] = [shown[0][0], shown.at(-1)[0]];
  const x = (at) => ((at - first) / (end - first || 1)) * 100;
  const y = (value) => 25 - ((value - low) / (top - low || 1)) * 24;
  draw('path', { class: 'ft-line', d: path(shown, x, y) }, sheet).style.stroke = colour;
  return sheet;
}
