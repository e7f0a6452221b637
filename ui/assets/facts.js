// What is known of the open micrograph, where each fact comes from, and the user's own notes.
const notes = find('.facts-notes textarea');
const saved = find('.facts-saved');
const kind = find('.facts-kind select');
let shownId = null;
let saving = 0;

function build() {
  const value = props.value;
  element.classList.toggle('facts-empty', !value);
  element.dataset.state = value ? value.state : '';
  element.dataset.facts = value ? value.rows.length : '';
  if (!value) { shownId = null; return; }
  find('.facts-status').textContent = value.status;
  kind.value = value.kind;
  showOptions(value);
  find('.facts-warnings').replaceChildren(...value.warnings.map((text) => make('p', 'facts-warning', text)));
  find('tbody').replaceChildren(...value.rows.map(row));
  if (value.id !== shownId) {
    saveNow();
    shownId = value.id;
    notes.value = value.notes;
    saved.textContent = '';
  }
}

function row(fact) {
  const line = make('tr', '', '', { 'data-fact': fact.name });
  const value = make('td', fact.strong ? 'facts-value' : 'facts-value facts-plain', fact.text, { title: fact.text });
  line.append(make('th', '', fact.label, { title: fact.label }), value);
  const method = make('td', 'facts-method', fact.method);
  method.title = fact.detail;
  line.append(method);
  return line;
}

function saveNow() {
  if (!saving) return;
  clearTimeout(saving);
  saving = 0;
  saved.textContent = 'kept';
  trigger('noted', { id: shownId, notes: notes.value });
}

notes.addEventListener('input', () => {
  clearTimeout(saving);
  saved.textContent = '…';
  saving = setTimeout(saveNow, 700);
});
notes.addEventListener('blur', saveNow);

// ---- how it is measured: every change measures anew; what is empty is chosen from the pixels
const threshold = find('.facts-threshold');
const smallest = find('.facts-smallest');
const polarity = find('.facts-polarity');
let options = {};
let wanting = 0;

function showOptions(value) {
  if (wanting) return;                      // the user is moving something: it counts, not this
  options = { ...value.options };
  threshold.min = value.grey[0];
  threshold.max = value.grey[1];
  threshold.step = (value.grey[1] - value.grey[0]) / 256 || 1;
  threshold.value = options.threshold ?? value.used.threshold ?? (value.grey[0] + value.grey[1]) / 2;
  smallest.value = options.min_size_px ?? value.used.min_size_px ?? 0;
  polarity.value = options.polarity;
  describeOptions();
  find('.facts-csv').href = `${value.base}/objects.csv`;
  find('.facts-overlay').href = `${value.base}/overlay.png`;
}

function describeOptions() {
  const said = (value, shown) => (value === null ? `auto (${shown})` : shown);
  threshold.nextElementSibling.textContent = said(options.threshold, String(+(+threshold.value).toPrecision(4)));
  smallest.nextElementSibling.textContent = said(options.min_size_px, `${+(+smallest.value).toPrecision(3)}`);
  const { region } = options;
  find('.facts-region').textContent = region ? `Region of ${region[2]} × ${region[3]} px` : 'The whole picture';
  find('.facts-excluded').textContent = `${options.excluded.length} excluded; Alt-click an object to exclude it`;
  element.dataset.options = JSON.stringify(options);
}

function want(change, pause = 0) {
  Object.assign(options, change);
  describeOptions();
  clearTimeout(wanting);
  wanting = setTimeout(() => {
    wanting = 0;
    trigger('measure_wanted', { id: shownId, kind: kind.value, options });
  }, pause);
}

kind.addEventListener('change', () => want({}));
threshold.addEventListener('input', () => want({ threshold: Number(threshold.value) }, 250));
smallest.addEventListener('input', () => want({ min_size_px: Number(smallest.value) }, 250));
polarity.addEventListener('change', () => want({ polarity: polarity.value }));
find('.facts-use-region').addEventListener('click', () => {
  const drawn = document.querySelector('#viewer [data-region]')?.dataset.region;
  if (drawn) want({ region: drawn.split(',').map(Number) });
  else find('.facts-region').textContent = 'Draw one first: the Region tool, or Shift and drag.';
});
element.querySelectorAll('[data-reset]').forEach((button) => {
  const name = button.dataset.reset;
  button.addEventListener('click', (event) => {
    event.preventDefault();
    want({ [name]: name === 'excluded' ? [] : null });
  });
});
find('.facts-adjust').addEventListener('click', () => toggle(find('.facts-options')));
watch('value', build);
build();
