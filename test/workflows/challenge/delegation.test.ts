import { assert, describe, it } from "@effect/vitest"
import type { DnsAnswer } from "../../../src/services/dns/DnsResolver.ts"
import { delegationOf } from "../../../src/workflows/challenge/delegation.ts"

const name = "_acme-challenge.apps.customer.test"
const target = "abc.challenges.test"
const absent: DnsAnswer = { _tag: "Absent" }
const silent: DnsAnswer = { _tag: "Failed", reason: "server_failure" }
const leadsTo = (end: string): DnsAnswer => ({ _tag: "Found", records: [end] })
const judge = (...answers: ReadonlyArray<DnsAnswer>) =>
  delegationOf(
    name,
    target,
    answers.map((answer, nth) => ({ server: `r${nth}`, answer }))
  )

describe("a delegation", () => {
  it("is there when the resolvers that answer agree on exactly its target, and at least half of them answer", () => {
    assert.deepStrictEqual(judge(leadsTo(target), leadsTo(target)), { _tag: "Delegated" })
    assert.deepStrictEqual(judge(leadsTo(target), silent), { _tag: "Delegated" })
  })

  it("is not there when one of them sees nothing or something else, which the finding names", () => {
    assert.deepStrictEqual(judge(absent, absent), {
      _tag: "NotDelegated",
      finding: `there is no CNAME record at ${name}; add one that points to ${target}`
    })
    assert.deepStrictEqual(judge(leadsTo("lb-1.elb.provider.test"), leadsTo(target)), {
      _tag: "NotDelegated",
      finding: `the CNAME of ${name} leads to lb-1.elb.provider.test, expected ${target}`
    })
    assert.deepStrictEqual(judge(leadsTo(target), absent), {
      _tag: "NotDelegated",
      finding: `the CNAME of ${name} is not seen by r1 yet; changes can take a while to spread`
    })
  })

  it("is unknown, not absent, while too few of them answer", () => {
    assert.deepStrictEqual(judge(silent, silent), {
      _tag: "Unanswered",
      finding: `DNS did not answer for the CNAME of ${name} (r0: server failure, r1: server failure)`
    })
    assert.strictEqual(judge(leadsTo(target), silent, silent)._tag, "Unanswered")
    assert.strictEqual(judge()._tag, "Unanswered")
  })
})
