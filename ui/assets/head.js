// The head of a conversation: its title, the list of all conversations, new, export.
const items = find('.head-items');
const search = find('.head-search');

function build() {
  const value = props.value || { title: '', items: [], current: null };
  find('.head-title b').textContent = value.title || 'Conversation';
  find('.head-new').disabled = !value.can_begin;
  find('.head-export').disabled = !value.downloads;
  if (value.downloads) {
    find('.head-html').href = `${value.downloads}.html`;
    find('.head-markdown').href = `${value.downloads}.md`;
  }
  items.replaceChildren(...value.items.map((item) => entry(item, item.id === value.current)));
  if (!value.items.length) items.append(make('p', 'head-none', 'No conversations yet.'));
  filter();
  element.dataset.conversations = value.items.length;
  element.dataset.current = value.current || '';
}

function entry(item, current) {
  const row = make('div', 'head-item', '', { role: 'listitem', 'data-id': item.id });
  row.dataset.words = item.words.toLowerCase();
  if (current) row.ariaCurrent = 'true';
  const open = make('button', 'head-open', '', { type: 'button', title: item.title });
  open.append(make('b', '', item.title), make('i', '', item.detail));
  open.addEventListener('click', () => { toggle(find('.head-list'), false); trigger('chosen', { id: item.id }); });
  const rename = make('button', 's-quiet', 'Rename', { type: 'button' });
  rename.addEventListener('click', () => edit(row, open, item));
  const remove = make('button', 's-quiet', 'Delete', { type: 'button' });
  row.append(open, rename, askTwice(remove, 'Delete', () => trigger('removed', { id: item.id })));
  return row;
}

function edit(row, open, item) {
  const input = make('input', 's-input', '', { 'aria-label': 'New title', maxlength: '120' });
  input.value = item.title;
  open.replaceWith(input);
  input.focus();
  input.select();
  input.addEventListener('keydown', (event) => {
    event.stopPropagation();
    if (event.key === 'Enter' && input.value.trim()) trigger('renamed', { id: item.id, title: input.value.trim() });
    if (event.key === 'Enter' || event.key === 'Escape') input.replaceWith(open);
  });
}

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of items.querySelectorAll('.head-item')) {
    row.hidden = !words.every((word) => row.dataset.words.includes(word));
  }
}

search.addEventListener('input', filter);
find('.head-title').addEventListener('click', () => toggle(find('.head-list')));
find('.head-export').addEventListener('click', () => toggle(find('.head-menu')));
find('.head-menu').addEventListener('click', () => setTimeout(() => toggle(find('.head-menu'), false), 100));
find('.head-new').addEventListener('click', () => trigger('begun', {}));
onPage('keydown', (event) => {
  if (event.altKey && event.key === 'n') { event.preventDefault(); find('.head-new').click(); }
});
watch('value', build);
build();
