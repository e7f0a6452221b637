// Blind scoring: micrograph, question, reference, answer; nothing that tells whose it is.
const SCORED = {
  overall_quality: ['Overall quality', '0: wrong or misleading. 100: as good as the reference, or better.'],
  feature_identification: ['Features identified', '1: none of the reference’s features. 4: most or all of them.'],
  defect_detection: ['Defect told rightly', '1: affirmed or denied as the reference does. 0: not, or undecided.'],
};
const NUDGE = { overall_quality: 5, feature_identification: 0.5, defect_detection: 1 };
let blind = null;             // the answer that is scored
let ends = [0, 100];
let digits = '';              // what has been typed
let skipped = [];
let before = [];              // keys that were scored, for going back
let keeping = false;

const place_ = find('.ev-blind');
place_.tabIndex = -1;
place_.innerHTML = `<div class="ev-bar"><button type="button" class="s-button eb-leave">Leave <kbd>Esc</kbd></button><b>Blind scoring</b><span class="ev-sub eb-progress"></span><span class="s-gap"></span><label>Scored by <input class="s-input eb-person" maxlength="100" spellcheck="false" placeholder="your name"></label><select class="s-input eb-measure" aria-label="What is scored"></select></div>
<progress class="ev-progress eb-bar" max="1" value="0" aria-label="Scored"></progress>
<div class="eb-none" hidden></div>
<div class="eb-stage"><div class="eb-picture"></div><div class="eb-words"><div class="eb-text"></div>
<div class="eb-score"><div class="s-row"><b class="eb-value"></b><span class="eb-told"></span></div><input type="range" class="eb-slider" aria-label="Score"><div class="eb-ends"><span></span><span></span></div>
<textarea class="s-input eb-comment" rows="2" maxlength="2000" placeholder="Comment (C)" aria-label="Comment"></textarea>
<div class="s-row eb-acts"><button type="button" class="s-button s-primary eb-keep">Keep <kbd>⏎</kbd></button><button type="button" class="s-button eb-na">Not applicable <kbd>N</kbd></button><button type="button" class="s-button eb-skip">Skip <kbd>S</kbd></button><button type="button" class="s-button eb-undo">Back <kbd>U</kbd></button></div>
<p class="ev-note">Type a number, or use <kbd>←</kbd> <kbd>→</kbd>. A score that is given again stands beside the old one as the newer.</p></div></div></div>`;
find('.eb-measure').append(...Object.entries(SCORED).map(([name, [title]]) => option(name, title)));
find('.eb-measure').value = SCORED[recall('measure')] ? recall('measure') : 'overall_quality';
const measure = () => find('.eb-measure').value;
const person = () => find('.eb-person').value.trim().replace(/\s+/g, ' ');

function beginBlind() {
  scoring = true;
  closeAnswer();
  find('.eb-person').value = recall('person');
  build();
  beginAnew();
}
function leaveBlind() {
  scoring = false;
  sought += 1;
  blind = null;
  element.dataset.blind = '';
  build();
  readResults();
}

function showScoring() {
  place_.hidden = !scoring;
  find('.ev-info').hidden = scoring;
  element.dataset.scoring = scoring ? 'yes' : '';
}

let sought = 0;
let seeking = false;
async function nextBlind(key = '') {
  const mine = ++sought;
  seeking = Boolean(person());
  if (!seeking) { find('.eb-person').focus(); return; }
  remember('person', person());
  remember('measure', measure());
  try {
    const said = await post('blind', { id: open, person: person(), measure: measure(), skipped, key });
    if (mine !== sought) return;
    seeking = false;
    ({ answer: blind, range: ends } = said);
    complain('');
    showBlind();
  } catch (error) { if (mine === sought) { seeking = false; complain(error.message); } }
}
function beginAnew() {
  before = [];
  skipped = [];
  blind = null;
  nextBlind();
  showBlind();
}

