import type { ExportTraceServiceRequest } from "../Otlp.ts"
import type { TraceSummary } from "../summary.ts"

export interface TraceList {
  /** Base address of Restate's own interface; empty when it is not known. */
  readonly restateUi: string
  /** Newest first. */
  readonly traces: ReadonlyArray<TraceSummary>
}

const get = async (path: string): Promise<unknown> => {
  const response = await fetch(path)
  if (response.status === 404) return undefined
  if (!response.ok) throw new Error(`the collector answers ${response.status}`)
  return response.json()
}

// Both answers are made from these very types, by the server that sends this page.
export const fetchList = async (): Promise<TraceList> => (await get("/traces")) as TraceList

/** Undefined when the collector does not hold it (any more). */
export const fetchTrace = async (traceId: string): Promise<ExportTraceServiceRequest | undefined> =>
  (await get(`/traces/${encodeURIComponent(traceId)}`)) as ExportTraceServiceRequest | undefined
