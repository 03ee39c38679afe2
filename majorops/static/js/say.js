// Words for whoever hears the page instead of seeing it.
export const say = (text, urgent) => {
  document.getElementById(urgent ? "said-urgent" : "said").textContent = text;
};
