import type { ExportTraceServiceRequest, ResourceSpans } from "./Otlp.ts"

export interface Limits {
  readonly traces: number
  /** Of all traces together. */
  readonly spans: number
}

export interface StoredTrace {
  readonly resourceSpans: ReadonlyArray<ResourceSpans>
  readonly spanCount: number
  /** Spans that arrived when the trace alone had reached the limit. */
  readonly dropped: number
}

/** Traces by id; the one that was added to last comes last. */
export type TraceStore = ReadonlyMap<string, StoredTrace>

export const emptyStore: TraceStore = new Map()

const countSpans = (resource: ResourceSpans): number =>
  (resource.scopeSpans ?? []).reduce((sum, { spans = [] }) => sum + spans.length, 0)

const traceIdsOf = ({ resourceSpans }: ExportTraceServiceRequest): ReadonlySet<string> =>
  new Set(
    resourceSpans.flatMap(({ scopeSpans = [] }) =>
      scopeSpans.flatMap(({ spans = [] }) => spans.map(({ traceId }) => traceId))
    )
  )

/** What a request says about one trace, at most `room` spans of it. */
const partOf = (request: ExportTraceServiceRequest, traceId: string, room: number): ReadonlyArray<ResourceSpans> => {
  let left = room
  return request.resourceSpans.flatMap((resource) => {
    const scopeSpans = (resource.scopeSpans ?? []).flatMap((scope) => {
      const spans = (scope.spans ?? []).filter((span) => span.traceId === traceId).slice(0, left)
      left -= spans.length
      return spans.length === 0 ? [] : [{ ...scope, spans }]
    })
    return scopeSpans.length === 0 ? [] : [{ ...resource, scopeSpans }]
  })
}

/** The store without the traces that have waited longest for news, so far as the limits demand it. The last one stays. */
const evict = (traces: Map<string, StoredTrace>, limits: Limits): TraceStore => {
  let total = [...traces.values()].reduce((sum, { spanCount }) => sum + spanCount, 0)
  for (const [traceId, { spanCount }] of traces) {
    if (traces.size === 1 || (traces.size <= limits.traces && total <= limits.spans)) break
    traces.delete(traceId)
    total -= spanCount
  }
  return traces
}

/** Files every span of the request under its trace. Never holds more than the limits, however much arrives. */
export const addSpans = (store: TraceStore, request: ExportTraceServiceRequest, limits: Limits): TraceStore => {
  const traces = new Map(store)
  for (const traceId of traceIdsOf(request)) {
    const known = traces.get(traceId) ?? { resourceSpans: [], spanCount: 0, dropped: 0 }
    const all = partOf(request, traceId, Number.POSITIVE_INFINITY).reduce((sum, it) => sum + countSpans(it), 0)
    const part = partOf(request, traceId, limits.spans - known.spanCount)
    const added = part.reduce((sum, it) => sum + countSpans(it), 0)
    traces.delete(traceId)
    traces.set(traceId, {
      resourceSpans: [...known.resourceSpans, ...part],
      spanCount: known.spanCount + added,
      dropped: known.dropped + all - added
    })
    evict(traces, limits)
  }
  return traces
}
