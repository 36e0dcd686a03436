import { formatClock, formatMillis } from "../format.ts"
import { labelOf } from "../names.ts"
import { type Attribute, attribute } from "../Span.ts"
import { barOf } from "../timeline.ts"
import type { SpanNode } from "../tree.ts"
import { element } from "./element.ts"

const pairs = (attributes: ReadonlyArray<Attribute>): HTMLElement =>
  element(
    "dl",
    {},
    ...attributes.flatMap(([name, value]) => [element("dt", { text: name }), element("dd", { text: value })])
  )

const section = (title: string, ...content: ReadonlyArray<HTMLElement>): ReadonlyArray<HTMLElement> =>
  content.length === 0 ? [] : [element("h3", { text: title }), ...content]

const timesOf = (node: SpanNode, traceStart: number): ReadonlyArray<Attribute> => {
  const { end, start, waits } = barOf(node)
  const waited = waits.reduce((sum, gap) => sum + gap.end - gap.start, 0)
  return [
    ["started", `${formatClock(start)}  (+ ${formatMillis(start - traceStart)})`],
    ["duration", formatMillis(end - start)],
    ...(waited > 0 ? [["of it waiting", formatMillis(waited)] as const] : []),
    ["made by", node.span.program]
  ]
}

const invocationLink = (node: SpanNode, restateUi: string): ReadonlyArray<HTMLElement> => {
  const id = attribute(node.span.attributes, "restate.invocation.id")
  if (id === undefined || restateUi === "") return []
  return [
    element("a", {
      class: "button",
      href: `${restateUi}/invocations/${id}`,
      text: "Open the invocation in Restate",
      attributes: { target: "_blank", rel: "noreferrer" }
    })
  ]
}

const links = (node: SpanNode): ReadonlyArray<HTMLElement> =>
  node.span.links.map((traceId) => element("a", { class: "trace-link", href: `#/${traceId}`, text: traceId }))

export interface DetailOptions {
  readonly restateUi: string
  readonly traceStart: number
  readonly close: () => void
}

/** Everything that is known of one span. */
export const detailPanel = (node: SpanNode, { close, restateUi, traceStart }: DetailOptions): HTMLElement => {
  const { span } = node
  const closing = element("button", {
    class: "close",
    text: "✕",
    attributes: { type: "button", "aria-label": "Close" }
  })
  closing.addEventListener("click", close)
  const events = span.events.map((event) =>
    element(
      "div",
      { class: "event" },
      element("time", { text: `+ ${formatMillis(event.at - span.start)}` }),
      element("span", { text: event.name }),
      pairs(event.attributes)
    )
  )
  return element(
    "aside",
    { class: "detail", attributes: { "aria-label": "Span" } },
    element("header", {}, element("h2", { text: labelOf(span) }), closing),
    ...(span.error === undefined ? [] : [element("p", { class: "error", text: span.error || "It failed." })]),
    ...(node.orphan
      ? [
          element("p", {
            class: "note",
            text: `Its parent ${span.parentSpanId} is not in this trace: the caller's own, or not received.`
          })
        ]
      : []),
    pairs(timesOf(node, traceStart)),
    ...invocationLink(node, restateUi),
    ...section("Sent off by", ...links(node)),
    ...section("Attributes", ...(span.attributes.length === 0 ? [] : [pairs(span.attributes)])),
    ...section("Events", ...events),
    ...section(
      "Identity",
      pairs([
        ["name", span.name],
        ["span", span.spanId],
        ["parent", span.parentSpanId || "none"],
        ["trace", span.traceId]
      ])
    ),
    ...section("Program", pairs(span.resource))
  )
}
