// One number, asked for often; the server is asked for more only when it has grown. It must not know
// what the news is: a panel shows `props.value` and says of which news it is.
const NEWS_MS = 700;
const SILENT_MS = 4000;
const LOOK_MS = 10000;

// Asks while `isSeen`, and calls `then` after each time it got an answer. Begins with `begin`.
function newsLoop({ isSeen = () => true, then = () => {} } = {}) {
  let shown = -1;
  let looking = 0;            // when this page began to look; 0 when it has shown what it found

  function look() {
    if (looking && performance.now() - looking < LOOK_MS) return;
    looking = performance.now();
    trigger('news', {});
  }

  async function begin() {
    if (!element.isConnected) return;
    let pause = NEWS_MS;
    if (props.value && isSeen()) {
      try {
        const answer = await fetch(props.value.news);
        if (!answer.ok) pause = SILENT_MS;
        else if (Number(await answer.text()) !== shown) look();
        then();
      } catch { pause = SILENT_MS; }
    }
    setTimeout(begin, pause);
  }

  // The page shows this news now; null where it shows only a part of what there is.
  function showed(version) {
    if (version !== null) shown = version;
    looking = 0;
  }

  return { begin, look, showed };
}
