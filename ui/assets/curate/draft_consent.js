// Everything that would be sent, before it is: only "Send" sends it. Closing the dialog sends nothing.
const consent = find('.dr-consent');
let waitsForPlan = false;      // this page has asked for it, so it opens here
let resends = false;           // the user wants what is uncertain to be asked again
let offered = null;            // the plan that is shown
let loaded = 0;

function showPlan(plan) {
  const ready = find('.dr-ready');
  ready.hidden = !plan || consent.open || working;
  if (!plan) { if (consent.open) consent.close(); offered = null; return; }
  ready.querySelector('span').textContent = `${plural(plan.requests, 'request')} to ${plan.host} ${plan.requests === 1 ? 'is' : 'are'} prepared. Nothing has been sent.`;
  if (waitsForPlan && !consent.open) { waitsForPlan = false; openConsent(plan); }
}

function openConsent(plan) {
  offered = plan;
  loaded = 0;
  find('.dr-ready').hidden = true;
  consent.querySelector('h3').textContent = `Send this to ${plan.host}?`;
  consent.querySelector('.dr-consent-text').textContent =
    'Below is every request exactly as it would leave this machine: the words, and the picture as it is sent. File names, metadata and the data bar stay here.';
  const cost = !plan.price_known ? 'unknown: give a cap' : plan.free ? 'free' : `at most ${plan.cost}, likely ${plan.likely}`;
  consent.querySelector('.dr-facts').replaceChildren(...[
    ['Host', plan.host], ['Model', plan.model],
    ['Requests', `${plan.requests.toLocaleString('en')} about ${plural(plan.micrographs, 'micrograph')}`],
    ['Pictures', `${plan.sizes.slice(0, 3).join(', ')}${plan.sizes.length > 3 ? ' …' : ''}; ${(plan.bytes / 1e6).toFixed(1)} MB in all`],
    ['Tokens', `about ${plan.tokens_read.toLocaleString('en')} read, at most ${plan.tokens_written.toLocaleString('en')} written`],
    ['Cost', cost],
    ...(plan.notes.length ? [['Done to pictures', plan.notes.join('; ')]] : []),
  ].map(([name, text]) => { const cell = make('div'); cell.append(make('small', '', name), make('b', '', text)); return cell; }));
  const out = consent.querySelector('.dr-left-out');
  const lines = [
    ...(plan.left_out.length ? [`Left out because they are confidential (${plan.left_out.length}): ${plan.left_out.join(', ')}.`] : []),
    ...(plan.skipped.length ? [`Left out because they cannot be read: ${plan.skipped.join(' ')}`] : []),
  ];
  out.hidden = !lines.length;
  out.textContent = lines.join(' ');
  find('.dr-cap-again').hidden = plan.free;
  find('.dr-cap-now').value = find('.dr-cap').value || (plan.price_known ? Math.ceil(plan.cost_usd * 100) / 100 : '');
  find('.dr-yes').textContent = `Send ${plural(plan.requests, 'request')}`;
  find('.dr-save').href = `${props.value.base}/payload.json`;
  consent.querySelector('.dt-dialog-error').hidden = true;
  find('.dr-requests').replaceChildren();
  consent.showModal();
  element.dataset.consent = plan.hash;
  attempt(moreRequests, consent);
}

async function moreRequests() {
  const list = find('.dr-requests');
  list.querySelector('.dr-more')?.remove();
  const said = await post('requests', { from: loaded });
  for (const one of said.requests) list.append(drawRequest(one, loaded + list.querySelectorAll('.dr-fresh').length));
  list.querySelectorAll('.dr-fresh').forEach((node) => node.classList.remove('dr-fresh'));
  loaded += said.requests.length;
  element.dataset.requests = loaded;
  if (loaded >= said.total) return;
  const more = make('button', 's-button dr-more', `Show more: ${loaded} of ${said.total} are shown`, { type: 'button' });
  more.addEventListener('click', () => attempt(moreRequests, consent));
  list.append(more);
}

function drawRequest(one, number) {
  const node = make('details', 'dr-request dr-fresh');
  node.open = number < 3;
  const summary = make('summary');
  summary.append(make('b', '', `${number + 1}. ${one.title}`), make('em', '', `about ${one.of.join(' and ')} (the name is not sent)`), make('span', 'dr-note', `${one.tokens} · at most ${one.cost}`));
  const sent = make('div', 'dr-sent');
  const pictures = make('div', 'dr-pictures');
  for (const picture of one.pictures) {
    const figure = make('figure');
    figure.append(make('img', '', '', { src: picture.url, alt: 'The picture as it is sent', loading: 'lazy' }), make('span', '', [picture.text, ...picture.notes].join('; ')));
    pictures.append(figure);
  }
  sent.append(pictures, make('pre', '', one.json));
  node.append(summary, sent);
  return node;
}

const refuse = () => { consent.close(); resends = false; attempt(() => post('discard')); };
find('.dr-no').addEventListener('click', refuse);
consent.addEventListener('cancel', (event) => { event.preventDefault(); refuse(); });
consent.addEventListener('close', () => { element.dataset.consent = ''; });
find('.dr-yes').addEventListener('click', async () => {
  const cap = find('.dr-cap-now').value;
  const sent = await attempt(() => post('send', {
    hash: offered.hash, cap: offered.free || cap === '' ? null : Number(cap),
    concurrency: Number(find('.dr-concurrency').value) || 4, resend: resends,
  }), consent);
  if (sent) { resends = false; consent.close(); }
});
find('.dr-ready-look').addEventListener('click', () => { if (current?.plan) openConsent(current.plan); });
find('.dr-ready-discard').addEventListener('click', () => attempt(() => post('discard')));
