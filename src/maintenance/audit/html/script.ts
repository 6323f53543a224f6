/** @internal Shows only the scopes whose text contains all words of the search. */
export const SCRIPT = `
const field = document.querySelector("#search")
const rows = [...document.querySelectorAll("tr[data-text]")].map((row) => {
  const more = row.nextElementSibling?.classList.contains("more") ? row.nextElementSibling : undefined
  return { row, more, text: (row.dataset.text + " " + row.textContent + " " + (more?.textContent ?? "")).toLowerCase() }
})
field?.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean)
  let shown = 0
  for (const { row, more, text } of rows) {
    const hidden = !words.every((word) => text.includes(word))
    row.hidden = hidden
    if (more) more.hidden = hidden
    if (!hidden) shown += 1
  }
  document.querySelector("#shown").textContent = words.length > 0 ? shown + " of " + rows.length + " scopes" : ""
})
`
