import { useEffect, useMemo, useState } from "preact/hooks"
import { formatMillis } from "../../../src/console/page/ui/format.ts"
import { Moment } from "../../../src/console/page/ui/Moment.tsx"
import { Empty, Loaded } from "../../../src/console/page/ui/notices.tsx"
import { Page } from "../../../src/console/page/ui/Page.tsx"
import { useResource } from "../../../src/console/page/ui/resource.tsx"
import { useRoute } from "../../../src/console/page/ui/route.tsx"
import { condense } from "../condense.ts"
import { type Span, spansOf } from "../Span.ts"
import { summarize, type TraceSummary } from "../summary.ts"
import { barOf, windowOf } from "../timeline.ts"
import { foldedAtFirst, rowsOf, type SpanNode, treeOf } from "../tree.ts"
import { fetchList, fetchTrace, type TraceListing } from "./api.ts"
import { Detail } from "./Detail.tsx"
import { TraceStatusText } from "./TraceStatus.tsx"
import { AxisLine, Waterfall } from "./Waterfall.tsx"

const refreshMillis = 2000

/** A wait gets a row of its own from this part of the trace's length on. */
const shownWaits = 0.03

const Related = (properties: { readonly title: string; readonly traces: ReadonlyArray<TraceSummary> }) => {
  const { href } = useRoute()
  if (properties.traces.length === 0) return null
  return (
    <p class="related">
      {properties.title}{" "}
      {properties.traces.map(({ key, name, traceId }) => (
        <a key={traceId} class="trace-link" href={href(`/${traceId}`)}>
          {key === "" ? name : `${name} of ${key}`}
        </a>
      ))}
    </p>
  )
}

const Facts = ({ all, trace }: { readonly all: ReadonlyArray<TraceSummary>; readonly trace: TraceSummary }) => {
  const before = all.filter(({ traceId }) => trace.sentBy.includes(traceId))
  const after = all.filter(({ sentBy }) => sentBy.includes(trace.traceId)).toReversed()
  const { dropped, end, errors, spans, start, status, subjects } = trace
  return (
    <div class="trace-facts">
      <p class="dim">
        <Moment at={start} /> · {formatMillis(end - start)}
        {status === "running" ? " so far" : ""} · {spans} spans
        {dropped === 0 ? "" : ` (${dropped} more were not kept)`}
        {subjects.length === 0 ? "" : ` · ${subjects.join(", ")}`}
      </p>
      {errors === 0 ? null : <p class="errors">✕ {errors} failed</p>}
      <Related title="Sent by" traces={before} />
      <Related title="Sent" traces={after} />
    </div>
  )
}

const plant = (spans: ReadonlyArray<Span>, everything: boolean) => {
  const tree = treeOf(spans, { everything })
  const all = windowOf(rowsOf(tree, () => false).map(({ node }) => barOf(node)))
  const roots = everything ? tree : condense(tree, spans, (all.end - all.start) * shownWaits)
  const nodes = new Map(rowsOf(roots, () => false).map(({ node }) => [node.span.spanId, node]))
  return { roots, nodes, axis: all }
}

interface BodyProperties {
  readonly spans: ReadonlyArray<Span>
  readonly restateUi: string
}

const Body = ({ restateUi, spans }: BodyProperties) => {
  const { query, setQuery } = useRoute()
  const everything = query.get("all") === "1"
  const selected = query.get("span") ?? ""
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map())
  const { axis, nodes, roots } = useMemo(() => plant(spans, everything), [spans, everything])
  const isFolded = (node: SpanNode) => toggled.get(node.span.spanId) ?? foldedAtFirst(node)
  const select = (spanId: string) => setQuery({ span: spanId }, "replace")
  const close = () => {
    select("")
    document.querySelector<HTMLElement>('.row[tabindex="0"]')?.focus()
  }
  useEffect(() => {
    const escape = (event: KeyboardEvent) => {
      if (event.key === "Escape" && selected !== "") close()
    }
    document.addEventListener("keydown", escape)
    return () => document.removeEventListener("keydown", escape)
  }, [selected])
  const detailed = nodes.get(selected)
  return (
    <div class="trace-body">
      <div class="chart">
        <div class="row head">
          <div class="label chart-tools">
            <button type="button" onClick={() => setToggled(new Map([...nodes.keys()].map((id) => [id, false])))}>
              Expand all
            </button>
            <button type="button" onClick={() => setToggled(new Map())}>
              Collapse
            </button>
            <label title="Also markers and single attempts; repetitions are not collapsed">
              <input
                type="checkbox"
                checked={everything}
                onChange={(event) => setQuery({ all: event.currentTarget.checked ? "1" : "" })}
              />
              All of Restate's spans
            </label>
          </div>
          <div class="program">program</div>
          <AxisLine axis={axis} />
        </div>
        <Waterfall
          rows={rowsOf(roots, isFolded)}
          axis={axis}
          selected={selected}
          isFolded={isFolded}
          toggle={(node) => setToggled(new Map(toggled).set(node.span.spanId, !isFolded(node)))}
          select={(node) => select(node.span.spanId)}
        />
      </div>
      {detailed === undefined ? null : (
        <Detail node={detailed} restateUi={restateUi} traceStart={axis.start} close={close} />
      )}
    </div>
  )
}

interface LoadedTrace {
  readonly listing: TraceListing
  readonly spans: ReadonlyArray<Span>
  readonly summary: TraceSummary | undefined
}

const load = async (traceId: string, signal: AbortSignal): Promise<LoadedTrace> => {
  const [listing, request] = await Promise.all([fetchList(signal), fetchTrace(traceId, signal)])
  const spans = request === undefined ? [] : spansOf(request)
  const summary = listing.traces.find((trace) => trace.traceId === traceId) ?? summarize(spans, 0)
  return { listing, spans, summary: request === undefined ? undefined : summary }
}

/** One trace as a waterfall. It refreshes while it runs. */
export const TraceView = ({ traceId }: { readonly traceId: string }) => {
  const { href } = useRoute()
  const [isRunning, setRunning] = useState(true)
  const trace = useResource(traceId, (signal) => load(traceId, signal), isRunning ? refreshMillis : 0)
  const summary = trace.data?.summary
  useEffect(() => {
    if (summary !== undefined) setRunning(summary.status === "running")
  }, [summary?.status])
  return (
    <Page
      title={summary === undefined ? `Trace ${traceId}` : `${summary.name} ${summary.key}`.trim()}
      subtitle={summary === undefined ? null : <TraceStatusText status={summary.status} />}
      toolbar={
        <a class="button" href={href("/")}>
          ← All traces
        </a>
      }
    >
      <Loaded of={trace}>
        {({ listing, spans, summary: known }) =>
          known === undefined ? (
            <Empty>This trace is not held here, or no longer.</Empty>
          ) : (
            <>
              <Facts trace={known} all={listing.traces} />
              <Body spans={spans} restateUi={listing.restateUi} />
            </>
          )
        }
      </Loaded>
    </Page>
  )
}
