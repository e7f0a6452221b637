// The whole panel, shown anew from what the routes say.
async function lookNow() {
  if (!base) return;
  words_ ||= await post('form');
  state = await post('state');
  seen = state.news;
  if (open && state.evaluations.every((one) => one.id !== open)) { open = ''; scoring = false; }
  build();
}

function build() {
  if (!state) return;
  showList();
  showWork();
  showScoring();
  showForm();
  showRun();
  element.dataset.ready = 'yes';
}

// Opens an evaluation, or with no id the form for a new one; at once, and then with what is true.
function show(id) {
  if (open !== id) { results = null; data = null; scoring = false; closeAnswer(); find('.ev-scroll').scrollTop = 0; element.dataset.results = ''; }
  open = id;
  remember('open', id);
  build();
  return look().catch((error) => complain(error.message));
}

// The tab is seen: what goes on is opened, else what was looked at last, else the newest.
async function begin() {
  if (!props.value?.base || props.value.base === base) return;
  base = props.value.base;
  try {
    await look();
    if (wish.set) pickedSet();
    const live = state.evaluations.find((one) => one.live);
    const kept = chosenBefore === null ? state.evaluations[0] : state.evaluations.find((one) => one.id === chosenBefore);
    await show((live || kept)?.id || '');
  } catch (error) { complain(error.message); }
}

watch('value', begin);
begin();
news();
