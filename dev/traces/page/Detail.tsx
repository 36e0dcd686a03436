import { formatClock, formatMillis } from "../../../src/console/page/ui/format.ts"
import { type Attribute, attribute, type Span } from "../Span.ts"
import { barOf } from "../timeline.ts"
import type { SpanNode } from "../tree.ts"

const Pairs = ({ of }: { readonly of: ReadonlyArray<Attribute> }) => (
  <dl class="facts">
    {of.map(([name, value]) => (
      <>
        <dt>{name}</dt>
        <dd class="code">{value}</dd>
      </>
    ))}
  </dl>
)

const timesOf = (node: SpanNode, traceStart: number): ReadonlyArray<Attribute> => {
  const { end, start, waits } = barOf(node)
  const waited = waits.reduce((sum, gap) => sum + gap.end - gap.start, 0)
  return [
    ["started", `${formatClock(start)}  (+ ${formatMillis(start - traceStart)})`],
    ["duration", formatMillis(end - start)],
    ...(waited > 0 ? [["waiting time", formatMillis(waited)] as const] : []),
    ["program", node.span.program]
  ]
}

/** The failure as its status tells it, and the message of the exception if that says more. */
const reasonsOf = ({ error, events }: Span): ReadonlyArray<string> => {
  if (error === undefined) return []
  const messages = events.flatMap(({ attributes }) => attribute(attributes, "exception.message") ?? [])
  const reasons = [error, ...messages.filter((message) => !error.includes(message))].filter((text) => text !== "")
  return reasons.length === 0 ? ["It failed without a reason."] : [...new Set(reasons)]
}

const InvocationLink = ({ node, restateUi }: { readonly node: SpanNode; readonly restateUi: string }) => {
  const id = attribute(node.span.attributes, "restate.invocation.id")
  if (id === undefined || restateUi === "") return null
  return (
    <a class="button" href={`${restateUi}/invocations/${id}`} target="_blank" rel="noreferrer">
      Open the invocation in Restate
    </a>
  )
}

const Identity = ({ span }: { readonly span: Span }) => (
  <>
    {span.links.length === 0 ? null : (
      <>
        <h3>Sent by</h3>
        <p>
          {span.links.map((traceId) => (
            <a key={traceId} class="trace-link" href={`#/${traceId}`}>
              {traceId}
            </a>
          ))}
        </p>
      </>
    )}
    {span.attributes.length === 0 ? null : <h3>Attributes</h3>}
    <Pairs of={span.attributes} />
    {span.events.length === 0 ? null : <h3>Events</h3>}
    {span.events.map((event) => (
      <div class="event" key={`${event.at} ${event.name}`}>
        <span class="dim">+ {formatMillis(event.at - span.start)}</span> {event.name}
        <Pairs of={event.attributes} />
      </div>
    ))}
    <h3>Identity</h3>
    <Pairs
      of={[
        ["name", span.name],
        ["span", span.spanId],
        ["parent", span.parentSpanId || "none"],
        ["trace", span.traceId]
      ]}
    />
    <h3>Program</h3>
    <Pairs of={span.resource} />
  </>
)

const isMade = ({ kind }: SpanNode): boolean => kind === "repeat" || kind === "wait"

export interface DetailProperties {
  readonly node: SpanNode
  readonly restateUi: string
  readonly traceStart: number
  readonly close: () => void
}

/** Everything that is known of one span. */
export const Detail = ({ close, node, restateUi, traceStart }: DetailProperties) => (
  <aside class="detail" aria-label="Span">
    <header>
      <h2>{node.label}</h2>
      <button type="button" aria-label="Close" onClick={close}>
        ✕
      </button>
    </header>
    {reasonsOf(node.span).map((reason) => (
      <p key={reason} class="notice bad error">
        {reason}
      </p>
    ))}
    {node.orphan ? (
      <p class="dim">
        Its parent {node.span.parentSpanId} is not in this trace: it has not ended yet, it is the caller's own, or it
        was not received.
      </p>
    ) : null}
    <Pairs of={timesOf(node, traceStart)} />
    {isMade(node) ? null : <InvocationLink node={node} restateUi={restateUi} />}
    {isMade(node) ? null : <Identity span={node.span} />}
  </aside>
)
