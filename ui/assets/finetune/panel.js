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
  state = await ask('state.json');
  seen = state.news;
  if (state.runs.every((one) => one.id !== open)) open = '';
  if (open) { await follow(open); await followOther(); }
  build();
}

function build() {
  if (!state) return;
  showRuns();
  showPlan();
  showCourse();
  if (open && run) { showParts(); showAbout(); }
  element.dataset.ready = 'yes';
}

// Opens a run, or with no id the form for a new one; at once, and then with what is true.
function show(id) {
  if (open !== id) { run = null; course = null; answersOf = ''; }
  open = id;
  remember('run', id);
  find('.ft-scroll').scrollTop = 0;
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
      else if (Number(await answer.text()) !== seen || run?.live) await look();
    } catch { pause = SILENT_MS; }
  }
  setTimeout(news, pause);
}

// The tab is seen: the run under way is opened, else what was looked at last, else the newest run.
async function begin() {
  if (!props.value?.base || props.value.base === base) return;
  base = props.value.base;
  try {
    await look();
    const live = state.runs.find((one) => one.live && one.state !== 'queued') || state.runs.find((one) => one.live);
    const kept = chosen === null ? state.runs[0] : state.runs.find((one) => one.id === chosen);
    await show((live || kept)?.id || '');
  } catch (error) { complain(error.message); }
}

watch('value', begin);
begin();
news();
