import { Status, type Tone } from "./ui/Status.tsx"

const tones: Readonly<Record<string, Tone>> = {
  // Deployments.
  ready: "good",
  failed: "bad",
  building: "busy",
  deploying: "busy",
  network: "busy",
  // Domains and certificates.
  verified: "good",
  verifying: "busy",
  expired: "bad",
  // Builds.
  succeeded: "good",
  lost: "stuck",
  // Invocations.
  running: "busy",
  paused: "stuck",
  "backing-off": "stuck",
  suspended: "waiting",
  scheduled: "waiting",
  completed: "good",
  // Several.
  pending: "waiting",
  waiting: "waiting"
}

export const StatusOf = ({ status }: { readonly status: string }) => (
  <Status text={status.slice(0, 40)} tone={tones[status] ?? "neutral"} />
)

/** An invocation's status in one word: a failed one is `completed` to Restate. */
export const invocationStatus = (invocation: { readonly status: string; readonly result: string | null }): string =>
  invocation.result === "failure" ? "failed" : invocation.status

/** Restate's `ready` is not a deployment's: it is due, and not started. */
export const InvocationStatus = (properties: { readonly status: string; readonly result: string | null }) => {
  const status = invocationStatus(properties)
  return status === "ready" ? <Status text="ready to start" tone="waiting" /> : <StatusOf status={status} />
}
