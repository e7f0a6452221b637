// The frozen test part: what base and adapter answer to the same questions.
const MOST_PAIRS = 20;
let answers = [];
let answersOf = '';
let pairsShown = MOST_PAIRS;

async function showTest() {
  const id = run && run.adapter ? run.id : '';
  if (id && answersOf !== id) {
    answersOf = id;
    pairsShown = MOST_PAIRS;
    try { ({ answers } = await ask(`test.json?id=${encodeURIComponent(id)}`)); } catch { answers = []; }
  }
  when('test', [open, id, answers.length, pairsShown], drawTest);
}

function drawTest() {
  const place = find('.ft-test');
  const listed = run?.adapter ? answers : [];
  element.dataset.tested = listed.length;
  if (!listed.length) {
    const text = !run || run.live ? 'At the end base and adapter answer the same questions of the test part, which nothing has learnt from and nothing was chosen by.' : 'There is no comparison: the run was not tested, or its snapshot has no test part.';
    place.replaceChildren(make('p', 'ft-empty', text));
    return;
  }
  place.replaceChildren(...listed.slice(0, pairsShown).map(pairCard));
  if (listed.length > pairsShown) {
    const more = make('button', 's-button', `${listed.length - pairsShown} more`, { type: 'button' });
    more.addEventListener('click', () => { pairsShown += 100; showTest(); });
    place.append(more);
  }
}

function pairCard(pair) {
  const card = make('div', 'ft-pair');
  const text = make('div');
  const both = make('div', 'ft-both');
  for (const [name, said] of [['Base', pair.base], ['Adapter', pair.adapter]]) {
    const side = make('div');
    const share = Math.round(100 * alike(said, pair.expected));
    side.append(make('small', '', `${name}, ${share} % of the words in common`), make('p', '', said || 'nothing'));
    both.append(side);
  }
  text.append(make('p', 'ft-question', pair.question), make('p', 'ft-expected', `Expected: ${pair.expected}`), both);
  card.append(picture(pair.micrograph), text);
  return card;
}
