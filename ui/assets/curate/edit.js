// Editing in place: the texts become fields, what has changed is marked below each.
let editing = false;

function startEditing(words = null) {
  const entry = current();
  if (!entry || editing) return;
  leaveReasons();
  editing = true;
  element.dataset.editing = 'yes';
  find('.rv-verdicts').hidden = true;
  find('.rv-editing').hidden = false;
  const { record } = entry;
  find('.rv-words').classList.add('rv-open');
  find('.rv-words').replaceChildren(...TEXTS.map(([name, title]) => field(name, title, record, words)));
  const growAll = () => element.querySelectorAll('.rv-words textarea').forEach(grow);
  growAll();
  requestAnimationFrame(growAll);          // once more, when a scroll bar has come
  find('.rv-answer textarea').focus();
}

function field(name, title, record, words) {
  const block = make('div', `rv-text rv-${name}`, '', { 'data-text': name });
  const input = make('textarea', 's-input', '', { rows: '1', 'aria-label': title, spellcheck: 'true' });
  input.value = words?.[name] ?? record[name];
  const below = make('div', 'rv-below');
  const compare = () => below.replaceChildren(...(input.value.trim() === record.drafted[name].trim() ? [] : [diffNode(record.drafted[name], input.value.trim())]));
  input.addEventListener('input', () => { grow(input); compare(); entryWritten(); });
  block.append(make('small', '', title), input, below);
  compare();
  return block;
}

// A field is as high as its text; its scroll height leaves the border out.
function grow(input) {
  input.style.height = 'auto';
  input.style.height = `${input.scrollHeight + 2}px`;
}

const typed = () => Object.fromEntries(TEXTS.map(([name]) => [name, find(`.rv-${name} textarea`).value.trim()]));
const entryWritten = () => { current().written = typed(); };

function stopEditing() {
  editing = false;
  element.dataset.editing = '';
  find('.rv-verdicts').hidden = false;
  find('.rv-editing').hidden = true;
  find('.rv-words').classList.remove('rv-open');
}

// What is left without saving is kept with the pair until it is judged or the page is left.
function leaveEditing() {
  const entry = current();
  const changed = entry.written && TEXTS.some(([name]) => entry.written[name] !== entry.record[name]);
  const written = changed ? entry.written : null;
  entry.written = null;
  stopEditing();
  showWords(entry.record);
  if (written) tell('Left without saving.', { act: 'Go on with it', then: () => { if (current() === entry) startEditing(written); } });
}

function saveEditing() {
  const entry = current();
  const words = typed();
  const empty = TEXTS.slice(0, 2).find(([name]) => !words[name]);
  if (empty) { tell(`The ${empty[1].toLowerCase()} cannot be empty. Write one, or reject the pair.`, { bad: true }); return; }
  const changed = TEXTS.some(([name]) => words[name] !== entry.record.drafted[name].trim());
  entry.written = null;
  stopEditing();
  if (changed) judge('edited', words); else judge('accepted');
}
