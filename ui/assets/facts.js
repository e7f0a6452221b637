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
  kind.disabled = value.state === 'measuring';
  find('.facts-warnings').replaceChildren(...value.warnings.map((text) => make('p', 'facts-warning', text)));
  find('tbody').replaceChildren(...value.rows.map(row));
  if (value.id !== shownId) {
    saveNow();
    shownId = value.id;
    notes.value = value.notes;
    kind.value = '';
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
kind.addEventListener('change', () => trigger('measure_wanted', { id: shownId, kind: kind.value }));
watch('value', build);
build();
