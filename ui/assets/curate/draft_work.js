// What goes on and what came of it: progress with money, jobs with their outcomes, raw responses.
const TITLES = { done: 'Drafted', cancelled: 'Cancelled', failed: 'Broke off', paused: 'Paused', running: 'Drafting' };
const STATUS = { done: 'done', stopped: 'stopped', failed: 'broke off', interrupted: 'interrupted', paused: 'paused', running: 'running' };
const answer = find('.dr-look');
let working = false;

function showWork({ planning, sending }) {
  const preparing = planning && ['running', 'failed'].includes(planning.state) && !(sending && under(sending)) ? planning : null;
  const work = preparing || sending;
  working = Boolean((sending && under(sending)) || (planning && under(planning)));
  find('.dr-work').hidden = !work;
  element.dataset.work = work?.state ?? '';
  element.dataset.working = working ? 'yes' : '';
  if (!work) return;
  find('.dr-work-title').textContent = preparing ? (work.state === 'failed' ? 'Not prepared' : 'Preparing, nothing leaves') : TITLES[work.state];
  find('.dr-work-text').textContent = work.text;
  find('.dr-work progress').value = work.fraction;
  find('.dr-work progress').hidden = !under(work);
  const note = find('.dr-work-note');
  note.textContent = [preparing ? '' : work.note, work.error].filter(Boolean).join(' ');
  note.hidden = !note.textContent;
  find('.dr-pause').hidden = Boolean(preparing) || !under(work);
  find('.dr-pause').textContent = work.state === 'paused' ? 'Resume' : 'Pause';
  find('.dr-cancel').hidden = !under(work);
  find('.dr-dismiss').hidden = under(work);
  find('.dr-work-review').hidden = Boolean(preparing) || under(work) || !work.pairs;
}
const under = (work) => ['running', 'paused'].includes(work.state);

function showPairs(pairs) {
  const count = (state) => pairs[state] || 0;
  const text = [`${plural(count('pending'), 'pair')} waiting`, `${count('accepted')} accepted`, `${count('rejected')} rejected`];
  find('.dr-pairs').textContent = text.join(' · ');
  element.dataset.pending = count('pending');
}

function showJobs(jobs) {
  if (jobs.length) find('.dr-job-list').replaceChildren(...jobs.map(drawJob));
  else find('.dr-job-list').replaceChildren(make('p', 'dr-empty', 'Requests to a teacher are listed here, with what came of each: drafted, refused, truncated or invalid. What is drafted on this machine goes straight to Review.'));
}

function drawJob(job) {
  const node = make('div', 'dr-job');
  const head = make('div', 's-row');
  head.append(make('b', '', `${job.host} · ${job.model}`), make('span', 'dr-note', [job.began, STATUS[job.status], job.cap && `cap ${job.cap}`].filter(Boolean).join(' · ')));
  const outcomes = make('div', 'dr-outcomes');
  for (const one of job.outcomes) {
    const chip = make('button', '', `${one.count} ${one.title}`, { type: 'button', 'data-state': one.state, title: 'Show these requests' });
    chip.addEventListener('click', () => attempt(() => openOutcomes(job, one)));
    outcomes.append(chip);
  }
  node.append(head, outcomes);
  if (job.reason) node.append(make('p', 'dr-note', job.reason));
  if (job.uncertain) node.append(drawUncertain(job));
  const acts = make('div', 's-row');
  if (job.outcomes.some((one) => one.state === 'answered')) {
    const go = make('button', 's-button', 'Review them', { type: 'button' });
    go.addEventListener('click', () => review({ teacher: job.host, model: job.model }));
    acts.append(go);
  }
  if (job.rest > job.uncertain && job.status !== 'done') {
    const rest = make('button', 's-button', `Go on with ${job.rest - job.uncertain} left…`, { type: 'button' });
    rest.addEventListener('click', () => goOn(job, false));
    acts.append(rest);
  }
  node.append(acts);
  return node;
}

function drawUncertain(job) {
  const box = make('div', 'dr-uncertain', `${plural(job.uncertain, 'request')} uncertain: sLAVA or the connection ended while ${job.uncertain === 1 ? 'it was' : 'they were'} on the way. ${job.uncertain === 1 ? 'It' : 'They'} may have been paid; asking again may cost twice.`);
  const again = make('button', 's-button', 'Ask again…', { type: 'button' });
  const leave = make('button', 's-button', 'Leave', { type: 'button' });
  again.addEventListener('click', () => goOn(job, true));
  leave.addEventListener('click', () => attempt(() => post('leave', { job: job.id })));
  const row = make('div', 's-row');
  row.append(again, leave);
  box.append(row);
  return box;
}

async function goOn(job, resend) {
  waitsForPlan = true;
  resends = resend;
  if (!(await attempt(() => post('rest', { job: job.id })))) waitsForPlan = false;
}

async function openOutcomes(job, outcome) {
  const { rows: found } = await post('outcomes', { job: job.id, state: outcome.state });
  answer.querySelector('h3').textContent = `${outcome.count} ${outcome.title}, ${job.host} · ${job.model}`;
  const list = find('.dr-look-list');
  list.replaceChildren(...found.map((one) => {
    const row = make('button', '', one.title, { type: 'button', role: 'listitem' });
    row.append(make('small', '', one.of.join(', ')), ...(one.reason ? [make('small', '', one.reason)] : []));
    row.addEventListener('click', () => attempt(async () => {
      list.querySelectorAll('button').forEach((other) => other.setAttribute('aria-current', other === row));
      showResponse(await post('response', { id: one.id }));
    }));
    return row;
  }));
  find('.dr-look-one').replaceChildren(make('p', 'dr-note', 'Choose a request to see what came back.'));
  answer.showModal();
  list.querySelector('button')?.click();
}

function showResponse(one) {
  const told = [one.state, one.reason, `${one.tokens} tokens`, one.cost, plural(one.attempts, 'attempt')].filter(Boolean).join(' · ');
  find('.dr-look-one').replaceChildren(
    make('p', 'dr-note', told), make('h4', '', 'What came back, as it came'), make('pre', 'dr-raw', one.raw || 'nothing'),
    make('h4', '', 'What was sent'), make('pre', '', one.sent),
  );
}

find('.dr-look-close').addEventListener('click', () => answer.close());
find('.dr-pause').addEventListener('click', () => attempt(() => post('work', { do: current.sending.state === 'paused' ? 'resume' : 'pause' })));
find('.dr-cancel').addEventListener('click', () => attempt(() => post('work', { do: 'cancel' })));
find('.dr-dismiss').addEventListener('click', () => attempt(() => post('work', { do: 'dismiss' })));
find('.dr-work-review').addEventListener('click', () => {
  const job = current.jobs.find((one) => one.id === current.sending?.job);
  review(job ? { teacher: job.host, model: job.model } : { teacher: 'local' });
});
