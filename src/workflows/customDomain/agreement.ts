import type { DnsAnswer, ServerAnswer } from "../../services/DnsResolver.ts"

export interface Silent {
  readonly server: string
  readonly reason: Extract<DnsAnswer, { readonly _tag: "Failed" }>["reason"]
}

/** What several servers make of one question. */
export interface Poll {
  readonly confirming: ReadonlyArray<string>
  readonly denying: ReadonlyArray<string>
  readonly silent: ReadonlyArray<Silent>
}

/** Sorts answers by whether their records confirm the fact. Absence denies it; a server without an answer does neither. */
export const poll = (
  answers: ReadonlyArray<ServerAnswer>,
  confirms: (records: ReadonlyArray<string>, server: string) => boolean
): Poll => ({
  confirming: answers.flatMap(({ answer, server }) =>
    answer._tag === "Found" && confirms(answer.records, server) ? [server] : []
  ),
  denying: answers.flatMap(({ answer, server }) =>
    answer._tag === "Absent" || (answer._tag === "Found" && !confirms(answer.records, server)) ? [server] : []
  ),
  silent: answers.flatMap(({ answer, server }) => (answer._tag === "Failed" ? [{ server, reason: answer.reason }] : []))
})

/**
 * A fact holds when every server that answered confirms it and at least half of those asked answered. So one of two may be
 * away, but one that still sees the old state is enough to wait: others on the internet see it too.
 */
export const holds = ({ confirming, denying, silent }: Poll): boolean =>
  confirming.length > 0 && denying.length === 0 && confirming.length >= silent.length

const reasons: Readonly<Record<Silent["reason"], string>> = {
  timeout: "timeout",
  server_failure: "server failure",
  refused: "refused",
  unreachable: "unreachable"
}

/** The servers that gave no answer, and why, for a person. */
export const describeSilent = (silent: ReadonlyArray<Silent>): string =>
  silent.map(({ reason, server }) => `${server}: ${reasons[reason]}`).join(", ")

/** Records that any of the servers has, each once, in the order of the answers. */
export const recordsSeen = (answers: ReadonlyArray<ServerAnswer>): ReadonlyArray<string> => [
  ...new Set(answers.flatMap(({ answer }) => (answer._tag === "Found" ? answer.records : [])))
]
