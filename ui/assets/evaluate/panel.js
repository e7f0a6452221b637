// The whole panel: shown anew from what the routes say, and news of it while the tab is seen.
let seen = -1;
let looking = null;

// One look at a time; who asks meanwhile waits for one that begins afterwards.
function look() {
  const next = (looking || Promise.resolve()).catch(() => {}).then(lookNow);
  looking = next;
  return next;
}

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

async function news() {
  if (!element.isConnected) return;
  let pause = NEWS_MS;
  if (base && isShown()) {
    try {
      const answer = await fetch(`${base}/news`);
      if (!answer.ok) pause = SILENT_MS;
      else if (Number(await answer.text()) !== seen) await look();
    } catch { pause = SILENT_MS; }
  }
  setTimeout(news, pause);
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
