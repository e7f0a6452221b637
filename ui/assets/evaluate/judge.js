// Who judges, and what would be sent: only "Send" sends it. Closing the dialog sends nothing.
const JUDGED = { overall_quality: 'Overall quality, 0 to 100', feature_identification: 'Features identified, 1 to 4', defect_detection: 'Defect told rightly: 0, 1 or not applicable' };
const JUDGE_FIELDS = [['url', 'Judge', 'text', 'http://localhost:8000/v1'], ['model', 'Model', 'text', 'its name'], ['repeats', 'Each answer, times', 'number', ''], ['cap', 'Cost cap, USD', 'number', 'as reckoned']];
const consent = find('.ev-consent');
let offered_ = null;          // the plan that is shown
let loaded = 0;
const forms = [];             // places with the fields of the judge: one in the form, one in the results

function judgeForm(place) {
  const fields = make('div', 'ev-judge-fields');
  for (const [name, label, kind, hint] of JUDGE_FIELDS) {
    const input = make('input', 's-input', '', { type: kind, 'data-judge': name, placeholder: hint, spellcheck: 'false', ...(name === 'repeats' ? { min: 1, max: 20, step: 1 } : name === 'cap' ? { min: 0, step: 'any' } : {}) });
    input.addEventListener('input', () => { wish.judge[name] = name === 'repeats' ? Number(input.value) : input.value; judgeChanged(400); });
    const whole = make('label', '', label);
    whole.append(input);
    fields.append(whole);
  }
  const measured = make('div', 'ev-judge-measures s-row', '', { role: 'group', 'aria-label': 'What is judged' });
  for (const [name, title] of Object.entries(JUDGED)) {
    const box = make('input', '', '', { type: 'checkbox', value: name, 'data-judged': name });
    box.addEventListener('change', () => { wish.judge.measures = Object.keys(JUDGED).filter((one) => (one === name ? box.checked : wish.judge.measures.includes(one))); judgeChanged(60); });
    const label = make('label', 'ev-level');
    label.append(box, title);
    measured.append(label);
  }
  place.replaceChildren(fields, measured);
  forms.splice(0, forms.length, ...forms.filter((one) => one.isConnected), place);
  fillJudge();
}

function judgeChanged(pause) {
  remember('wish', JSON.stringify(wish));
  fillJudge();
  if (!open) replan(pause);
}

function fillJudge() {
  for (const place of forms) {
    place.querySelectorAll('[data-judge]').forEach((input) => { if (input !== document.activeElement) input.value = wish.judge[input.dataset.judge]; });
    place.querySelectorAll('[data-judged]').forEach((box) => { box.checked = wish.judge.measures.includes(box.value); });
  }
}

// What was used last, else what is used for drafting.
function firstJudge() {
  const kept = about?.id === open ? about.judge_choice : null;
  if (kept && kept.url !== wish.judge.url) Object.assign(wish.judge, kept);
  if (!wish.judge.url && words_.judge.url) Object.assign(wish.judge, { url: words_.judge.url, model: words_.judge.model });
}

async function prepareJudge(button) {
  button.disabled = true;
  try { openConsent(await post('judge', { id: open, judge: wish.judge })); complain(''); } catch (error) { complain(error.message); } finally { button.disabled = false; }
}

function openConsent(told) {
  offered_ = told;
  loaded = 0;
  const nothing = !told.left;
  consent.querySelector('h3').textContent = nothing ? 'Everything has been judged' : `Send this to ${told.host}?`;
  consent.querySelector('.ev-consent-text').textContent = nothing
    ? 'Every reply that these settings ask for is here already. Nothing has to be sent; repeat more often, or choose another judge or measure.'
    : 'Below is every request exactly as it would leave sLAVA: questions, references and answers as text, no picture, no file name, nobody’s name. Further attempts are sent only where a reply gives no score.';
  consent.querySelector('.ec-facts').replaceChildren(...[
    ['Host', told.host], ['Model', told.model],
    ['Replies wanted', `${counted(told.left)}${told.left < told.turns ? ` of ${counted(told.turns)}, the rest is here` : ''}, about ${plural(told.micrographs, 'micrograph')}`],
    ['Tokens', `about ${counted(told.tokens)} read`],
    ['Cost', told.free ? 'free' : told.price_known ? `${told.cost}, likely ${told.likely}` : 'unknown: give a cap'],
  ].map(([name, text]) => { const cell = make('div'); cell.append(make('small', '', name), make('b', '', text)); return cell; }));
  const out = consent.querySelector('.ec-left-out');
  const lines = [...(told.held ? [`Answers about ${plural(told.held, 'confidential micrograph')} are left out.`] : []), ...told.notes];
  out.hidden = !lines.length;
  out.textContent = lines.join(' ');
  consent.querySelector('.ec-cap-again').hidden = told.free || nothing;
  consent.querySelector('.ec-cap-now').value = wish.judge.cap || (told.price_known ? Math.ceil(told.cost_usd * 100) / 100 : '');
  const yes = consent.querySelector('.ev-yes');
  yes.hidden = nothing;
  yes.textContent = `Send for ${told.left === 1 ? 'one reply' : `${counted(told.left)} replies`}`;
  consent.querySelector('.ec-save').href = `${base}/evaluate/payload.json?hash=${told.hash}`;
  consent.querySelector('.dt-dialog-error').hidden = true;
  consent.querySelector('.ec-requests').replaceChildren();
  consent.showModal();
  element.dataset.consent = told.hash;
  moreRequests();
}

function inConsent(text) {
  const line = consent.querySelector('.dt-dialog-error');
  line.textContent = capital(text);
  line.hidden = !text;
}

async function moreRequests() {
  const list = consent.querySelector('.ec-requests');
  list.querySelector('.ec-more')?.remove();
  let said;
  try { said = await post('judge_requests', { hash: offered_.hash, from: loaded }); } catch (error) { inConsent(error.message); return; }
  list.append(...said.requests.map((one, k) => {
    const node = make('details', 'ec-request');
    node.open = loaded + k < 2;
    const summary = make('summary');
    summary.append(make('b', '', `${loaded + k + 1}. ${one.title}`), make('em'), make('span', 'ec-note', `about ${counted(one.tokens)} tokens`));
    const sent_ = make('div', 'ec-sent');
    sent_.append(make('pre', '', one.json));
    node.append(summary, sent_);
    return node;
  }));
  loaded += said.requests.length;
  element.dataset.requests = loaded;
  if (loaded >= said.total) return;
  const more = make('button', 's-button ec-more', `Show more: ${counted(loaded)} of ${counted(said.total)} are shown`, { type: 'button' });
  more.addEventListener('click', moreRequests);
  list.append(more);
}

consent.querySelector('.ev-no').addEventListener('click', () => consent.close());
consent.addEventListener('close', () => { element.dataset.consent = ''; });
consent.querySelector('.ev-yes').addEventListener('click', async () => {
  const cap = consent.querySelector('.ec-cap-now').value;
  try {
    await post('judge_begin', { hash: offered_.hash, cap: offered_.free || cap === '' ? null : Number(cap) });
    consent.close();
    about = null;
    await look();
  } catch (error) { inConsent(error.message); }
});
