import type { DnsAnswer, ServerAnswer } from "../../../src/services/dns/DnsResolver.ts"

type Reason = Extract<DnsAnswer, { readonly _tag: "Failed" }>["reason"]

export const found = (...records: ReadonlyArray<string>): DnsAnswer => ({ _tag: "Found", records })
export const absent: DnsAnswer = { _tag: "Absent" }
export const failed = (reason: Reason = "timeout"): DnsAnswer => ({ _tag: "Failed", reason })

/** Answers of servers called a, b, c and so on. */
export const answers = (...given: ReadonlyArray<DnsAnswer>): ReadonlyArray<ServerAnswer> =>
  given.map((answer, index) => ({ server: "abcdefgh".charAt(index), answer }))
