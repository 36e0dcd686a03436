import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { DnsAnswer } from "../../../src/services/dns/DnsResolver.ts"
import { MemoryDns } from "../../support/memory/MemoryDns.ts"
import { ControlPlane } from "../../support/workflows/ControlPlane.ts"
import {
  domain,
  domainRow,
  publishAll,
  publishCname,
  publishOwnership,
  target,
  token,
  verifyDomain,
  withDomain,
  withDomains
} from "../../support/workflows/CustomDomains.ts"
import { unfinished } from "../../support/workflows/scenario.ts"

const failed = (reason: "timeout" | "server_failure" | "refused" | "unreachable") =>
  ({ _tag: "Failed", reason }) satisfies DnsAnswer
const ownership = `_unkey.${domain}`
const [one, two] = ["1.1.1.1", "8.8.8.8"]

interface Case {
  readonly dns: (dns: MemoryDns["Type"]) => Effect.Effect<unknown, never, MemoryDns>
  /** The reason in the row after the first check; null when it is verified. */
  readonly problem: string | null
}

const cases: Readonly<Record<string, Case>> = {
  "a domain that does not exist": {
    dns: () => Effect.void,
    problem: `there is no TXT record at ${ownership}; add one with the value unkey-domain-verify=${token}; ${domain} has no CNAME record; add one that points to ${target}`
  },
  "a zone whose servers fail": {
    dns: (dns) =>
      Effect.all([
        dns.set("TXT", ownership, failed("server_failure")),
        dns.set("CNAME", domain, failed("server_failure"))
      ]),
    problem: `too few DNS servers answered for the TXT record at ${ownership} (${one}: server failure, ${two}: server failure); check the name servers of the domain; too few DNS servers answered for the CNAME of ${domain} (${one}: server failure, ${two}: server failure); check the name servers of the domain`
  },
  "one resolver that fails": {
    dns: (dns) =>
      Effect.all([
        publishAll,
        dns.set("TXT", ownership, failed("server_failure"), one),
        dns.set("CNAME", domain, failed("refused"), two)
      ]),
    problem: null
  },
  "one resolver that is slow": {
    dns: (dns) => Effect.zipRight(publishAll, dns.set("TXT", ownership, failed("timeout"), two)),
    problem: null
  },
  "authoritative servers out of reach": {
    dns: (dns) => Effect.zipRight(publishAll, dns.set("TXT", ownership, failed("unreachable"), "ns.zone")),
    problem: null
  },
  "a record that the zone itself no longer has": {
    dns: (dns) => Effect.zipRight(publishAll, dns.set("TXT", ownership, [], "ns.zone")),
    problem: `the TXT record at ${ownership} is not seen by ns.zone yet; changes can take a while to spread`
  },
  "split answers about the owner": {
    dns: (dns) => Effect.zipRight(publishAll, dns.set("TXT", ownership, ["old"], two)),
    problem: `the TXT record at ${ownership} is not seen by ${two} yet; changes can take a while to spread`
  },
  "split answers about the target": {
    dns: (dns) => Effect.zipRight(publishAll, dns.set("CNAME", domain, ["old.example.net"], one)),
    problem: `the CNAME of ${domain} points to old.example.net, expected ${target}`
  },
  "a loop of aliases": {
    dns: (dns) =>
      Effect.all([
        publishOwnership,
        dns.set("CNAME", domain, ["b.example.com"]),
        dns.set("CNAME", "b.example.com", [domain])
      ]),
    problem: `the CNAME of ${domain} points to b.example.com, expected ${target}`
  },
  "20 TXT values, one of them right": {
    dns: (dns) =>
      Effect.zipRight(
        publishCname,
        dns.set("TXT", ownership, [
          ...Array.from({ length: 19 }, (_, nth) => `${nth}`.repeat(100)),
          `UNKEY-DOMAIN-VERIFY=${token}`
        ])
      ),
    problem: null
  },
  "20 TXT values, none of them right": {
    dns: (dns) =>
      Effect.zipRight(
        publishCname,
        dns.set(
          "TXT",
          ownership,
          Array.from({ length: 20 }, (_, nth) => `value ${nth}`)
        )
      ),
    problem: `the TXT record at ${ownership} is value 0, value 1, value 2 and 17 more, expected unkey-domain-verify=${token}`
  },
  "an apex with the target's addresses": {
    dns: (dns) =>
      Effect.all([
        publishOwnership,
        dns.set("ADDRESS", domain, ["2001:db8::1", "192.0.2.1"]),
        dns.set("ADDRESS", target, ["192.0.2.1", "2001:db8::1"])
      ]),
    problem: null
  },
  "an apex with the target's addresses of one family": {
    dns: (dns) =>
      Effect.all([
        publishOwnership,
        dns.set("ADDRESS", domain, ["192.0.2.1"]),
        dns.set("ADDRESS", target, ["192.0.2.1", "2001:db8::1"])
      ]),
    problem: null
  },
  "a chain of aliases to the target": {
    dns: (dns) =>
      Effect.all([
        publishOwnership,
        dns.set("CNAME", domain, ["b.example.com"]),
        dns.set("CNAME", "b.example.com", [target])
      ]),
    problem: null
  },
  "a chain of aliases to the balancer of the target": {
    dns: (dns) =>
      Effect.all([
        publishOwnership,
        dns.set("CNAME", domain, ["lb-1.example.net"]),
        dns.set("CNAME", target, ["lb-1.example.net"])
      ]),
    problem: null
  },
  "an alias without the owner's record": {
    dns: (dns) =>
      Effect.all([dns.set("CNAME", domain, ["b.example.com"]), dns.set("CNAME", "b.example.com", [target])]),
    problem: `there is no TXT record at ${ownership}; add one with the value unkey-domain-verify=${token}`
  },
  "a domain behind a proxy": {
    dns: (dns) =>
      Effect.all([
        publishOwnership,
        dns.set("ADDRESS", domain, ["104.21.5.6"]),
        dns.set("ADDRESS", target, ["192.0.2.1"])
      ]),
    problem: `${domain} has the addresses 104.21.5.6, but ${target} has 192.0.2.1; point it there with a CNAME, ALIAS or ANAME record; it leads to a proxy of Cloudflare, which hides the record: turn the proxy off ("DNS only")`
  },
  "an apex that is parked elsewhere": {
    dns: (dns) =>
      Effect.all([
        publishOwnership,
        dns.set("ADDRESS", domain, ["192.0.2.9"]),
        dns.set("ADDRESS", target, ["192.0.2.1"])
      ]),
    problem: `${domain} has the addresses 192.0.2.9, but ${target} has 192.0.2.1; point it there with a CNAME, ALIAS or ANAME record`
  }
}

describe("[B9] a verification", () => {
  for (const [what, { dns, problem }] of Object.entries(cases))
    it.effect(
      `of ${what} ${problem === null ? "succeeds" : "gives the reason, and succeeds once it is put right"}`,
      () =>
        Effect.gen(function* () {
          const { engine } = yield* ControlPlane
          const memory = yield* MemoryDns
          yield* withDomain()
          yield* dns(memory)
          yield* verifyDomain
          yield* engine.advance(0)
          assert.deepInclude(yield* domainRow, {
            verification_status: problem === null ? "verified" : "verifying",
            verification_error: problem,
            check_attempts: 1
          })
          for (const server of [one, two, "ns.zone"]) {
            yield* memory.set("TXT", ownership, [`unkey-domain-verify=${token}`], server)
            yield* memory.set("CNAME", domain, [target], server)
          }
          yield* engine.drain
          assert.deepInclude(yield* domainRow, { verification_status: "verified", verification_error: null })
          assert.deepStrictEqual(unfinished(engine), [])
          assert.isTrue(engine.invocations.every(({ failures, result }) => failures === 0 && result?.ok === true))
        }).pipe(withDomains())
    )
})
