import type { DnsAnswer, ServerAnswer } from "../../services/dns/DnsResolver.ts"

export interface FailedQuery {
  readonly server: string
  readonly reason: Extract<DnsAnswer, { readonly _tag: "Failed" }>["reason"]
}

/** The servers' answers to one query, counted. */
export interface ServerTally {
  readonly confirming: ReadonlyArray<string>
  readonly denying: ReadonlyArray<string>
  readonly failed: ReadonlyArray<FailedQuery>
}

/** Groups answers by whether their records confirm the fact. Absence denies it; a failed query does neither. */
export const tally = (
  answers: ReadonlyArray<ServerAnswer>,
  confirms: (records: ReadonlyArray<string>, server: string) => boolean
): ServerTally => ({
  confirming: answers.flatMap(({ answer, server }) =>
    answer._tag === "Found" && confirms(answer.records, server) ? [server] : []
  ),
  denying: answers.flatMap(({ answer, server }) =>
    answer._tag === "Absent" || (answer._tag === "Found" && !confirms(answer.records, server)) ? [server] : []
  ),
  failed: answers.flatMap(({ answer, server }) => (answer._tag === "Failed" ? [{ server, reason: answer.reason }] : []))
})

/**
 * A fact is confirmed when every server that answered confirms it and at least half of the servers answered. One of two
 * may be unreachable, but a single server with the old state is enough to wait, because other resolvers have it too.
 */
export const isConfirmed = ({ confirming, denying, failed }: ServerTally): boolean =>
  confirming.length > 0 && denying.length === 0 && confirming.length >= failed.length

const reasons: Readonly<Record<FailedQuery["reason"], string>> = {
  timeout: "timeout",
  server_failure: "server failure",
  refused: "refused",
  unreachable: "unreachable"
}

/** The servers that gave no answer and why, as text. */
export const describeFailedQueries = (failed: ReadonlyArray<FailedQuery>): string =>
  failed.map(({ reason, server }) => `${server}: ${reasons[reason]}`).join(", ")

/** The distinct records of all servers, in the order of the answers. */
export const distinctRecords = (answers: ReadonlyArray<ServerAnswer>): ReadonlyArray<string> => [
  ...new Set(answers.flatMap(({ answer }) => (answer._tag === "Found" ? answer.records : [])))
]
