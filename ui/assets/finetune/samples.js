// Fixed questions and what was answered to them as the run went: it shall be seen growing better.
let part = 'samples';
const unfolded = new Set();

// How much of the expected answer's words an answer has, and the other way round: 0..1.
function alike(said, expected) {
  const split = (text) => text.toLowerCase().match(/[\p{L}\p{N}.]+/gu) || [];
  const left = new Map();
  for (const word of split(expected)) left.set(word, (left.get(word) || 0) + 1);
  let common = 0;
  for (const word of split(said)) if (left.get(word) > 0) { common += 1; left.set(word, left.get(word) - 1); }
  const total = split(said).length + split(expected).length;
  return total ? (2 * common) / total : 0;
}

// Answers in order, the same one in a row taken together.
function spans(said) {
  const found = [];
  for (const [step, answer] of [...said].sort((a, b) => a[0] - b[0])) {
    if (found.at(-1)?.answer === answer) found.at(-1).to = step;
    else found.push({ from: step, to: step, answer });
  }
  return found;
}

function showSamples() {
  const listed = course ? [...course.samples.entries()] : [];
  when('samples', [open, listed.map(([name, one]) => [name, [...one.said]]), [...unfolded]], () => {
    const place = find('.ft-samples');
    if (!listed.length) {
      place.replaceChildren(make('p', 'ft-empty', run?.live ? 'The same few questions of the validation part are answered as the run goes; the first answers come before the first step.' : 'No sample was answered in this run.'));
      return;
    }
    place.replaceChildren(...listed.map(([name, one]) => sampleCard(name, one)));
  });
  element.dataset.samples = listed.length;
}

function sampleCard(name, one) {
  const card = make('div', 'ft-sample');
  const text = make('div');
  const said = spans(one.said);
  const folded = said.length > 3 && !unfolded.has(name);
  const shown = folded ? [said[0], ...said.slice(-2)] : said;
  const list = make('ol', 'ft-said');
  for (const span of shown) {
    const item = make('li');
    const share = alike(span.answer, one.expected);
    const meter = make('span', 'ft-meter', '', { title: `${Math.round(100 * share)} % of the words in common with the expected answer` });
    meter.append(make('i'));
    meter.firstChild.style.width = `${100 * share}%`;
    item.append(make('span', 'ft-at', span.from === span.to ? `step ${span.from}` : `${span.from} to ${span.to}`), meter, make('span', '', span.answer || 'nothing'));
    list.append(item);
  }
  text.append(make('p', 'ft-question', one.question), make('p', 'ft-expected', one.expected ? `Expected: ${one.expected}` : ''), list);
  if (folded || (said.length > 3)) {
    const more = make('button', 'ft-earlier', folded ? `${said.length - 3} more in between` : 'fewer', { type: 'button' });
    more.addEventListener('click', () => { if (folded) unfolded.add(name); else unfolded.delete(name); showSamples(); });
    text.append(more);
  }
  card.append(picture(one.micrograph), text);
  return card;
}

function showLog() {
  when('log', [open, course?.log.length], () => find('.ft-log').replaceChildren(...(course?.log || []).map((one) => {
    const item = make('li', one.warned ? 'ft-warned' : '');
    item.append(make('time', '', moment(one.at), { datetime: one.at, title: one.at }), make('span', '', one.text[0].toUpperCase() + one.text.slice(1)));
    return item;
  })));
}

function showParts() {
  for (const button of element.querySelectorAll('[data-part]')) button.setAttribute('aria-checked', String(button.dataset.part === part));
  find('.ft-samples').hidden = part !== 'samples';
  find('.ft-test').hidden = part !== 'test';
  find('.ft-log').hidden = part !== 'log';
  find('.ft-part-told').textContent = part === 'samples' ? 'fixed questions about micrographs it does not learn from' : part === 'test' ? run?.tested || '' : '';
  if (part === 'samples') showSamples();
  if (part === 'log') showLog();
  if (part === 'test') showTest();
}
find('.ft-part').addEventListener('click', (event) => {
  const button = event.target.closest('[data-part]');
  if (button) { part = button.dataset.part; showParts(); }
});