function showBlind() {
  const none = find('.eb-none');
  const asked = Boolean(person());
  none.hidden = Boolean(blind) || seeking;
  find('.eb-stage').hidden = !blind;
  find('.eb-undo').disabled = !before.length;
  element.dataset.blind = blind ? blind.key : asked && !seeking ? 'none' : '';
  if (!blind) {
    find('.eb-progress').textContent = seeking ? 'Looking for the next …' : '';
    none.replaceChildren(make('h3', '', asked ? 'Everything is scored' : 'Who scores?'), make('p', '', asked ? 'Every answer that can be scored by this measure has a score of yours. Leave to see the agreement, or choose another measure.' : 'Type your name above. Each person has an order of their own, and their scores are kept apart.'));
    return;
  }
  find('.eb-progress').textContent = `${counted(blind.done)} of ${counted(blind.total)} scored${blind.scored ? ', this one already' : ''}`;
  find('.eb-bar').value = blind.done / blind.total;
  const shown = picture(blind.micrograph, 1024);
  find('.eb-picture').replaceChildren(shown);
  find('.eb-text').replaceChildren(block('Question', blind.question, 'eb-question'), blind.reference ? block('Reference', blind.reference, 'ev-reference-text') : make('p', 'ev-note', 'There is no reference: judge by the micrograph.'), block('Answer', blind.answer, 'eb-answer'));
  find('.eb-text').scrollTop = 0;
  const slider = find('.eb-slider');
  Object.assign(slider, { min: ends[0], max: ends[1], step: measure() === 'feature_identification' ? 0.1 : 1 });
  find('.eb-ends').children[0].textContent = ends[0];
  find('.eb-ends').children[1].textContent = ends[1];
  find('.eb-comment').value = blind.comment;
  setScore(blind.score);
  if (!place_.contains(document.activeElement) || !document.activeElement.matches('textarea')) place_.focus({ preventScroll: true });
}

let score = null;
function setScore(value) {
  score = value === null ? null : Math.min(ends[1], Math.max(ends[0], Math.round(value * 10) / 10));
  digits = '';
  find('.eb-slider').value = score ?? (ends[0] + ends[1]) / 2;
  find('.eb-slider').classList.toggle('eb-unset', score === null);
  showScore();
}
function showScore() {
  const typed = digits === '' ? null : Number(digits);
  const out = typed !== null && !(typed >= ends[0] && typed <= ends[1]);
  find('.eb-value').textContent = digits || (score === null ? '–' : short(score));
  find('.eb-value').classList.toggle('ev-bad', out);
  find('.eb-told').textContent = out ? `It must be ${ends[0]} to ${ends[1]}.` : SCORED[measure()][1];
  find('.eb-keep').disabled = out || (digits === '' && score === null);
  element.dataset.score = digits || (score ?? '');
}
function type(key) {
  const next = (digits + key).replace(/^0+(?=\d)/, '');
  if (!/^\d{0,3}\.?\d?$/.test(next)) return;
  digits = next;
  const value = Number(digits);
  if (digits && value >= ends[0] && value <= ends[1]) { score = value; find('.eb-slider').value = value; find('.eb-slider').classList.remove('eb-unset'); }
  showScore();
}

async function keep(value) {
  if (!blind || keeping) return;
  keeping = true;
  try {
    await post('score', { id: open, key: blind.key, measure: measure(), person: person(), score: value, comment: find('.eb-comment').value });
    before = [...before.filter((key) => key !== blind.key), blind.key];
    await nextBlind();
  } catch (error) { complain(error.message); } finally { keeping = false; }
}
const keepNow = () => { if (!find('.eb-keep').disabled) keep(score); };
function skip() { if (blind) { skipped = [...skipped.filter((key) => key !== blind.key), blind.key]; nextBlind(); } }
function goBack() { const key = before.pop(); if (key) nextBlind(key); }

find('.eb-slider').addEventListener('input', (event) => setScore(Number(event.target.value)));
find('.eb-keep').addEventListener('click', keepNow);
find('.eb-na').addEventListener('click', () => keep(null));
find('.eb-skip').addEventListener('click', skip);
find('.eb-undo').addEventListener('click', goBack);
find('.eb-leave').addEventListener('click', leaveBlind);
find('.eb-person').addEventListener('change', beginAnew);
find('.eb-measure').addEventListener('change', beginAnew);

const BLIND_KEYS = { Enter: keepNow, n: () => keep(null), s: skip, u: goBack, c: () => find('.eb-comment').focus(), Escape: leaveBlind, ArrowLeft: () => nudge(-1), ArrowDown: () => nudge(-1), ArrowRight: () => nudge(1), ArrowUp: () => nudge(1), Backspace: () => { digits = digits.slice(0, -1); showScore(); } };
function nudge(by) { setScore((score ?? (ends[0] + ends[1]) / 2) + by * NUDGE[measure()]); }
onPage('keydown', (event) => {
  if (!scoring || !isShown() || event.altKey || event.metaKey) return;
  if (event.ctrlKey) { if (event.key === 'z' && !event.target.closest('textarea, input')) { event.preventDefault(); goBack(); } return; }
  const typing = event.target.closest?.('textarea, .eb-person, select');
  if (typing) {
    if (event.key === 'Escape') { event.target.blur(); event.preventDefault(); }
    if (event.key === 'Enter' && event.target.matches('.eb-person')) { event.preventDefault(); event.target.blur(); }
    return;
  }
  const does = BLIND_KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (does) { event.preventDefault(); event.stopPropagation(); does(); } else if (/^[0-9.]$/.test(event.key) && blind) { event.preventDefault(); type(event.key); }
});
