import type { AnswerJson, ErrorJson } from "../api/Answer.ts"
import type { ActionName, ActionResultJson } from "../api/invocations.ts"

/** An answer that is not the data. */
export class ApiFailure extends Error {
  readonly status: number
  readonly suggestions: ReadonlyArray<string>
  constructor(status: number, { error, suggestions }: ErrorJson) {
    super(error)
    this.status = status
    this.suggestions = suggestions
  }
}

const reasonOf = async (response: Response): Promise<ErrorJson> => {
  const unknown = { error: `the console answers ${response.status}`, suggestions: [] }
  // A proxy in between answers with a page of its own.
  const body: Partial<ErrorJson> = await response.json().catch(() => unknown)
  return { ...unknown, ...body }
}

/** The session has ended: the login leads back to this page. */
const logIn = (): Promise<never> => {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`)
  return new Promise(() => {})
}

const answer = async <A>(response: Response): Promise<AnswerJson<A>> => {
  if (response.status === 401) return logIn()
  if (!response.ok) throw new ApiFailure(response.status, await reasonOf(response))
  // The same build's server encodes it by the schema of this type.
  return (await response.json()) as AnswerJson<A>
}

export const getAnswer = async <A>(path: string, signal?: AbortSignal): Promise<AnswerJson<A>> =>
  answer(await fetch(path, signal === undefined ? {} : { signal }))

/** Undefined once Restate has accepted the action, else why it has not. */
export const act = async (invocation: string, action: ActionName): Promise<string | undefined> => {
  const response = await fetch(`/api/invocations/${encodeURIComponent(invocation)}/${action}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-console-action": "1" },
    body: "{}"
  })
  const { data } = await answer<ActionResultJson>(response)
  if (data.outcome === "accepted") return undefined
  return data.outcome === "not-found"
    ? "Restate does not know this invocation, or no longer."
    : (data.reason ?? "It was refused.")
}
