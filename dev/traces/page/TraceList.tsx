import { useState } from "preact/hooks"
import { CheckFilter, SelectFilter, TextFilter } from "../../../src/console/page/ui/filters.tsx"
import { formatMillis } from "../../../src/console/page/ui/format.ts"
import { Moment } from "../../../src/console/page/ui/Moment.tsx"
import { Empty, Loaded } from "../../../src/console/page/ui/notices.tsx"
import { Page } from "../../../src/console/page/ui/Page.tsx"
import { useResource } from "../../../src/console/page/ui/resource.tsx"
import { useRoute } from "../../../src/console/page/ui/route.tsx"
import { type Column, Table } from "../../../src/console/page/ui/Table.tsx"
import { groupRepeats, matches, type TraceSummary } from "../summary.ts"
import { fetchList } from "./api.ts"
import { hueStyle } from "./hues.ts"
import { TraceStatusText } from "./TraceStatus.tsx"

const refreshMillis = 2000

interface Repeats {
  readonly count: number
  readonly isOpen: boolean
  readonly toggle: () => void
}

interface TraceRow {
  readonly trace: TraceSummary
  /** Further traces like this one, if they are grouped with it. */
  readonly repeats?: Repeats
  readonly isRepeat: boolean
}

const TraceName = ({ row }: { readonly row: TraceRow }) => {
  const { href } = useRoute()
  const { repeats, trace } = row
  const [service = trace.name, ...method] = trace.name.split("/")
  return (
    <>
      <a class="name" href={href(`/${trace.traceId}`)} title={trace.traceId} style={hueStyle(trace.service)}>
        <span class="dot" aria-hidden="true" />
        {method.length === 0 ? service : `${service} `}
        <b>{method.join("/")}</b>
      </a>
      {trace.sentBy.length > 0 ? <span class="tag">sent</span> : null}
      {repeats === undefined ? null : (
        <button type="button" class="repeats" aria-expanded={repeats.isOpen} onClick={repeats.toggle}>
          {repeats.isOpen ? "collapse" : `${repeats.count} more like this`}
        </button>
      )}
    </>
  )
}

const columns: ReadonlyArray<Column<TraceRow>> = [
  {
    id: "start",
    title: "Started",
    cell: ({ trace }) => <Moment at={trace.start} />,
    sortBy: ({ trace }) => trace.start
  },
  { id: "name", title: "Trace", cell: (row) => <TraceName row={row} />, sortBy: ({ trace }) => trace.name },
  {
    id: "status",
    title: "Status",
    cell: ({ trace }) => <TraceStatusText status={trace.status} />,
    sortBy: ({ trace }) => trace.status
  },
  {
    id: "key",
    title: "Key, subjects",
    cell: ({ trace }) => (
      <span class="code">{[...new Set([trace.key, ...trace.subjects])].filter(Boolean).join(" ")}</span>
    ),
    sortBy: ({ trace }) => trace.key
  },
  {
    id: "duration",
    title: "Duration",
    isNumeric: true,
    cell: ({ trace }) => `${formatMillis(trace.end - trace.start)}${trace.status === "running" ? " so far" : ""}`,
    sortBy: ({ trace }) => trace.end - trace.start
  },
  {
    id: "spans",
    title: "Spans",
    isNumeric: true,
    cell: ({ trace }) => trace.spans,
    sortBy: ({ trace }) => trace.spans
  },
  {
    id: "errors",
    title: "Failures",
    isNumeric: true,
    cell: ({ trace }) => (trace.errors === 0 ? "" : <span class="errors">✕ {trace.errors}</span>),
    sortBy: ({ trace }) => trace.errors
  }
]

const statuses = [
  { value: "", text: "Any status" },
  { value: "running", text: "Running" },
  { value: "completed", text: "Completed" },
  { value: "failed", text: "Failed" },
  { value: "errors", text: "With failures" }
]

const Filters = ({ traces }: { readonly traces: ReadonlyArray<TraceSummary> }) => {
  const services = [...new Set(traces.map(({ service }) => service))].sort()
  return (
    <search class="filters">
      <TextFilter name="q" label="Filter" placeholder="Name, key, deployment, domain or id" />
      <SelectFilter name="status" label="Status" options={statuses} />
      <SelectFilter
        name="service"
        label="Service"
        options={[{ value: "", text: "All services" }, ...services.map((value) => ({ value, text: value }))]}
      />
      <CheckFilter name="all" label="Also without an invocation" />
    </search>
  )
}

const rowsFrom = (
  shown: ReadonlyArray<TraceSummary>,
  isSorted: boolean,
  opened: ReadonlySet<string>,
  toggle: (traceId: string) => void
): ReadonlyArray<TraceRow> => {
  if (isSorted) return shown.map((trace) => ({ trace, isRepeat: false }))
  return groupRepeats(shown).flatMap(({ newest, traces }): ReadonlyArray<TraceRow> => {
    if (traces.length === 1) return [{ trace: newest, isRepeat: false }]
    const oldest = traces.at(-1)?.traceId ?? newest.traceId
    const isOpen = opened.has(oldest)
    const repeats = { count: traces.length - 1, isOpen, toggle: () => toggle(oldest) }
    const first = { trace: newest, repeats, isRepeat: false }
    return isOpen ? [first, ...traces.slice(1).map((trace) => ({ trace, isRepeat: true }))] : [first]
  })
}

const Traces = ({ traces }: { readonly traces: ReadonlyArray<TraceSummary> }) => {
  const { query } = useRoute()
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set())
  const toggle = (traceId: string) => {
    const next = new Set(opened)
    if (!next.delete(traceId)) next.add(traceId)
    setOpened(next)
  }
  const filter = {
    text: query.get("q") ?? "",
    service: query.get("service") ?? "",
    status: query.get("status") ?? "",
    everything: query.get("all") === "1"
  }
  const shown = traces.filter((trace) => matches(filter, trace))
  return (
    <>
      <Filters traces={traces} />
      <p class="count dim" role="status">
        {shown.length === traces.length ? `${traces.length} traces` : `${shown.length} of ${traces.length} traces`}
      </p>
      {traces.length === 0 ? (
        <Empty>Nothing has been traced yet. Send the worker a request: it appears here.</Empty>
      ) : shown.length === 0 ? (
        <Empty>No trace matches these filters.</Empty>
      ) : (
        <Table
          caption="Traces"
          columns={columns}
          rows={rowsFrom(shown, query.has("sort"), opened, toggle)}
          keyOf={({ trace }) => trace.traceId}
          classOf={({ isRepeat, trace }) => `${trace.status}${isRepeat ? " repeat" : ""}`}
        />
      )}
    </>
  )
}

/** All traces that the collector holds, newest first. */
export const TraceList = () => {
  const list = useResource("", fetchList, refreshMillis)
  return (
    <Page title="Traces">
      <Loaded of={list}>{({ traces }) => <Traces traces={traces} />}</Loaded>
    </Page>
  )
}
