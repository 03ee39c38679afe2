// What waits in this browser for the connection, by person and incident.
const root = document.querySelector("[data-changes]");
export const store = `queue ${root?.dataset.person} ${location.pathname}`;
export const read = () => {
  try {
    return JSON.parse(localStorage.getItem(store)) ?? [];
  } catch {
    return [];
  }
};
// What waits for a field: an editor that is opened once more shows it again.
export const queuedFor = (id) => read().find((item) => item.field === id)?.values;
