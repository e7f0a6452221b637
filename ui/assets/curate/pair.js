// One pair as it is read: flags first, question, both answers, then where it all comes from.
const FLAGS = {
  wrong_number: 'Wrong number', uncalibrated_unit: 'Unit without calibration', invented_element: 'Composition without data',
  label_leak: 'Gives the answer away', duplicate: 'Duplicate', ignores_micrograph: 'Fits any micrograph',
  abbreviation: 'Abbreviation', length: 'Length',
};
const REASONS = {
  hallucination: 'Made up', wrong_number: 'Wrong number', not_visible: 'Not visible',
  bad_question: 'Bad question', duplicate: 'Duplicate', other: 'Other',
};
const STATES = { pending: 'waiting', accepted: 'accepted', rejected: 'rejected', disagreed: 'disagreed' };
const VERDICTS = { accepted: 'accepted', edited: 'accepted with edits', rejected: 'rejected', skipped: 'left for later' };
const TEXTS = [['question', 'Question'], ['answer', 'Answer'], ['detailed', 'Detailed answer']];

function showPair(entry) {
  const { record } = entry;
  showHead(entry);
  find('.rv-flags').replaceChildren(...record.flags.map(flagNode));
  showWords(record);
  const right = make('div', 'rv-block');
  right.append(...[paraphrasesNode(record), historyNode(record), provenanceNode(record)].filter(Boolean));
  find('.rv-more').replaceChildren(...[factsNode(record), right].filter(Boolean));
  find('.rv-scroll').scrollTop = 0;
}

function showHead({ record, judged }) {
  const head = find('.rv-head');
  const state = make('span', `rv-state rv-${judged ? stateAfter(judged) : record.state}`, judged === 'skipped' ? 'left for later' : STATES[judged ? stateAfter(judged) : record.state]);
  const aspect = record.aspect || record.kind;
  const nodes = [state, make('span', 'rv-chip', titleOf(aspect), { title: `${record.kind}${record.aspect ? `, aspect: ${titleOf(record.aspect)}` : ''}` })];
  const one = record.micrographs[0];
  const label = make('button', 's-quiet rv-label', one.label ? titleOf(one.label) : 'no category', { type: 'button', 'data-opens': 'label', title: 'The category of this micrograph: click to correct it' });
  const drop = make('span', 'rv-drop');
  const popover = make('div', 's-popover rv-labels');
  popover.hidden = true;
  label.addEventListener('click', () => { fillLabels(popover, record, one); toggle(popover); });
  drop.append(label, popover);
  const open = make('button', 's-quiet', 'Open in Analyse', { type: 'button', title: `Open ${one.name}` });
  open.disabled = one.gone;
  open.addEventListener('click', () => openInAnalyse(one.id));
  if (picks.has(record.id)) nodes.push(make('span', 'rv-chip rv-picked', 'picked'));
  head.replaceChildren(...nodes, drop, make('span', 's-gap'), open);
}

const stateAfter = (verdict) => ({ accepted: 'accepted', edited: 'accepted', rejected: 'rejected' }[verdict] || 'pending');

function flagNode(flag) {
  const node = make('p', 'rv-flag', '', { 'data-risk': flag.severity >= 0.66 ? 'high' : flag.severity >= 0.33 ? 'middle' : 'low' });
  node.append(make('b', '', FLAGS[flag.kind] || flag.kind), document.createTextNode(flag.detail));
  return node;
}

function showWords(record) {
  const blocks = TEXTS.filter(([name]) => record[name] || record.drafted[name]).map(([name, title]) => {
    const block = make('div', `rv-text rv-${name}`, '', { 'data-text': name });
    block.append(make('small', '', title), make('p', '', record[name] || '–'));
    if (record[name] !== record.drafted[name]) {
      const changed = make('details', 'rv-changed', '', { open: '' });
      changed.append(make('summary', '', 'changed from the draft'), diffNode(record.drafted[name], record[name]));
      block.append(changed);
    }
    return block;
  });
  find('.rv-words').replaceChildren(...blocks);
  find('.rv-words').dataset.answers = blocks.length - 1;
}

function listNode(title, lines, className = '') {
  const block = make('div', `rv-block ${className}`);
  const list = make('ul');
  list.append(...lines.map((line) => (line instanceof Node ? line : make('li', '', line))));
  block.append(make('h4', '', title), list);
  return block;
}

const factsNode = (record) => record.facts.length ? listNode('Facts that were given', record.facts, 'rv-given') : null;
const paraphrasesNode = (record) => record.paraphrases.length ? listNode('Asked in other words', record.paraphrases) : null;

function historyNode(record) {
  if (!record.history.length) return null;
  return listNode('Reviews', record.history.map((review) => {
    const line = make('li', review.undone ? 'rv-undone' : '');
    const why = review.reason ? `: ${REASONS[review.reason].toLowerCase()}` : '';
    line.append(make('b', '', review.reviewer), document.createTextNode(` ${VERDICTS[review.verdict]}${why}`), make('time', '', review.at));
    if (review.undone) line.append(make('i', '', 'taken back'));
    if (review.comment) line.append(make('q', '', review.comment));
    return line;
  }), 'rv-history');
}

function provenanceNode(record) {
  const block = make('div', 'rv-block rv-provenance');
  const table = make('dl');
  for (const [name, value] of record.provenance) table.append(make('dt', '', name), make('dd', '', value, { title: value }));
  block.append(make('h4', '', 'Drafted by'), table);
  return block;
}

// ---- the category of the micrograph
function fillLabels(popover, record, one) {
  const form = make('form', 's-row', '', { autocomplete: 'off' });
  const input = make('input', 's-input', '', { placeholder: 'another category', 'aria-label': 'Another category', maxlength: '200' });
  form.append(input, make('button', 's-button', 'Use', { type: 'submit' }));
  const give = async (label) => {
    toggle(popover, false);
    try {
      const said = await post('label', { micrograph: one.id, label });
      facts.labels = said.labels;
      line.forEach((entry) => entry.record.micrographs.forEach((other) => { if (other.id === one.id) other.label = said.label; }));
      if (current()) showHead(current());
      tell(said.label ? `${one.name} is now ${titleOf(said.label)}.` : `${one.name} has no category now.`);
    } catch (error) { tell(error.message, { bad: true }); }
  };
  form.addEventListener('submit', (event) => { event.preventDefault(); if (input.value.trim()) give(input.value.trim()); });
  const choices = facts.labels.map((label) => {
    const button = make('button', 's-item', titleOf(label), { type: 'button', 'aria-current': String(label === one.label) });
    button.addEventListener('click', () => give(label));
    return button;
  });
  const none = make('button', 's-item', 'no category', { type: 'button' });
  none.addEventListener('click', () => give(''));
  popover.replaceChildren(...(record.micrographs.length > 1 ? [make('p', 'rv-note', one.name)] : []), ...choices, ...(one.label ? [none] : []), form);
}

function openInAnalyse(id) {
  trigger('open_wanted', { id });
  [...document.querySelectorAll('#tabs button[role=tab]')].find((tab) => tab.textContent.trim() === 'Analyse')?.click();
}
