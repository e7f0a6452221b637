// The head of the open evaluation, and on the right what it is made of.
let about = null;

function showRun() {
  const one = one_();
  const shown = Boolean(open && one) && !scoring;
  find('.ev-run').hidden = !shown;
  find('.ev-about').hidden = !shown || !find('.ev-answer').hidden;
  if (!shown) find('.ev-answer').hidden = true;
  element.dataset.open = open;
  if (!shown) return;
  element.dataset.state = one.live ? 'running' : one.state;
  const paused = one.live && state.now?.state === 'paused';
  if (find('.ev-rename').hidden) find('.ev-title').textContent = one.name;
  const chip = find('.ev-state');
  chip.textContent = paused ? 'paused' : one.told;
  chip.dataset.state = paused ? 'paused' : one.live ? 'running' : one.state;
  chip.title = one.reason;
  find('.ev-told').textContent = [one.dataset, plural(one.models.length, 'model'), one.live ? '' : `${counted(one.done)} of ${plural(one.total, 'answer')}`].filter(Boolean).join(' · ');
  find('.ev-go-on').hidden = !one.resumable;
  find('.ev-go-on').disabled = under(state.now);
  for (const kind of ['report', 'csv', 'parquet']) {
    const link = find(`.ev-${kind}`);
    link.href = `${base}/evaluate/results.${kind === 'report' ? 'html' : kind}?${new URLSearchParams({ id: open })}`;
    link.classList.toggle('ev-off', !one.done);
  }
  if (results?.id !== open) {
    find('.ev-part-figures').replaceChildren(make('p', 'ev-empty', one.done || !one.live ? '' : 'The first answers are on their way. Close the browser if you like: it goes on.'));
    last.delete('figures');
    showPart();
  }
  showReading();
  followResults();
  showWaiting(one);
  showAbout(one);
}

// A judge was chosen, and has said nothing yet: that needs a yes of its own.
function showWaiting(one) {
  const judge = about?.id === open ? about.judge_choice : null;
  const waits = Boolean(judge) && !one.live && results?.id === open && !results.trust.length && results.scorable.overall_quality > 0;
  find('.ev-waiting').hidden = !waits;
  if (waits) find('.ev-waiting span').textContent = `${judge.model} has not judged these answers yet; nothing was sent to it.`;
}
find('.ev-waiting button').addEventListener('click', (event) => { firstJudge(); prepareJudge(event.target); });

async function showAbout(one) {
  if (!about || about.id !== open) {
    const id = open;
    about = { id };
    try { const said = await post('about', { id }); if (open === id) { about = said; showWaiting(one); } } catch (error) { if (open === id) complain(error.message); }
  }
  if (about.id !== open || !about.models) return;
  when('about', [about, one.reason, one.live, one.name], () => {
    const block_ = (title, ...inside) => { const node = make('div', 'ev-about-block'); node.append(make('b', '', title), ...inside); return node; };
    const models = make('ol', 'ev-chain');
    models.append(...about.models.map((model, k) => { const item = make('li'); const name = make('span'); name.append(sign(k), model.title); item.append(name, make('small', '', [model.about, model.identity.slice(0, 12)].filter(Boolean).join(' · '), { title: model.identity })); return item; }));
    const rows = [['Measures', about.measures.join(', ')], ['Context', `${listing(about.levels)}, ${about.way}`], ['Generation', `at most ${about.longest} tokens, greedy, seed ${about.seed}${about.again ? ', asked again' : ''}`], ['Pack', about.pack], ...(about.judge ? [['Judge', about.judge]] : []), ['Test set', one.dataset], ['Evaluation', about.id], ['Begun', moment(one.created)]];
    const settings = make('table', 'ev-estimate');
    settings.append(...rows.map(([name, text]) => { const line = make('tr'); line.append(make('th', '', name), make('td', '', text)); return line; }));
    const command = make('details', 'ev-command');
    const inside = make('div');
    inside.append(make('code', '', about.command), make('button', 's-button ev-copy', 'Copy', { type: 'button' }));
    command.append(make('summary', '', 'Show command'), inside);
    const again = make('button', 's-button', 'New like this', { type: 'button' });
    again.addEventListener('click', () => { wishLike(about.wish); show(''); pickedSet(); });
    const save = make('a', 's-button', 'Save report', { href: `${base}/evaluate/results.html?${new URLSearchParams({ id: open, save: 1 })}` });
    const remove = make('button', 's-button ev-remove', 'Remove', { type: 'button' });
    askTwice(remove, 'Remove it with its answers', () => { const id = open; act('remove', { id }).then((done) => { if (done) show(''); }); });
    remove.disabled = one.live;
    const foot = make('p', 's-row ev-about-foot');
    foot.append(save, again, make('span', 's-gap'), remove);
    find('.ev-about').replaceChildren(...(one.reason ? [make('p', 'ev-caution', capital(one.reason))] : []), block_('Models', models), block_('Settings', settings), copying(command), make('p', 'ev-note', 'Answers are kept by what decides them: the same question to the same weights is not asked again. Scores of people stay when an evaluation is removed.'), foot);
  });
}

find('.ev-go-on').addEventListener('click', () => act('go_on', { id: open }));
const rename = find('.ev-rename');
find('.ev-title').addEventListener('click', () => { rename.hidden = false; find('.ev-title').hidden = true; rename.value = one_().name; rename.select(); });
async function renamed(kept) {
  if (rename.hidden) return;
  rename.hidden = true;
  find('.ev-title').hidden = false;
  const name = rename.value.trim();
  if (kept && name && name !== one_()?.name) await act('rename', { id: open, name });
}
rename.addEventListener('keydown', (event) => { event.stopPropagation(); if (event.key === 'Enter') renamed(true); if (event.key === 'Escape') renamed(false); });
rename.addEventListener('blur', () => renamed(true));
