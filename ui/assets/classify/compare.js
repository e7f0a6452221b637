// One question about the query and what is shown with it, answered by the model.
const compareBox = find('.cl-compared');
const question = find('.cl-question');
let suggested = '';

function showCompared(value) {
  const { compared } = value;
  element.dataset.compared = compared ? compared.state : '';
  if (compared) compareBox.hidden = false;
  find('.cl-compare').ariaExpanded = String(!compareBox.hidden);
  if (!question.value || question.value === suggested) question.value = value.question;
  suggested = value.question;
  const running = compared?.state === 'running';
  find('.cl-stop').hidden = !compared;
  find('.cl-stop').textContent = running ? 'Stop' : 'Close';
  compareBox.querySelector('[type=submit]').hidden = running;
  find('.cl-compared-text').textContent = compared ? compared.text || (running ? '…' : '') : '';
  find('.cl-compared-note').textContent = compared ? compared.note : '';
}

find('.cl-compare').addEventListener('click', () => {
  compareBox.hidden = !compareBox.hidden;
  find('.cl-compare').ariaExpanded = String(!compareBox.hidden);
  if (!compareBox.hidden) question.select();
});
compareBox.querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault();
  if (question.value.trim()) say('compared', { question: question.value.trim() });
});
find('.cl-stop').addEventListener('click', () => {
  if (props.value.compared?.state !== 'running') compareBox.hidden = true;
  say('comparing_ended');
});
