// The demonstrations that the answer rests on: pinned, swapped, left out.
const gallery = find('.cl-gallery');
const TITLES = {
  similar: 'Most like it', balanced: 'Most like it, of every class', diverse: 'Like it, unlike each other',
  random: 'Drawn at random', other_categories: 'Most like it, of other classes', dissimilar_within: 'Least like it, of its class',
};

function showGallery(value) {
  find('.cl-shown .cl-shown-head b').textContent = TITLES[value.wish.strategy];
  element.dataset.shown = value.gallery.length;
  when('gallery', [value.gallery, value.library.classes], () => gallery.replaceChildren(...value.gallery.map(card)));
}

function card(one) {
  const node = make('figure', `cl-card${one.agrees ? ' cl-agrees' : ''}`, '', { role: 'listitem', 'data-id': one.id, 'data-label': one.label, title: one.name });
  const picture = make('img', '', '', { alt: one.name, src: one.picture, loading: 'lazy' });
  const open = make('button', 'cl-card-open', '', { type: 'button', title: `Classify ${one.name}` });
  open.append(picture);
  open.addEventListener('click', () => say('chosen', { id: one.id }));
  const label = make('div', 'cl-card-label');
  label.append(dot(one.label), make('b', '', one.title));
  const near = make('div', 'cl-card-near', '', { title: one.distance ? `cosine ${one.similarity}, distance ${one.distance}` : `cosine ${one.similarity}` });
  const bar = make('i');
  bar.style.width = `${100 * one.fraction}%`;
  near.append(bar, make('span', '', one.distance || one.similarity));
  const tools = make('div', 'cl-card-tools');
  tools.append(
    tool(one.pinned ? 'Unpin' : 'Pin', one.pinned ? 'Pinned: shown whatever the strategy says' : 'Show it whatever the strategy says', 'pinned', one.id, one.pinned),
    tool('Swap', 'Show another of its class instead', 'swapped', one.id),
    tool('Leave out', 'Do not show it for this query', 'put_aside', one.id),
  );
  node.append(open, label, near, make('div', 'cl-card-source', one.source || one.name), tools);
  return node;
}

function tool(text, title, name, id, pressed = false) {
  const button = make('button', 's-quiet', text, { type: 'button', title, 'aria-pressed': String(pressed) });
  button.addEventListener('click', () => say(name, { id }));
  return button;
}
