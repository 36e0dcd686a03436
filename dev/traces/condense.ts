import { formatMillis } from "../../src/console/page/ui/format.ts"
import { attribute, type Span } from "./Span.ts"
import { barOf, gapsOf, type Interval } from "./timeline.ts"
import { rowsOf, type SpanNode } from "./tree.ts"

/** So many alike in a row become one. */
const fewestRepeats = 3

const repeated: ReadonlySet<SpanNode["kind"]> = new Set(["step", "work", "statement", "attempt", "handler"])

/** What must be equal of neighbors that become one; undefined of what stays by itself. */
const signatureOf = (node: SpanNode): string | undefined => {
  if (!repeated.has(node.kind) || node.span.error !== undefined) return undefined
  const inside = node.kind === "attempt" || node.kind === "handler" ? node.children.map(({ label }) => label) : []
  return [node.kind, node.label, ...inside].join("\n")
}

const lengthOf = ({ end, start }: Interval): number => end - start

const repeatOf = (nodes: ReadonlyArray<SpanNode>, first: SpanNode): SpanNode => {
  const bars = nodes.map(barOf)
  const start = first.span.start
  const last = bars.at(-1)?.start ?? start
  return {
    ...first,
    kind: "repeat",
    label: `${first.label} × ${nodes.length}, every ${formatMillis((last - start) / (nodes.length - 1))}`,
    children: nodes,
    span: {
      ...first.span,
      spanId: `repeat ${first.span.spanId}`,
      end: bars.reduce((most, { end }) => Math.max(most, end), start),
      events: [],
      links: []
    }
  }
}

const withRepeats = (nodes: ReadonlyArray<SpanNode>): ReadonlyArray<SpanNode> => {
  const runs: Array<{ readonly signature: string | undefined; readonly nodes: Array<SpanNode> }> = []
  for (const node of nodes) {
    const signature = signatureOf(node)
    const run = runs.at(-1)
    if (run !== undefined && signature !== undefined && run.signature === signature) run.nodes.push(node)
    else runs.push({ signature, nodes: [node] })
  }
  return runs.flatMap(({ nodes: run }) => {
    const [first] = run
    return first === undefined || run.length < fewestRepeats ? run : [repeatOf(run, first)]
  })
}

interface Command {
  readonly at: number
  readonly invocation: string
  readonly type: string
}

/** The commands that Restate received from handlers, as its attempts tell them. */
const commandsOf = (spans: ReadonlyArray<Span>): ReadonlyArray<Command> =>
  spans.flatMap((span) =>
    span.events.flatMap(({ at, attributes }) => {
      const type = attribute(attributes, "restate.journal.command.type")
      const invocation = attribute(span.attributes, "restate.invocation.id")
      return type === undefined || invocation === undefined ? [] : [{ at, invocation, type }]
    })
  )

const waitNames: Readonly<Record<string, string>> = {
  "Command/Sleep": "sleeps",
  "Command/Call": "waits for a call",
  "Command/GetPromise": "waits for a promise"
}

/** Milliseconds between a command and the end of the span before it, at most. */
const commandDelay = 20

const waitName = (node: SpanNode, gap: Interval, commands: ReadonlyArray<Command>): string => {
  if (node.kind === "invocation") return gap.start <= node.span.end + 1 ? "waits for its first attempt" : "suspended"
  const invocation = attribute(node.span.attributes, "restate.invocation.id")
  const last = commands.findLast(
    (command) =>
      command.invocation === invocation &&
      command.at >= gap.start - commandDelay &&
      command.at <= gap.end - commandDelay
  )
  return waitNames[last?.type ?? ""] ?? "waits"
}

const waitNode = (node: SpanNode, gap: Interval, label: string): SpanNode => {
  // A failure is the node's own.
  const { error: _, ...span } = node.span
  const spanId = `wait ${gap.start} ${span.spanId}`
  return {
    kind: "wait",
    label,
    service: node.service,
    children: [],
    orphan: false,
    span: { ...span, ...gap, spanId, name: label, attributes: [], events: [], links: [] }
  }
}

/** Where nothing below the node runs: a repetition covers its own waits, and a call is a row by itself. */
const gapsIn = (node: SpanNode, children: ReadonlyArray<SpanNode>): ReadonlyArray<Interval> => {
  if (node.kind === "invocation") return barOf(node).waits
  return node.kind === "handler" ? gapsOf(node.span, children.map(barOf)) : []
}

/**
 * The same trees with repetitions of a poll as one node, and with waits of at least `shortestWait` milliseconds as nodes among
 * the children of the handler or invocation that waited. Siblings stay in the order of their start.
 */
export const condense = (
  roots: ReadonlyArray<SpanNode>,
  spans: ReadonlyArray<Span>,
  shortestWait: number
): ReadonlyArray<SpanNode> => {
  const commands = commandsOf(spans).toSorted((a, b) => a.at - b.at)
  const condensed = new Map<SpanNode, SpanNode>()
  const of = (node: SpanNode) => condensed.get(node) ?? node
  const inside = (node: SpanNode) => {
    const children = withRepeats(node.children.map(of))
    const waits = gapsIn(node, children)
      .filter((gap) => lengthOf(gap) >= shortestWait)
      .map((gap) => waitNode(node, gap, waitName(node, gap, commands)))
    return [...children, ...waits].sort((a, b) => a.span.start - b.span.start)
  }
  // From the leaves up, without recursion: a trace may be a chain of many thousands.
  for (const { node } of rowsOf(roots, () => false).toReversed()) {
    if (node.children.length > 0) condensed.set(node, { ...node, children: inside(node) })
  }
  return withRepeats(roots.map(of))
}
