// The whole panel: begins when it is first told where its routes are, looks again when it is seen.
let begun = false;

async function build() {
  if (!props.value) return;
  if (begun) {
    if (element.dataset.ready) { await learn(); if (!current()) begin(); }
    return;
  }
  begun = true;
  await learn();
  if (outbox.length) await drained();
  await begin();
  element.dataset.ready = 'yes';
}

// While nothing is there to be judged, pairs may be drafted meanwhile.
const WAIT_MS = 3000;
const waitingLoop = setInterval(async () => {
  if (!element.isConnected) { clearInterval(waitingLoop); return; }
  if (!begun || !isShown() || current() || asking || listing) return;
  const before = facts?.states.pending || 0;
  await learn();
  if ((facts?.states.pending || 0) > before) begin();
}, WAIT_MS);

watch('value', build);
build();
