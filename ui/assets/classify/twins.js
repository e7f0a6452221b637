// Near-duplicates: groups of pictures that are nearly the same; one click leaves out or keeps.
const twins = find('.cl-twins');

function showTwins(value) {
  const found = value.duplicates;
  twins.hidden = !found;
  element.dataset.twins = found ? found.state : '';
  element.dataset.groups = found ? found.groups.length : '';
  if (!found) { last.delete('twins'); return; }
  const running = found.state === 'running' || found.state === 'paused';
  find('.cl-twins-text').textContent = found.text;
  twins.querySelector('progress').hidden = !running;
  twins.querySelector('progress').value = found.fraction;
  find('.cl-twins-cancel').hidden = !running;
  find('.cl-twins-dismiss').hidden = running;
  find('.cl-twins-groups').hidden = !found.groups.length;
  when('twins', [found.groups, found.more, value.library.classes], () => {
    const more = found.more ? [make('p', 'cl-note', `${found.more} more groups follow.`)] : [];
    find('.cl-twins-groups').replaceChildren(...found.groups.map(twinGroup), ...more);
  });
}

function twinGroup(group) {
  const node = make('div', 'cl-twin-group', '', { role: 'listitem', 'data-id': group.id });
  const keep = make('button', 's-button', group.twins.length > 2 ? 'Keep all' : 'Keep both', { type: 'button', title: 'They stay, as one source: neither vouches for the other' });
  keep.addEventListener('click', () => say('kept', { id: group.id }));
  const side = make('div', 'cl-twin-side');
  side.append(make('span', 'cl-twin-told', group.told), keep);
  node.append(...group.twins.map(twin), side);
  return node;
}

function twin(one) {
  const node = make('figure', 'cl-twin', '', { 'data-id': one.id, title: one.name });
  const open = make('button', 'cl-card-open', '', { type: 'button', title: `Classify ${one.name}` });
  open.append(make('img', '', '', { alt: one.name, src: one.picture, loading: 'lazy' }));
  open.addEventListener('click', () => say('chosen', { id: one.id }));
  const label = make('div', 'cl-of');
  label.append(dot(one.label), document.createTextNode(one.title));
  const out = make('button', 's-button', 'Leave out', { type: 'button', title: 'Its label is taken away (Ctrl+Z gives it back)' });
  out.addEventListener('click', () => say('left_out', { id: one.id }));
  const text = make('div', 'cl-twin-text');
  text.append(make('b', '', one.name), label, make('span', 'cl-note', `alike ${one.similarity}`), out);
  node.append(open, text);
  return node;
}

find('.cl-find-twins').addEventListener('click', () => { toggle(menu, false); say('duplicates_wanted'); });
find('.cl-twins-cancel').addEventListener('click', () => say('work_cancelled', { work: 'duplicates' }));
find('.cl-twins-dismiss').addEventListener('click', () => say('work_dismissed', { work: 'duplicates' }));
