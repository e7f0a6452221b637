// Which words somebody changed: the longest common run of words stays, the rest came or went.
const wordsOf = (text) => text.match(/\s+|[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) || [];

function wordDiff(before, after) {
  const a = wordsOf(before);
  const b = wordsOf(after);
  const longest = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i][j] = a[i] === b[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  const parts = [];
  const add = (kind, word) => { if (parts.at(-1)?.kind === kind) parts.at(-1).text += word; else parts.push({ kind, text: word }); };
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { add('same', a[i]); i += 1; j += 1; }
    else if (i < a.length && (j === b.length || longest[i + 1][j] >= longest[i][j + 1])) { add('del', a[i]); i += 1; }
    else { add('ins', b[j]); j += 1; }
  }
  return parts;
}

function diffNode(before, after) {
  const node = make('p', 'rv-diff');
  for (const { kind, text } of wordDiff(before, after)) node.append(kind === 'same' ? document.createTextNode(text) : make(kind, '', text));
  return node;
}
