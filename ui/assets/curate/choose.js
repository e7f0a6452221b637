// Which pairs: filters, search by words or by meaning, and the list of all that are meant.
const CHOICES = [
  ['state', 'Show', [['', 'waiting'], ['disagreed', 'disagreed'], ['accepted', 'accepted'], ['rejected', 'rejected'], ['skipped', 'left for later by me']]],
  ['aspect', 'Aspect'], ['category', 'Category'], ['flag', 'Flag'], ['reason', 'Rejected as'], ['teacher', 'Drafted by'], ['kind', 'Kind'], ['reviewer', 'Reviewed by'],
  ['order', 'Order', [['', 'riskiest first'], ['newest', 'newest first'], ['micrograph', 'by micrograph'], ['added', 'as they were drafted']]],
];
const NAMES = { flag: FLAGS, reason: REASONS };
let chosen = kept('slava.review.filter', {});
let how = 'words';
let listing = false;
const search = find('.rv-search');
search.value = chosen.text || '';

function filterForLine() {
  const { state, ...others } = chosen;
  if (how === 'meaning') delete others.text;
  return state === 'skipped' ? { ...others, state: 'pending', skipped_by: me.name } : { ...others, state: state || 'pending' };
}

function setFilter(changes) {
  chosen = Object.fromEntries(Object.entries({ ...chosen, ...changes }).filter(([, value]) => value !== '' && value !== null));
  keep('slava.review.filter', chosen);
  showFilters();
  learn();
  if (listing) showList();
  post('release').catch(() => {}).then(begin);
}

function showFilters() {
  const named = CHOICES.flatMap(([name,, fixed]) => {
    if (!chosen[name] && chosen[name] !== false) return [];
    return [fixed ? fixed.find(([value]) => value === chosen[name])?.[1] : wordFor(name, chosen[name])];
  });
  if (chosen.flagged === true) named.push('flagged');
  if (chosen.flagged === false) named.push('not flagged');
  find('.rv-filter span').textContent = named.length ? named.join(', ') : 'Filter';
  find('.rv-filter').classList.toggle('rv-on', named.length > 0);
  if (find('.rv-filters').hidden) drawFilters();
}

const wordFor = (name, value) => NAMES[name]?.[value] || titleOf(value);

function drawFilters() {
  if (!facts) return;
  const rows = CHOICES.map(([name, title, fixed]) => {
    const counts = name === 'state' ? { '': facts.states.pending, ...facts.states, skipped: facts.skipped } : facts.facets[name] || {};
    let options = fixed || [['', 'any'], ...Object.keys(counts).filter(Boolean).map((value) => [value, wordFor(name, value)])];
    if (name === 'flag') options = [['', 'any or none'], ['+', 'any flag'], ['-', 'no flag'], ...options.slice(1)];
    if (!fixed && options.length < 2) return null;
    const select = make('select', 's-input', '', { 'aria-label': title });
    const now = name === 'flag' && chosen.flagged !== undefined ? (chosen.flagged ? '+' : '-') : chosen[name] || '';
    select.append(...options.map(([value, word]) => {
      const count = counts[value];
      const option = make('option', '', `${word}${count === undefined ? '' : ` (${count})`}`, { value });
      option.selected = value === now;
      return option;
    }));
    select.addEventListener('change', () => chooseIn(name, select.value));
    const label = make('label', '', '', {});
    label.append(make('span', '', title), select);
    return label;
  }).filter(Boolean);
  const clear = make('button', 's-button', 'Clear', { type: 'button' });
  clear.addEventListener('click', () => { toggle(find('.rv-filters'), false); clearFilters(); });
  find('.rv-filters').replaceChildren(...rows, clear);
}

function chooseIn(name, value) {
  if (name !== 'flag') setFilter({ [name]: value });
  else if (value === '+' || value === '-') setFilter({ flag: '', flagged: value === '+' });
  else setFilter({ flag: value, flagged: null });
}

function clearFilters() {
  search.value = '';
  chosen = {};
  setFilter({});
}

find('.rv-filter').addEventListener('click', () => { drawFilters(); toggle(find('.rv-filters')); });

// ---- searching
let searchTimer = 0;
function look() {
  if (how === 'words') setFilter({ text: search.value.trim() });
  else if (search.value.trim()) { openList(true); }
}
search.addEventListener('input', () => { clearTimeout(searchTimer); if (how === 'words') searchTimer = setTimeout(look, 350); });
search.addEventListener('keydown', (event) => {
  if (event.key === 'Enter') { clearTimeout(searchTimer); look(); search.blur(); }
  if (event.key === 'Escape') { search.blur(); }
});
element.querySelectorAll('[data-how]').forEach((button) => button.addEventListener('click', () => {
  how = button.dataset.how;
  element.querySelectorAll('[data-how]').forEach((other) => { other.ariaChecked = String(other === button); });
  setFilter({ text: how === 'words' ? search.value.trim() : '' });
  if (how === 'meaning') { search.focus(); look(); }
}));

// ---- nothing to show
function showNone() {
  const none = find('.rv-none');
  const empty = !current() && !asking;
  none.hidden = !empty || listing;
  if (none.hidden || !facts) return;
  const filtered = Object.keys(chosen).some((name) => name !== 'order');
  const done = Object.keys(facts.states).length > 0;
  const disagreed = facts.states.disagreed || 0;
  element.dataset.none = !total() ? 'no pairs' : filtered ? 'filtered' : 'done';
  const say = (title, text, ...buttons) => {
    const row = make('p', 'rv-none-acts');
    row.append(...buttons);
    none.replaceChildren(make('h3', '', title), make('p', '', text), row);
  };
  const button = (text, act, primary = false) => {
    const node = make('button', `s-button${primary ? ' s-primary' : ''}`, text, { type: 'button' });
    node.addEventListener('click', act);
    return node;
  };
  if (!done) say('No pairs to review yet', 'Have questions and answers about your micrographs drafted, on this machine or by a teacher; or import pairs that you have.', button('Draft pairs', () => view('Draft'), true), button('Import pairs', () => view('Dataset')));
  else if (filtered) say('Nothing waits under this filter', 'All that it means is judged, or lies before somebody else.', button('Clear the filter', clearFilters, true), button('Undo', () => turn('undo')));
  else say(restWords(), `${facts.states.accepted || 0} accepted, ${facts.states.rejected || 0} rejected${facts.skipped ? `, ${facts.skipped} left for later` : ''}.`, ...(disagreed ? [button(`Settle ${disagreed} disagreed`, () => setFilter({ state: 'disagreed' }), true)] : []), ...(facts.skipped ? [button('Review what was left for later', () => setFilter({ state: 'skipped' }), !disagreed)] : []), button('Make a data set', () => view('Dataset'), !disagreed && !facts.skipped), ...(facts.states.pending > (facts.skipped || 0) ? [button('Look again', begin)] : []), button('Undo', () => turn('undo')));
}

// Why nothing is shown although no filter is set.
function restWords() {
  const { states, skipped } = facts;
  if (!states.pending) return 'All pairs are judged';
  return states.pending > (skipped || 0) ? 'The rest is before somebody else' : 'The rest is left for later';
}

const view = (name) => [...document.querySelectorAll('#curate-views button[role=tab]')].find((tab) => tab.textContent.trim() === name)?.click();

// Another view sends here: the pairs of a filter.
onPage('slava-review', ({ detail }) => { chosen = {}; if (begun) setFilter(detail.filter); else chosen = detail.filter; });
