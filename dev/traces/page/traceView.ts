import { formatClock, formatMillis } from "../format.ts"
import { type Span, spansOf } from "../Span.ts"
import { summarize, type TraceSummary } from "../summary.ts"
import { barOf, windowOf } from "../timeline.ts"
import { foldedAtFirst, rowsOf, type SpanNode, treeOf } from "../tree.ts"
import { fetchList, fetchTrace } from "./api.ts"
import { detailPanel } from "./detail.ts"
import { colouring, element } from "./element.ts"
import { axisLine, waterfall } from "./waterfall.ts"

const back = () => element("a", { class: "button", href: "#/", text: "← All traces" })

const traceLink = ({ key, name, traceId }: TraceSummary) =>
  element("a", { class: "trace-link", href: `#/${traceId}`, text: key === "" ? name : `${name} of ${key}` })

const heading = (trace: TraceSummary, all: ReadonlyArray<TraceSummary>): HTMLElement => {
  const before = all.filter(({ traceId }) => trace.sentBy.includes(traceId))
  const after = all.filter(({ sentBy }) => sentBy.includes(trace.traceId)).toReversed()
  const facts = [
    formatClock(trace.start),
    formatMillis(trace.end - trace.start),
    `${trace.spans} spans${trace.dropped === 0 ? "" : ` (${trace.dropped} more were not kept)`}`
  ]
  return element(
    "header",
    {},
    back(),
    element("h1", {}, trace.name, element("span", { class: "key", text: trace.key })),
    element("p", { class: "count", text: facts.join(" · ") }),
    ...(trace.errors === 0 ? [] : [element("p", { class: "errors", text: `✕ ${trace.errors} failed` })]),
    ...(before.length === 0 ? [] : [element("p", { class: "related" }, "Sent off by ", ...before.map(traceLink))]),
    ...(after.length === 0 ? [] : [element("p", { class: "related" }, "Sent off ", ...after.map(traceLink))])
  )
}

/** Whether all of Restate's spans are shown; kept from trace to trace. */
let everything = false

const flatten = (roots: ReadonlyArray<SpanNode>) => rowsOf(roots, () => false).map(({ node }) => node)

const body = (spans: ReadonlyArray<Span>, restateUi: string): HTMLElement => {
  const host = element("div", { class: "trace-body" })
  const colour = colouring()
  let folded = new Set<string>()
  let nodes: ReadonlyArray<SpanNode> = []
  let roots: ReadonlyArray<SpanNode> = []
  let selected = ""

  const plant = () => {
    roots = treeOf(spans, { everything })
    nodes = flatten(roots)
    folded = new Set(nodes.filter(foldedAtFirst).map(({ span }) => span.spanId))
  }
  const focusRow = (spanId: string) => host.querySelector<HTMLElement>(`[data-span="${CSS.escape(spanId)}"]`)?.focus()
  const redraw = (focused: string) => {
    const axis = windowOf(nodes.map(barOf))
    const close = () => {
      const last = selected
      selected = ""
      redraw(last)
    }
    const isFolded = ({ span }: SpanNode) => folded.has(span.spanId)
    const toggle = (node: SpanNode) => {
      if (!folded.delete(node.span.spanId)) folded.add(node.span.spanId)
      redraw(node.span.spanId)
    }
    const select = (node: SpanNode) => {
      selected = node.span.spanId
      redraw(selected)
    }
    const detailed = nodes.find(({ span }) => span.spanId === selected)
    const chart = element(
      "div",
      { class: "chart" },
      element("div", { class: "row head" }, toolbar(), element("div", { class: "program" }), axisLine(axis)),
      waterfall(rowsOf(roots, isFolded), { axis, selected, isFolded, toggle, select, colour })
    )
    const top = host.querySelector(".chart")?.scrollTop ?? 0
    host.replaceChildren(
      chart,
      ...(detailed === undefined ? [] : [detailPanel(detailed, { restateUi, traceStart: axis.start, close })])
    )
    chart.scrollTop = top
    host.onkeydown = (event) => {
      if (event.key === "Escape" && selected !== "") close()
    }
    if (focused !== "") focusRow(focused)
  }
  const toolbar = () => {
    const button = (text: string, action: () => void) => {
      const made = element("button", { text, attributes: { type: "button" } })
      made.addEventListener("click", () => {
        action()
        redraw("")
      })
      return made
    }
    const all = element("input", { attributes: { type: "checkbox" } })
    all.checked = everything
    all.addEventListener("change", () => {
      everything = all.checked
      plant()
      redraw("")
    })
    return element(
      "div",
      { class: "label toolbar" },
      button("Unfold all", () => folded.clear()),
      button("Fold", () => {
        folded = new Set(nodes.filter(foldedAtFirst).map(({ span }) => span.spanId))
      }),
      element("label", { title: "Also markers and single attempts" }, all, "All of Restate's spans")
    )
  }
  plant()
  redraw("")
  return host
}

/** One trace as a waterfall. */
export const traceView = async (traceId: string): Promise<HTMLElement> => {
  const [{ restateUi, traces }, request] = await Promise.all([fetchList(), fetchTrace(traceId)])
  const spans = request === undefined ? [] : spansOf(request)
  const summary = traces.find((trace) => trace.traceId === traceId) ?? summarize(spans, 0)
  if (summary === undefined || request === undefined) {
    return element(
      "section",
      {},
      element("header", {}, back()),
      element("p", { class: "empty", text: "This trace is not held here, or not any more." })
    )
  }
  return element("section", { class: "trace" }, heading(summary, traces), body(spans, restateUi))
}
