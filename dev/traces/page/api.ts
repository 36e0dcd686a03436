import type { ExportTraceServiceRequest } from "../Otlp.ts"
import type { TraceSummary } from "../summary.ts"

export interface TraceListing {
  /** Base address of Restate's own interface; empty when it is not known. */
  readonly restateUi: string
  /** Newest first. */
  readonly traces: ReadonlyArray<TraceSummary>
}

const get = async (path: string, signal: AbortSignal): Promise<unknown> => {
  const response = await fetch(path, { signal })
  if (response.status === 404) return undefined
  if (!response.ok) throw new Error(`the collector answers ${response.status}`)
  return response.json()
}

// Both answers are made from these very types, by the server that sends this page.
export const fetchList = async (signal: AbortSignal): Promise<TraceListing> =>
  (await get("/traces", signal)) as TraceListing

/** Undefined if the collector does not hold it, or no longer. */
export const fetchTrace = async (
  traceId: string,
  signal: AbortSignal
): Promise<ExportTraceServiceRequest | undefined> =>
  (await get(`/traces/${encodeURIComponent(traceId)}`, signal)) as ExportTraceServiceRequest | undefined
