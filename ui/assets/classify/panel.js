// The whole panel: shown anew from what the server says, and news of it while the tab is seen.
let shownTurn = 0;
const news = newsLoop({
  isSeen: isShown,
  then: () => { if (props.value.version !== listVersion) fetchList(props.value); },
});

function build() {
  const { value } = props;
  if (!value) return;
  if (value.turn < shownTurn) { news.showed(null); news.look(); return; }   // overtaken by a newer one
  shownTurn = value.turn;
  busyMark(false);
  news.showed(value.seen);
  showSide(value);
  showToolbar(value);
  showQuery(value);
  showAnswer(value);
  showGallery(value);
  showCompared(value);
  showBatch(value);
  showTwins(value);
  showTraining(value);
  showMap(value);
  showLabelling(value);
  element.dataset.ready = 'yes';
}

watch('value', build);
build();
news.begin();
