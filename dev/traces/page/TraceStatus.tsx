import { Status, type Tone } from "../../../src/console/page/ui/Status.tsx"
import type { TraceStatus } from "../summary.ts"

const tones: Readonly<Record<TraceStatus, Tone>> = {
  running: "busy",
  completed: "good",
  failed: "bad",
  unknown: "neutral"
}

export const TraceStatusText = ({ status }: { readonly status: TraceStatus }) => (
  <Status text={status} tone={tones[status]} />
)
