import { formatMillis, formatTick } from "../format.ts"
import { keyOf, labelOf } from "../names.ts"
import { barOf, type Interval, placeOf, ticksOf } from "../timeline.ts"
import type { Row, SpanNode } from "../tree.ts"
import { element } from "./element.ts"

export interface WaterfallOptions {
  readonly axis: Interval
  readonly selected: string
  readonly isFolded: (node: SpanNode) => boolean
  readonly toggle: (node: SpanNode) => void
  readonly select: (node: SpanNode) => void
  readonly colour: (target: HTMLElement, service: string) => void
}

const mostTicks = 6

const put = (target: HTMLElement, axis: Interval, interval: Interval): HTMLElement => {
  const { left, width } = placeOf(axis, interval)
  target.style.left = `${left}%`
  target.style.width = `${width}%`
  return target
}

export const axisLine = (axis: Interval): HTMLElement => {
  const ticks = ticksOf(axis.end - axis.start, mostTicks)
  const step = ticks[1] ?? axis.end - axis.start
  return element(
    "div",
    { class: "axis", attributes: { "aria-hidden": "true" } },
    ...ticks.map((tick) => {
      const label = element("span", { class: "tick", text: formatTick(tick, step) })
      label.style.left = `${placeOf(axis, { start: axis.start + tick, end: axis.start + tick }).left}%`
      return label
    })
  )
}

/** Solid where it ran, hatched where it waited; then how long that was. */
const barCell = (node: SpanNode, axis: Interval): HTMLElement => {
  const bar = barOf(node)
  const { left, width } = placeOf(axis, bar)
  const whole = put(element("div", { class: "bar" }), axis, bar)
  for (const gap of bar.waits)
    whole.append(put(element("div", { class: "wait", title: `waited ${formatMillis(gap.end - gap.start)}` }), bar, gap))
  const length = element("span", { class: "length", text: formatMillis(bar.end - bar.start) })
  length.style.left = `calc(${left + width}% + 6px)`
  return element("div", { class: "lane", attributes: { role: "gridcell" } }, whole, length)
}

const nameCell = ({ level, node }: Row, folded: boolean, toggle: () => void): HTMLElement => {
  const { span } = node
  const fold = element("span", { class: "fold", text: node.children.length === 0 ? "" : folded ? "▸" : "▾" })
  fold.addEventListener("click", (event) => {
    event.stopPropagation()
    toggle()
  })
  const cell = element("div", { class: "label", title: labelOf(span), attributes: { role: "gridcell" } }, fold)
  cell.style.paddingLeft = `${Math.min(level - 1, 24) * 14 + 4}px`
  if (span.error !== undefined)
    cell.append(element("span", { class: "mark", text: "✕", title: span.error || "failed" }))
  cell.append(element("span", { class: "text", text: labelOf(span) }))
  if (node.kind === "invocation") cell.append(element("span", { class: "key", text: keyOf(span) }))
  if (node.orphan)
    cell.append(element("span", { class: "orphan", text: "↰", title: "Its parent is not in this trace" }))
  if (span.error) cell.append(element("span", { class: "reason", text: span.error }))
  if (folded) cell.append(element("span", { class: "inside-count", text: `${node.children.length}` }))
  return cell
}

const rowElement = (row: Row, index: number, options: WaterfallOptions): HTMLElement => {
  const { node } = row
  const folded = options.isFolded(node)
  const selected = node.span.spanId === options.selected
  const made = element(
    "div",
    {
      class: `row ${node.kind}${node.span.error === undefined ? "" : " failed"}${selected ? " selected" : ""}`,
      attributes: {
        role: "row",
        tabindex: index === 0 ? "0" : "-1",
        "aria-level": String(row.level),
        "aria-selected": String(selected),
        "data-span": node.span.spanId,
        ...(node.children.length === 0 ? {} : { "aria-expanded": String(!folded) })
      }
    },
    nameCell(row, folded, () => options.toggle(node)),
    element("div", { class: "program", text: node.span.program, attributes: { role: "gridcell" } }),
    barCell(node, options.axis)
  )
  options.colour(made, node.service)
  made.addEventListener("click", () => options.select(node))
  return made
}

type Action = (row: HTMLElement, node: SpanNode) => void

const moveTo = (target: Element | null | undefined): void => {
  if (target instanceof HTMLElement) target.focus()
}

/** The nearest row above that is one level out. */
const parentRow = (row: HTMLElement): Element | null => {
  const level = Number(row.getAttribute("aria-level"))
  let above = row.previousElementSibling
  while (above !== null && Number(above.getAttribute("aria-level")) >= level) above = above.previousElementSibling
  return above
}

/** The keys of a tree grid (WAI-ARIA Authoring Practices): arrows move, fold and unfold, Enter opens. */
const keys = (options: WaterfallOptions): Readonly<Record<string, Action>> => ({
  ArrowDown: (row) => moveTo(row.nextElementSibling),
  ArrowUp: (row) => moveTo(row.previousElementSibling),
  Home: (row) => moveTo(row.parentElement?.firstElementChild),
  End: (row) => moveTo(row.parentElement?.lastElementChild),
  ArrowRight: (row, node) => {
    if (node.children.length > 0 && options.isFolded(node)) options.toggle(node)
    else if (node.children.length > 0) moveTo(row.nextElementSibling)
  },
  ArrowLeft: (row, node) => {
    if (node.children.length > 0 && !options.isFolded(node)) options.toggle(node)
    else moveTo(parentRow(row))
  },
  Enter: (_, node) => options.select(node),
  " ": (_, node) => options.select(node)
})

/** One line per row; the rows' elements are made anew when something folds. */
export const waterfall = (rows: ReadonlyArray<Row>, options: WaterfallOptions): HTMLElement => {
  const actions = keys(options)
  const byId = new Map(rows.map(({ node }) => [node.span.spanId, node]))
  const grid = element(
    "div",
    { class: "rows", attributes: { role: "treegrid", "aria-label": "Spans" } },
    ...rows.map((row, index) => rowElement(row, index, options))
  )
  grid.addEventListener("keydown", (event) => {
    const row = event.target
    if (!(row instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return
    const node = byId.get(row.dataset.span ?? "")
    const action = actions[event.key]
    if (node === undefined || action === undefined) return
    event.preventDefault()
    action(row, node)
  })
  return grid
}
