// How far it is: the bar, the pace of this sitting, who reviews, whether two must agree.
let doneHere = 0;
let countTimer = 0;

// A verdict was given on this page: the figures follow at once, the server's a little later.
function told(verdict) {
  doneHere += 1;
  element.dataset.done = doneHere;
  if (facts && verdict !== 'skipped') {
    const to = stateAfter(verdict);
    const wanted = facts.reviewers_wanted;
    if (wanted === 1 && (facts.states.pending || 0) > 0) { facts.states.pending -= 1; facts.states[to] = (facts.states[to] || 0) + 1; }
  }
  showFigures();
}

function counted() {
  clearTimeout(countTimer);
  countTimer = setTimeout(learn, 900);
}

async function learn() {
  clearTimeout(countTimer);
  try {
    facts = await post('state', { filter: filterForLine(), since });
  } catch (error) { tell(error.message, { bad: true }); return; }
  me.name = facts.reviewer;
  me.login = facts.login;
  showFigures();
  showFilters();
  showKeyMarks();
  showNone();
  element.dataset.reviewer = me.name;
  element.dataset.total = total();
}

const total = () => Object.values(facts?.states || {}).reduce((sum, n) => sum + n, 0);

function showFigures() {
  if (!facts) return;
  const all = total();
  const { states, pace } = facts;
  const share = (n) => `${all ? 100 * (n || 0) / all : 0}%`;
  find('.rv-accepted').style.width = share(states.accepted);
  find('.rv-rejected').style.width = share(states.rejected);
  const judged = (states.accepted || 0) + (states.rejected || 0);
  const rate = pace.count > 2 && pace.minutes > 0.1 ? pace.per_minute : 0;
  const left = states.pending || 0;
  const minutes = rate ? left / rate : 0;
  find('.rv-told').textContent = [
    `${judged} of ${all}`, rate ? `${rate.toFixed(rate < 10 ? 1 : 0)} a minute` : '',
    rate && left ? (minutes < 90 ? `${Math.max(1, Math.round(minutes))} min left` : `${(minutes / 60).toFixed(1)} h left`) : '',
  ].filter(Boolean).join(' · ');
  find('.rv-told').title = find('.rv-progress').title = [`${states.accepted || 0} accepted`, `${states.rejected || 0} rejected`, `${left} waiting`, states.disagreed ? `${states.disagreed} disagreed` : ''].filter(Boolean).join(', ');
  find('.rv-who span').textContent = me.name;
  element.dataset.judged = judged;
  showSession();
}

function figure(number, word) {
  const node = make('span', 'rv-figure');
  node.append(make('b', '', String(number)), make('small', '', word));
  return node;
}

function showSession() {
  const { pace, agreements, reviewers_wanted: wanted, states } = facts;
  find('.rv-name').hidden = me.login;
  const input = find('.rv-name input');
  if (document.activeElement !== input) input.value = me.name;
  const row = make('div', 'rv-figures');
  const by = pace.by_verdict;
  row.append(figure(by.accepted || 0, 'accepted'), figure(by.edited || 0, 'edited'), figure(by.rejected || 0, 'rejected'), figure(by.skipped || 0, 'skipped'));
  const speed = pace.count > 1 ? `${pace.per_minute.toFixed(1)} a minute${pace.median_seconds ? `, half of them within ${pace.median_seconds.toFixed(1)} s` : ''}` : 'Nothing judged yet in this sitting.';
  const drafted = pace.by_drafting.map((one) => make('p', 'rv-note', `${one.name}: ${Math.round(100 * one.kept / one.judged)} % of ${one.judged} kept`, { title: one.prompt }));
  find('.rv-pace').replaceChildren(make('h4', '', 'This sitting'), row, make('p', 'rv-note', speed), ...drafted);
  showTwo(wanted, agreements, states.disagreed || 0);
}

function showTwo(wanted, agreements, disagreed) {
  const segments = make('span', 's-segments', '', { role: 'radiogroup', 'aria-label': 'How many people judge a pair' });
  for (const count of [1, 2]) {
    const button = make('button', '', count === 1 ? 'one' : 'two', { type: 'button', role: 'radio', 'aria-checked': String(wanted === count) });
    button.addEventListener('click', () => askFor(count));
    segments.append(button);
  }
  const rowNode = make('div', 's-row');
  rowNode.append(make('span', '', 'People who judge each pair'), make('span', 's-gap'), segments);
  const lines = agreements.map((one) => make('p', 'rv-note', `${one.first} and ${one.second}: ${Math.round(100 * one.observed)} % alike on ${one.count}, κ ${one.kappa === null ? 'not defined' : one.kappa.toFixed(2)}`, { title: "Cohen's kappa: agreement beyond chance, 1 at best" }));
  const queue = make('button', 's-item', `Settle ${disagreed} ${disagreed === 1 ? 'disagreement' : 'disagreements'}`, { type: 'button' });
  queue.addEventListener('click', () => { toggle(find('.rv-session'), false); setFilter({ state: 'disagreed' }); });
  find('.rv-two').replaceChildren(make('h4', '', 'Agreement'), rowNode, ...lines, ...(disagreed ? [queue] : []));
}

// Returns why it is refused, empty when it is not.
async function choose(body) {
  let refused = '';
  try { await post('settings', body); } catch (error) { refused = error.message; }
  await learn();
  return refused;
}

async function askFor(count) {
  const refused = await choose({ reviewers_wanted: count });
  if (refused) tell(refused, { bad: true });
  begin();
}

find('.rv-name').addEventListener('submit', async (event) => {
  event.preventDefault();
  const name = find('.rv-name input').value.trim();
  if (!name) return;
  find('.rv-name input').blur();           // keys mean the pair again
  toggle(find('.rv-session'), false);
  if (name === me.name) return;
  await drained();
  await post('release').catch(() => {});
  try { await post('settings', { name }); } catch (error) { tell(error.message, { bad: true }); return; }
  me.name = name;
  keep('slava.review.name', name);
  await learn();
  begin();
});
find('.rv-who').addEventListener('click', () => { learn(); toggle(find('.rv-session')); });
