// The newest entry of the record that this page shows.
export const pageVersion = () => Number(document.getElementById("version")?.dataset.version ?? 0);
