// One number, asked for often while the tab is seen; the server is asked for more when it has grown.
const NEWS_MS = 600;
const SILENT_MS = 4000;
const LOOK_MS = 10000;
let shownNews = -1;
let looking = 0;
let shownTurn = 0;

function build() {
  const { value } = props;
  if (!value) return;
  if (value.turn < shownTurn) { looking = 0; look(); return; }   // overtaken by a newer one
  shownTurn = value.turn;
  busyMark(false);
  shownNews = value.seen;
  looking = 0;
  showSide(value);
  showToolbar(value);
  showQuery(value);
  showAnswer(value);
  showGallery(value);
  showCompared(value);
  showBatch(value);
  showMap(value);
  showLabelling(value);
  element.dataset.ready = 'yes';
}

async function askForNews() {
  if (!element.isConnected) return;
  let pause = NEWS_MS;
  if (isShown() && props.value) {
    try {
      const answer = await fetch(props.value.news);
      if (!answer.ok) pause = SILENT_MS;
      else if (Number(await answer.text()) !== shownNews) look();
      if (props.value.version !== listVersion) fetchList(props.value);
    } catch { pause = SILENT_MS; }
  }
  setTimeout(askForNews, pause);
}

function look() {
  if (looking && performance.now() - looking < LOOK_MS) return;
  looking = performance.now();
  trigger('news', {});
}

watch('value', build);
build();
askForNews();
