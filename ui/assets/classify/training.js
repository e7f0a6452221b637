// Training an encoder: what it needs, how far it has come, using what came of it.
const trainingPanel = find('.cl-training');

function showTraining(value) {
  const work = value.training;
  const running = work.state === 'running';
  for (const [name, can] of [['labels', work.can_labels], ['without', work.can_without]]) {
    const button = find(`.cl-train-${name}`);
    button.disabled = !can || running;
    button.querySelector('small').textContent = work[name];
  }
  trainingPanel.hidden = !work.state;
  element.dataset.training = work.state;
  if (!work.state) return;
  trainingPanel.querySelector('.cl-work-text').textContent = work.text;
  trainingPanel.classList.toggle('cl-failed', work.state === 'failed');
  trainingPanel.querySelector('progress').hidden = !running;
  trainingPanel.querySelector('progress').value = work.fraction;
  find('.cl-training-cancel').hidden = !running;
  find('.cl-training-dismiss').hidden = running;
  find('.cl-use').hidden = !work.use || work.use === value.wish.encoder;
}

find('.cl-train-labels').addEventListener('click', () => { toggle(find('.cl-options'), false); say('training_wanted', { labels: true }); });
find('.cl-train-without').addEventListener('click', () => { toggle(find('.cl-options'), false); say('training_wanted', { labels: false }); });
find('.cl-training-cancel').addEventListener('click', () => say('work_cancelled', { work: 'training' }));
find('.cl-training-dismiss').addEventListener('click', () => say('work_dismissed', { work: 'training' }));
find('.cl-use').addEventListener('click', () => want({ encoder: props.value.training.use }));
