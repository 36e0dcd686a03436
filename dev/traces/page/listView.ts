import { formatClock, formatMillis } from "../format.ts"
import { groupRepeats, matches, type TraceFilter, type TraceGroup, type TraceSummary } from "../summary.ts"
import { fetchList } from "./api.ts"
import { colouring, element } from "./element.ts"

/** Kept while a trace is looked at, so that going back finds the list as it was. */
let filter: TraceFilter = { text: "", service: "", errorsOnly: false }
const opened = new Set<string>()

const columns = ["Started", "Trace", "Key", "Duration", "Spans", "Errors"]
const numeric = new Set(["Duration", "Spans", "Errors"])
const colour = colouring()

const traceRow = (trace: TraceSummary, className: string): HTMLTableRowElement => {
  const [service = trace.name, ...method] = trace.name.split("/")
  const name = element("a", { class: "name", href: `#/${trace.traceId}`, title: trace.traceId })
  const dot = element("span", { class: "dot" })
  colour(dot, trace.service)
  name.append(dot, method.length === 0 ? service : `${service} `, element("b", { text: method.join("/") }))
  return element(
    "tr",
    { class: trace.errors > 0 ? `${className} failed` : className },
    element("td", { class: "time", text: formatClock(trace.start) }),
    element("td", {}, name, ...(trace.sentBy.length > 0 ? [element("span", { class: "tag", text: "sent" })] : [])),
    element("td", { class: "key", text: trace.key }),
    element("td", { class: "number", text: formatMillis(trace.end - trace.start) }),
    element("td", { class: "number", text: String(trace.spans) }),
    element("td", { class: "number errors", text: trace.errors === 0 ? "" : `✕ ${trace.errors}` })
  )
}

const groupRows = ({ newest, traces }: TraceGroup, redraw: () => void): ReadonlyArray<HTMLTableRowElement> => {
  if (traces.length === 1) return [traceRow(newest, "")]
  const isOpen = traces.some(({ traceId }) => opened.has(traceId))
  const row = traceRow(newest, "")
  const more = element("button", {
    class: "repeats",
    text: isOpen ? "fold" : `+ ${traces.length - 1} alike`,
    attributes: { type: "button", "aria-expanded": String(isOpen) }
  })
  more.addEventListener("click", () => {
    for (const { traceId } of traces) {
      if (isOpen) opened.delete(traceId)
      else opened.add(traceId)
    }
    redraw()
  })
  row.cells[1]?.append(more)
  return isOpen ? [row, ...traces.slice(1).map((trace) => traceRow(trace, "repeat"))] : [row]
}

const controls = (traces: ReadonlyArray<TraceSummary>, redraw: () => void): HTMLElement => {
  const text = element("input", {
    attributes: { type: "search", placeholder: "Filter by name, key or id", "aria-label": "Filter by text" }
  })
  text.value = filter.text
  text.addEventListener("input", () => {
    filter = { ...filter, text: text.value }
    redraw()
  })
  const services = [...new Set(traces.map(({ service }) => service))].sort()
  const service = element(
    "select",
    { attributes: { "aria-label": "Filter by service" } },
    element("option", { text: "All services", attributes: { value: "" } }),
    ...services.map((name) => element("option", { text: name, attributes: { value: name } }))
  )
  service.value = services.includes(filter.service) ? filter.service : ""
  filter = { ...filter, service: service.value }
  service.addEventListener("change", () => {
    filter = { ...filter, service: service.value }
    redraw()
  })
  const errors = element("input", { attributes: { type: "checkbox" } })
  errors.checked = filter.errorsOnly
  errors.addEventListener("change", () => {
    filter = { ...filter, errorsOnly: errors.checked }
    redraw()
  })
  return element("div", { class: "controls" }, text, service, element("label", {}, errors, "Errors only"))
}

const tableHead = () =>
  element(
    "thead",
    {},
    element(
      "tr",
      {},
      ...columns.map((text) =>
        element("th", { text, class: numeric.has(text) ? "number" : "", attributes: { scope: "col" } })
      )
    )
  )

/** All traces that the collector holds, newest first. */
export const listView = async (): Promise<HTMLElement> => {
  const { traces } = await fetchList()
  const count = element("p", { class: "count", attributes: { role: "status" } })
  const body = element("tbody")
  const redraw = () => {
    const shown = traces.filter((trace) => matches(filter, trace))
    count.textContent =
      shown.length === traces.length ? `${traces.length} traces` : `${shown.length} of ${traces.length} traces`
    body.replaceChildren(...groupRepeats(shown).flatMap((group) => groupRows(group, redraw)))
  }
  redraw()
  const reload = element("a", { class: "button", href: "#/", text: "Reload" })
  reload.addEventListener("click", () => window.dispatchEvent(new HashChangeEvent("hashchange")))
  return element(
    "section",
    { class: "list" },
    element("header", {}, element("h1", { text: "Traces" }), count, controls(traces, redraw), reload),
    traces.length === 0
      ? element("p", {
          class: "empty",
          text: "Nothing has been traced yet. Ask the worker for something, then reload."
        })
      : element("table", {}, tableHead(), body)
  )
}
