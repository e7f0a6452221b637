// The whole panel: shown anew from what the server says, while the view is seen.
let current = null;            // what state.json said last

load = async () => {
  if (!form) await loadForm();
  const state = await post('state');
  const ended = working && !(state.sending && under(state.sending)) && !(state.planning && under(state.planning));
  current = state;
  openId = state.open;
  showWork(state);
  if (state.library !== listed || ended || !items.length) await loadMicrographs();
  when('open', state.open, showChoices);
  when('jobs', state.jobs, showJobs);
  when('pairs', state.pairs, showPairs);
  showPlan(state.plan);
  showGo();
  element.dataset.ready = 'yes';
  return state.version;
};

watch('value', () => { if (props.value && isShown()) look(); });
follow();
