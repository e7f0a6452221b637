// Questions about the query and what is shown with it, answered by the model; kept, and reopened.
const compareBox = find('.cl-compared');
const question = find('.cl-question');
let suggested = '';

function showCompared(value) {
  const { compared } = value;
  element.dataset.compared = compared ? compared.state : '';
  element.dataset.earlier = value.earlier.length;
  if (compared) compareBox.hidden = false;
  find('.cl-compare').ariaExpanded = String(!compareBox.hidden);
  if (!question.value || question.value === suggested) question.value = value.question;
  suggested = value.question;
  const running = compared?.state === 'running';
  find('.cl-stop').hidden = !compared;
  find('.cl-stop').textContent = running ? 'Stop' : 'Close';
  compareBox.querySelector('[type=submit]').hidden = running;
  when('turns', compared, () => {
    const turns = (compared?.turns || []).map((turn, place, all) => {
      const node = make('div', 'cl-turn');
      const waiting = running && place === all.length - 1;
      node.append(make('b', '', turn.question), make('p', '', turn.text || (waiting ? '…' : '')), make('p', 'cl-note', turn.note));
      return node;
    });
    find('.cl-turns').replaceChildren(...turns);
  });
  const others = value.earlier.filter((one) => one.id !== compared?.id);
  when('earlier', others, () => find('.cl-earlier').replaceChildren(...(others.length ? [make('span', 'cl-note', 'Earlier')] : []), ...others.map((one) => {
    const node = make('button', 's-item', one.title, { type: 'button', title: 'Show it again, with the set it was about', 'data-id': one.id });
    node.append(make('small', '', one.told));
    node.addEventListener('click', () => say('comparing_reopened', { id: one.id }));
    return node;
  })));
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
