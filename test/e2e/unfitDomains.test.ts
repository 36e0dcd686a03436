import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { DnsServer, dnsServer } from "../../dev/simulators/DnsServer.ts"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { seedCustomDomain, seedProject } from "../support/memory/seeds.ts"
import { named } from "../support/named.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { rows } from "./support/deploys.ts"
import { stack } from "./support/Stack.ts"

/** 203 code points fit the column; 403 UTF-16 units fit no contract that counts these. */
const emoji = Array.from({ length: 4 }, () => "\u{1f600}".repeat(50)).join(".")
const nul = "evil.com\u0000.victim.com"

const withDns = Layer.unwrapEffect(
  Effect.map(DnsServer, ({ address }) =>
    stack({
      regions: ["eu-west-1.aws"],
      env: { WORKER_DNS_RESOLVERS: address, WORKER_DNS_AUTHORITATIVE_SERVERS: address }
    })
  )
).pipe(Layer.provideMerge(dnsServer))

const seed = Effect.gen(function* () {
  const dns = yield* DnsServer
  yield* dns.set("TXT", `_unkey.${named(emoji)}`, ["unkey-domain-verify=tok"])
  yield* dns.set("CNAME", named(emoji), ["target.cname.unkey.test"])
  yield* dns.set("TXT", "_unkey.evil.com", ["unkey-domain-verify=nul"])
  yield* seedProject("evil", { regions: {} })
  const verified = { verification_status: "verified" } as const
  yield* seedCustomDomain("evil", emoji, {
    id: "dom_emoji",
    verification_token: "tok",
    target_cname: "target.cname.unkey.test"
  })
  yield* seedCustomDomain("evil", nul, {
    id: "dom_nul",
    verification_token: "nul",
    target_cname: "nul.cname.unkey.test"
  })
  yield* seedCustomDomain("evil", "a_b.example.com", { ...verified, id: "dom_unfit" })
  yield* seedCustomDomain("evil", "victim.example.com", { ...verified, id: "dom_victim" })
})

const rowOf = (id: string) => Effect.map(rows, ({ custom_domains }) => custom_domains.find((row) => row.id === id))

/** Polls until the row is as wanted: the worker verifies in the background. */
const until = (id: string, status: string) =>
  Effect.gen(function* () {
    for (let look = 0; look < 120; look++) {
      if ((yield* rowOf(id))?.verification_status === status) return
      yield* inRealTime(Effect.sleep(250))
    }
    assert.fail(`${id} is not ${status}`)
  })

const verify = (domain: string) =>
  Effect.flatMap(RestateClient, (restate) =>
    restate.send(`hydra.v1.CustomDomainService/${encodeURIComponent(domain)}/VerifyDomain`, {})
  )

layer(withDns, { excludeTestServices: true, timeout: "4 minutes" })(
  "domains that no certificate can be had for",
  (it) => {
    it.effect("stop no renewal of others, and say why they are not served", () =>
      Effect.gen(function* () {
        yield* seed
        const restate = yield* RestateClient
        yield* verify(emoji)
        yield* verify(nul)
        yield* until("dom_emoji", "verified")
        yield* until("dom_nul", "failed")
        assert.include((yield* rowOf("dom_nul"))?.verification_error ?? "", "letters, digits, hyphens and dots only")
        const { questions } = yield* DnsServer
        const asked = (yield* questions).filter((question) => question.startsWith("TXT"))
        assert.deepStrictEqual([...new Set(asked)], [`TXT _unkey.${named(emoji)}`])

        yield* restate.send("hydra.v1.CertificateService/global/RenewExpiringCertificates", { daysBeforeExpiry: 30 })
        yield* until("dom_unfit", "failed")
        for (let look = 0; look < 120; look++) {
          const open = yield* restate.sql(
            "SELECT id FROM sys_invocation WHERE status <> 'completed' AND target_handler_name IN ('RenewExpiringCertificates', 'RenewPage', 'VerifyDomain')"
          )
          if (open.length === 0) break
          assert.isBelow(look, 119, "the renewal of all is stuck")
          yield* inRealTime(Effect.sleep(250))
        }
        const { custom_domains } = yield* rows
        assert.deepStrictEqual(custom_domains.map(({ id, verification_status }) => [id, verification_status]).sort(), [
          ["dom_emoji", "verified"],
          ["dom_nul", "failed"],
          ["dom_unfit", "failed"],
          ["dom_victim", "verified"]
        ])
      })
    )
  }
)
