// Right: what the evaluation would ask, and its beginning.
let plan = null;              // the answer to the wish as it is
let refusal = '';             // why there is none
let turn = 0;                 // grows with every wish
let planning = 0;

function replan(pause = 60) {
  turn += 1;
  clearTimeout(planning);
  element.dataset.planned = '';
  const mine = turn;
  planning = setTimeout(() => replanned(mine), pause);
}

async function replanned(mine) {
  let answer = null;
  let why = '';
  if (wish.set && words_) {
    try { answer = await post('plan', sent()); } catch (error) { why = error.message; }
  }
  if (mine !== turn) return;
  planning = 0;
  plan = answer;
  refusal = why;
  if (!open && state) showCheck();
}

function showCheck() {
  const busy = under(state.now);
  const verdict = !wish.set ? 'Choose a test set' : refusal ? 'It cannot start yet' : !plan ? 'Looking…' : plan.complete ? 'It is there already' : plan.known ? 'It goes on where it ended' : plan.there >= plan.answers ? 'Every answer is there already' : 'Nothing speaks against it';
  find('.ev-check .ev-verdict b').textContent = verdict;
  const rows = [];
  if (plan) {
    rows.push(['Answers', `at most ${counted(plan.answers)}`, plan.there ? `about ${counted(plan.there)} of them are there already` : '']);
    rows.push(['Models', chosen().length ? String(chosen().length) : 'none', '']);
  }
  if (preview) {
    const blind = preview.uncalibrated;
    const lacks = blind ? `${counted(blind)} of ${counted(preview.micrographs)} uncalibrated: no size of these can be right or wrong` : preview.micrographs === 1 ? 'calibrated' : 'all calibrated';
    rows.push(['Micrographs', counted(preview.micrographs), lacks]);
  }
  when('estimate', rows, () => find('.ev-estimate tbody').replaceChildren(...rows.map(([name, text, detail]) => {
    const line = make('tr');
    const cell = make('td', '', text);
    if (detail) cell.append(make('small', '', detail));
    line.append(make('th', '', name), cell);
    return line;
  })));
  find('.ev-confirm').hidden = !preview?.uncalibrated;
  if (preview?.uncalibrated) {
    const { proposed } = preview;
    find('.ev-confirm span').textContent = proposed === 1 ? 'Confirm the scale bar that was read: I vouch for it' : proposed ? `Confirm the ${counted(proposed)} scale bars that were read, and any that are read on the way: I vouch for them` : 'Confirm scale bars that are read on the way: I vouch for them';
  }
  find('.ev-confirm input').checked = wish.confirm;
  find('.ev-again').hidden = !(wish.again || plan?.known || plan?.there);
  find('.ev-again input').checked = wish.again;
  find('.ev-name').placeholder = preview && chosen().length ? ownName() : 'such as steel, with and without adapter';
  if (document.activeElement !== find('.ev-name')) find('.ev-name').value = wish.name;
  find('.ev-refusal').hidden = !refusal;
  find('.ev-refusal').textContent = capital(refusal);
  const start = find('.ev-start');
  start.disabled = !plan || busy || !wish.set;
  start.textContent = plan?.complete ? 'Show it' : plan?.known ? 'Go on' : 'Evaluate';
  find('.ev-start-told').textContent = busy ? 'Another one is under way.' : plan ? 'It goes on when you close the browser.' : '';
  find('.ev-check .ev-command').hidden = !plan;
  find('.ev-check code').textContent = plan ? plan.command : '';
  element.dataset.planned = plan && !planning ? 'yes' : '';
}

find('.ev-confirm input').addEventListener('change', (event) => { wish.confirm = event.target.checked; changed(); });
find('.ev-again input').addEventListener('change', (event) => { wish.again = event.target.checked; changed(); });
find('.ev-name').addEventListener('input', (event) => { wish.name = event.target.value; changed(400); });
find('.ev-start').addEventListener('click', async () => {
  if (plan?.complete) { show(plan.known); return; }
  find('.ev-start').disabled = true;
  const begun = await act('start', sent());
  if (begun) { wish.name = ''; wish.again = false; remember('wish', JSON.stringify(wish)); plan = null; replan(); show(begun.id); } else showCheck();
});
copying(find('.ev-check .ev-command'));
