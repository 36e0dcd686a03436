import { kindOf, labelOf, type SpanKind, serviceOf } from "./names.ts"
import type { Span } from "./Span.ts"

export interface SpanNode {
  readonly span: Span
  /** `step` is work that a handler ran directly. `repeat` and `wait` are made of others, by `condense`. */
  readonly kind: SpanKind | "step" | "repeat" | "wait"
  readonly label: string
  /** Restate service that it worked for, or its program outside of any. */
  readonly service: string
  /** By start. */
  readonly children: ReadonlyArray<SpanNode>
  /** It names a parent that is not here: the caller's own, one that was not received, or a circle. */
  readonly orphan: boolean
}

interface Draft {
  readonly span: Span
  readonly label: string
  kind: SpanNode["kind"]
  service: string
  readonly children: Array<Draft>
  orphan: boolean
}

const byStart = (a: Draft, b: Draft): number => a.span.start - b.span.start || a.span.end - b.span.end

/** Markers, and attempts that are their invocation's only one and went well, say nothing that their neighbours do not. */
const unremarkable = (spans: ReadonlyArray<Span>): ReadonlySet<string> => {
  const attempts = Map.groupBy(
    spans.filter((span) => kindOf(span) === "attempt"),
    ({ parentSpanId }) => parentSpanId
  )
  const single = [...attempts.values()].flatMap((all) => (all.length === 1 ? all : []))
  const markers = spans.filter((span) => kindOf(span) === "marker")
  return new Set([...single, ...markers].filter(({ error }) => error === undefined).map(({ spanId }) => spanId))
}

/** Sets what a span takes from its parent, from the top down, and answers with everything it reached. */
const inherit = (root: Draft, reached: Set<Draft>): void => {
  const waiting: Array<readonly [Draft, Draft | undefined]> = [[root, undefined]]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [draft, parent] = next
    reached.add(draft)
    draft.service = serviceOf(draft.span) ?? parent?.service ?? draft.span.program
    if (draft.kind === "work" && parent?.kind === "handler") draft.kind = "step"
    draft.children.sort(byStart)
    for (const child of draft.children) waiting.push([child, draft])
  }
}

export interface TreeOptions {
  /** Also Restate's markers and single attempts; without them their children move up. */
  readonly everything: boolean
}

/** The handler of each attempt that has one. */
const handlersByAttempt = (spans: ReadonlyArray<Span>): ReadonlyMap<string, Span> =>
  new Map(spans.flatMap((span) => (kindOf(span) === "handler" ? [[span.parentSpanId, span] as const] : [])))

/** Restate names the attempt as the parent of a call. The handler of that attempt made the call if it ran then. */
const callerOf = (handlers: ReadonlyMap<string, Span>, span: Span): string => {
  const handler = kindOf(span) === "handler" ? undefined : handlers.get(span.parentSpanId)
  if (handler === undefined || handler.spanId === span.spanId) return span.parentSpanId
  return handler.start <= span.start && span.start <= handler.end ? handler.spanId : span.parentSpanId
}

interface Shown {
  readonly known: ReadonlyMap<string, Span>
  readonly hidden: ReadonlySet<string>
  readonly handlers: ReadonlyMap<string, Span>
}

/** The nearest parent that is shown; "" when the last one named is not here, or is this span's own descendant. */
const shownParent = ({ handlers, hidden, known }: Shown, span: Span) => {
  let id = callerOf(handlers, span)
  for (const passed = new Set<string>(); hidden.has(id) && !passed.has(id); id = known.get(id)?.parentSpanId ?? "") {
    passed.add(id)
  }
  return { id: known.has(id) && !hidden.has(id) ? id : "", orphan: id !== "" && !known.has(id) }
}

/**
 * Spans nested by their parents, siblings by start. Every span is in it exactly once, but for those left out on purpose
 * and second copies; one whose parent is missing becomes a root, and so does the earliest one of a circle.
 */
export const treeOf = (spans: ReadonlyArray<Span>, options: TreeOptions): ReadonlyArray<SpanNode> => {
  const known = new Map(spans.map((span) => [span.spanId, span]))
  const hidden = options.everything ? new Set<string>() : unremarkable([...known.values()])
  const handlers = options.everything ? new Map<string, Span>() : handlersByAttempt([...known.values()])
  const shown = { known, hidden, handlers }
  const drafts = new Map(
    [...known.values()]
      .filter(({ spanId }) => !hidden.has(spanId))
      .map((span): [string, Draft] => [
        span.spanId,
        { span, label: labelOf(span), kind: kindOf(span), service: "", children: [], orphan: false }
      ])
  )
  const roots: Array<Draft> = []
  for (const draft of drafts.values()) {
    const { id, orphan } = shownParent(shown, draft.span)
    const parent = drafts.get(id)
    draft.orphan = orphan
    if (parent === undefined) roots.push(draft)
    else parent.children.push(draft)
  }
  const reached = new Set<Draft>()
  for (const root of roots) inherit(root, reached)
  for (const draft of [...drafts.values()].sort(byStart)) {
    if (reached.has(draft)) continue
    // Only a circle is out of every root's reach. It is opened here.
    const above = drafts.get(shownParent(shown, draft.span).id)
    above?.children.splice(above.children.indexOf(draft), 1)
    draft.orphan = true
    roots.push(draft)
    inherit(draft, reached)
  }
  return roots.sort(byStart)
}

export interface Row {
  readonly node: SpanNode
  /** 1 for a root. */
  readonly level: number
}

/** The rows to show, depth first, without what is below a folded one. */
export const rowsOf = (roots: ReadonlyArray<SpanNode>, isFolded: (node: SpanNode) => boolean): ReadonlyArray<Row> => {
  const rows: Array<Row> = []
  const waiting: Array<Row> = roots.map((node) => ({ node, level: 1 })).reverse()
  for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
    rows.push(row)
    if (isFolded(row.node)) continue
    const level = row.level + 1
    for (const node of row.node.children.toReversed()) waiting.push({ node, level })
  }
  return rows
}

const foldedKinds: ReadonlySet<SpanNode["kind"]> = new Set(["step", "work", "statement", "repeat"])

/** Steps and repetitions are folded, unless something in them failed. */
export const foldedAtFirst = (node: SpanNode): boolean =>
  node.children.length > 0 &&
  foldedKinds.has(node.kind) &&
  !rowsOf(node.children, () => false).some((row) => row.node.span.error !== undefined)
