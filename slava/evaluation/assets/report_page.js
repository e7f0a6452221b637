// Drawings in their places, and what clicks and keys do.
const KEYS = {
  pair: () => `pair|${Math.min(chosen.a, chosen.b)}|${Math.max(chosen.a, chosen.b)}`,
  topics: () => `topics|${chosen.figure}`,
  levels: () => `levels|${chosen.figure}`,
  spread: (side) => `spread|${chosen.figure}|${chosen[side]}`,
  heat: (side) => `heat|${chosen.figure}|${chosen[side]}`,
  confusion: (side) => `confusion|${chosen[side]}`,
  classes: (side) => `classes|${chosen[side]}`,
};

function drawAll() {
  for (const place of document.querySelectorAll('[data-plot]')) {
    const key = KEYS[place.dataset.plot](place.dataset.side);
    const twice = place.dataset.side === 'b' && chosen.a === chosen.b;
    if (place.dataset.key === key && place.hidden === twice) continue;
    place.dataset.key = key;
    place.innerHTML = data.plots[key] || '';      // drawn by sLAVA, every text in it is escaped
    place.hidden = twice || !data.plots[key];
  }
  for (const section of document.querySelectorAll('section')) {
    const places = [...section.querySelectorAll('.plot')];
    if (section.querySelector('[data-plot]')) section.hidden = places.every((place) => place.hidden);
  }
  document.querySelectorAll('svg.sp').forEach((sheet) => sheet.querySelector('[data-rows]')?.setAttribute('tabindex', '0'));
}

function choose() {
  chosen.figure = Number(byId('figure').value);
  chosen.a = Number(byId('model-a').value);
  chosen.b = byId('model-b') ? Number(byId('model-b').value) : chosen.a;
  drawAll();
  filterRows();
  if (!panel.hidden) showAnswer();
}

// One mark of a drawing is reached by Tab, the others by arrows from there.
function reach(mark) {
  const sheet = mark.closest('svg');
  sheet?.querySelector('[data-rows][tabindex]')?.removeAttribute('tabindex');
  if (sheet) mark.setAttribute('tabindex', '0');
}

// Points are walked through with those around them; other marks hold all that is walked through.
function openMark(mark) {
  let places = placesOf(mark);
  reach(mark);
  only = places.length > 1 ? places : null;
  filterRows();
  const kind = ['sp-point', 'sp-scatter'].find((one) => mark.classList.contains(one));
  const first = places[0];
  if (kind) places = [...mark.parentNode.querySelectorAll(`.${kind}`)].filter((one) => beside(mark, one)).map((one) => placesOf(one)[0]);
  openPanel(places, places.indexOf(first), mark);
}

// Points between the same two other marks are those of one group.
function beside(mark, other) {
  const group = (one) => { let at = one; while (at.previousElementSibling?.classList.contains(one.classList[0])) at = at.previousElementSibling; return at; };
  return group(mark) === group(other);
}

document.addEventListener('click', (event) => {
  const mark = event.target.closest('[data-rows]');
  if (mark) openMark(mark);
});

document.addEventListener('pointerover', (event) => {
  const mark = event.target.closest?.('.sp-point');
  if (!mark || mark.firstChild) return;
  const row = data.rows[placesOf(mark)[0]];
  const title = document.createElementNS(mark.namespaceURI, 'title');
  title.textContent = `${short(valueOf(row))} · context ${row.level} · ${data.items[row.item].question}`;
  mark.append(title);
});

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') { closePanel(); return; }
  const mark = event.target.closest?.('.sp [data-rows]');
  if (mark && event.key in STEPS) {
    const marks = [...mark.closest('svg').querySelectorAll('[data-rows]')];
    const to = marks[(marks.indexOf(mark) + STEPS[event.key] + marks.length) % marks.length];
    reach(to);
    to.focus();
    event.preventDefault();
  } else if (mark && (event.key === 'Enter' || event.key === ' ')) {
    event.preventDefault();
    openMark(mark);
  } else if (!panel.hidden && !event.target.closest('select, input, tbody, summary') && (event.key === 'ArrowLeft' || event.key === 'ArrowRight')) {
    step(STEPS[event.key]);
    event.preventDefault();
  }
});

for (const id of ['figure', 'model-a', 'model-b']) byId(id)?.addEventListener('change', choose);
fillFilter();
drawAll();
filterRows();
document.body.dataset.ready = 'yes';
