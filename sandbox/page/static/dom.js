// The few ways in which this page touches the document. Text always goes in as text: titles come
// from people and may hold markup, and none of it is ever parsed.

/** Make an element. Properties are set as properties, `data-*` and `aria-*` as attributes. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) element.setAttribute(name, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element[name] = value;
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/**
 * Make the children of `parent` match `items`, touching only what has changed.
 *
 * An element is kept while `signature(item)` stays the same, so nothing flickers, no open list is
 * closed and no scroll position lost. An element marked `data-busy` is left alone: somebody is
 * editing it.
 */
export function reconcile(parent, items, { key, signature, render }) {
  const present = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    const marked = signature(item);
    let element = present.get(name);
    present.delete(name);
    if (!element || (element.dataset.signature !== marked && !element.dataset.busy)) {
      const fresh = render(item);
      fresh.dataset.key = name;
      fresh.dataset.signature = marked;
      if (element) {
        if (place === element) place = fresh;
        const focused = element.contains(document.activeElement) && document.activeElement.dataset.focus;
        element.replaceWith(fresh);
        if (focused) fresh.querySelector(`[data-focus="${focused}"]`)?.focus();
      }
      element = fresh;
    }
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
  for (const [name, element] of present) {
    if (!element.dataset.busy) element.remove();
  }
}

/** Say something went wrong, until the next thing goes right. */
export function notice(text) {
  const element = document.getElementById("notice");
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}
