// Labelling: one key for each class, the suggestion preselected, undo.
const strip = find('.cl-strip');

function showLabelling(value) {
  element.dataset.labelling = value.labelling ? 'yes' : '';
  const left = value.library.unlabelled;
  find('.cl-label').textContent = value.labelling ? 'End labelling' : left ? `Label ${left}…` : 'All labelled';
  find('.cl-label').disabled = !left && !value.labelling;
  find('.cl-label').classList.toggle('s-primary', value.labelling);
  strip.hidden = !value.labelling;
  const suggested = value.query ? value.answer?.label || '' : '';
  element.dataset.suggested = suggested;
  if (value.labelling) when('strip', [value.query?.id, value.library.classes, suggested, left], () => showStrip(value, suggested, left));
  else last.delete('strip');
}

function showStrip(value, suggested, left) {
  const classes = value.library.classes.map((one) => {
    const button = make('button', 'cl-choice', '', { type: 'button', 'aria-pressed': String(one.label === suggested) });
    button.append(dot(one.label), make('kbd', '', one.label === suggested ? `${one.key} ⏎` : one.key), make('span', '', one.title));
    button.addEventListener('click', () => giveLabel(one.label));
    return button;
  });
  const form = make('form', 'cl-new', '', { autocomplete: 'off' });
  const input = make('input', 's-input', '', { placeholder: 'new class', 'aria-label': 'A new class', spellcheck: 'false' });
  form.append(input);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (input.value.trim()) giveLabel(input.value.trim());
  });
  const help = make('span', 'cl-help', `${left} left · Enter accepts · S skips · U undoes · Esc ends`);
  strip.replaceChildren(...classes, form, help);
}

function giveLabel(label) {
  const { query } = props.value;
  if (query) say('labelled', { id: query.id, label, suggested: label === element.dataset.suggested });
}

const TYPING = 'input:not([type=range]):not([type=checkbox]), textarea, select, dialog, [contenteditable]:not([contenteditable=false])';
onPage('keydown', (event) => {
  if (!isShown() || !props.value || event.defaultPrevented || event.altKey) return;
  const typing = event.composedPath()[0].closest?.(TYPING);
  if (typing) { if (event.key === 'Escape') typing.blur(); return; }
  const { labelling, library } = props.value;
  if ((event.ctrlKey || event.metaKey) && event.key === 'z') say('undone');
  else if (event.ctrlKey || event.metaKey) return;
  else if (event.key === '+' || event.key === '=') setK(Number(kInput.value) + 1);
  else if (event.key === '-') setK(Number(kInput.value) - 1);
  else if (chosenPoints.size && selectionKey(event.key, library)) ;
  else if (!labelling && event.key === 'l' && library.unlabelled) say('labelling_wanted');
  else if (labelling && !labellingKey(event.key, library)) return;
  else if (!labelling) return;
  event.preventDefault();
});

function selectionKey(key, library) {
  const chosen = library.classes.find((one) => one.key && one.key === key);
  if (chosen) labelSelected(chosen.label);
  else if (key === 'Escape') select([], true);
  else return false;
  return true;
}

function labellingKey(key, library) {
  const chosen = library.classes.find((one) => one.key && one.key === key);
  if (chosen) giveLabel(chosen.label);
  else if (key === 'Enter' && element.dataset.suggested) giveLabel(element.dataset.suggested);
  else if (key === 's') say('skipped');
  else if (key === 'u') say('undone');
  else if (key === 'Escape') say('labelling_ended');
  else return false;
  return true;
}

find('.cl-label').addEventListener('click', () => say(props.value.labelling ? 'labelling_ended' : 'labelling_wanted'));
