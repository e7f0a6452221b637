// Looks again when there is news: one look at a time, and only while the tab is seen. The panel has
// `lookNow`, which shows what is true and notes in `seen` how new that is.
let seen = -1;
let looking = null;

// Who asks meanwhile waits for a look that begins afterwards.
function look() {
  const next = (looking || Promise.resolve()).catch(() => {}).then(lookNow);
  looking = next;
  return next;
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
