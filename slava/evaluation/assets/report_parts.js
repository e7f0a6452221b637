// The data of the page, and small parts that are made of text only.
const data = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);

function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name in node) node[name] = value; else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== ''));
  return node;
}

const chosen = { figure: 0, a: 0, b: Math.min(1, data.models.length - 1) };

function short(value) {
  if (value === null || value === undefined) return '–';
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, Math.abs(value) >= 0.01 ? 3 : 4)).replace('-', '−');
}

// A share is right or wrong; other figures are numbers.
function told(figure, value) {
  if (value === null || value === undefined) return '–';
  if (figure.share && (value === 0 || value === 1)) return (value === 1) === figure.larger ? 'right' : 'wrong';
  return short(value);
}

const isWrong = (row) => data.figures.some((figure, k) => figure.share && row.figures?.[k] === (figure.larger ? 0 : 1));
const words = (name) => name.replaceAll('_', ' ');
const sign = (model) => make('i', { className: 'sign', style: `background:var(--sp-${model % 8})` });
const topicOf = (row) => data.items[row.item].topic || '';
const placesOf = (mark) => mark.dataset.rows.split(',').map(Number);
const valueOf = (row) => row.figures?.[chosen.figure] ?? null;

// Answers of all models to the same question at the same level.
const together = new Map();
data.rows.forEach((row, place) => {
  const key = `${row.item}/${row.level}`;
  if (!together.has(key)) together.set(key, []);
  together.get(key).push(place);
});
