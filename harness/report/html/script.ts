/** What works without it works better with it: search, only what is missing, copy. No part of it reads markup. */
export const SCRIPT = `
const opened = () => {
  let name = location.hash.slice(1);
  // Anybody may have written the address.
  try { name = decodeURIComponent(name); } catch {}
  const wanted = document.getElementById(name);
  for (let each = wanted; each; each = each.parentElement) if (each.tagName === 'DETAILS') each.open = true;
  wanted?.scrollIntoView();
};
addEventListener('hashchange', opened);
// Over plain http there is no navigator.clipboard.
const copied = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {}
  const area = Object.assign(document.createElement('textarea'), { value: text, className: 'copied' });
  document.body.append(area);
  area.select();
  try {
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    area.remove();
  }
};
const box = (words) => {
  const input = Object.assign(document.createElement('input'), { type: 'checkbox' });
  const label = document.createElement('label');
  label.append(input, ' ' + words);
  return { input, label };
};
for (const tools of document.querySelectorAll('.tools')) {
  const records = tools.parentElement;
  const rows = () => records.querySelectorAll('.row:not(.head)');
  const search = Object.assign(document.createElement('input'), { type: 'search', placeholder: 'Search the records' });
  search.setAttribute('aria-label', 'Search the records');
  const wire = box('only what did not arrive on the wire');
  const serial = box('only what is not on the serial console');
  const copy = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Copy as text' });
  copy.setAttribute('aria-live', 'polite');
  const filter = () => {
    const words = search.value.toLowerCase();
    const chosen = (row) => (!wire.input.checked && !serial.input.checked)
      || (wire.input.checked && row.classList.contains('lost'))
      || (serial.input.checked && row.querySelector('.unprinted'));
    for (const row of rows()) row.hidden = !chosen(row) || !row.textContent.toLowerCase().includes(words);
  };
  search.addEventListener('input', filter);
  wire.input.addEventListener('change', filter);
  serial.input.addEventListener('change', filter);
  copy.addEventListener('click', async () => {
    const texts = [...rows()].filter((row) => !row.hidden).map((row) => row.querySelector('.text').textContent + '\\n');
    copy.textContent = await copied(texts.join('')) ? 'Copied' : 'It could not be copied';
    copy.focus();
    setTimeout(() => { copy.textContent = 'Copy as text'; }, 1500);
  });
  tools.append(search, wire.label, ...(records.querySelector('.unprinted') ? [serial.label] : []), copy);
}
opened();
`;
