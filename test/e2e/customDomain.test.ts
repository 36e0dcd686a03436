import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { type DnsServerShape, startDnsServer } from "../../dev/simulators/DnsServer.ts"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { everythingIsReadable } from "../contract/neighbours/misreadings.ts"
import { runInProcess } from "../support/cli/runInProcess.ts"
import { namesOf, seedCustomDomain, seedDeployment, seedProject } from "../support/memory/seeds.ts"
import { World } from "../support/memory/World.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { rows } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { DatabaseUrl, stack } from "./support/Stack.ts"

const service = "hydra.v1.CustomDomainService"

/** Two resolvers and the zone's own server, as the worker is told of them. */
class Dns extends Context.Tag("test/e2e/Dns")<
  Dns,
  { readonly resolvers: readonly [DnsServerShape, DnsServerShape]; readonly authoritative: DnsServerShape }
>() {}

const dnsServers = Layer.scoped(
  Dns,
  Effect.map(Effect.all([startDnsServer, startDnsServer, startDnsServer]), ([one, two, authoritative]) => ({
    resolvers: [one, two] as const,
    authoritative
  }))
)

const verifying = Layer.unwrapEffect(
  Effect.map(Dns, ({ authoritative, resolvers }) =>
    stack({
      regions: ["local.dev"],
      env: {
        WORKER_DNS_RESOLVERS: resolvers.map(({ address }) => address).join(","),
        WORKER_DNS_AUTHORITATIVE_SERVERS: authoritative.address
      }
    })
  )
).pipe(Layer.provideMerge(dnsServers))

/** Writes on all servers, as a change that has spread. */
const publish = (...record: Parameters<DnsServerShape["set"]>) =>
  Effect.flatMap(Dns, ({ authoritative, resolvers }) =>
    Effect.forEach([...resolvers, authoritative], (server) => server.set(...record), { discard: true })
  )

const domainRow = (domain: string) =>
  Effect.map(rows, ({ custom_domains }) => custom_domains.find((row) => row.domain === domain))

/** What a command prints with the settings of the stack. */
const shown = (...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { admin } = yield* RestateClient
    const environment = { WORKER_RESTATE_ADMIN_URL: admin, WORKER_DATABASE_PRIMARY: yield* DatabaseUrl }
    return yield* inRealTime(runInProcess(environment, ...args))
  })

const untilStatus = (domain: string, status: string) =>
  eventually(`${domain} is ${status}`, domainRow(domain), (row) => row?.verification_status === status)

layer(verifying, { excludeTestServices: true, timeout: "1 minute" })("a custom domain", (it) => {
  it.effect("becomes verified through the ingress, with its route and its challenge, once its records are there", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const { projectId, workspaceId } = yield* seedProject("shop", { regions: {} })
      yield* seedDeployment("shop", "d_1", { status: "ready" })
      const id = yield* seedCustomDomain("shop", "app.example.com")
      yield* publish("TXT", "_unkey.app.example.com", [["UNKEY-domain-verify=", "TOKEN-app.example.com"]])
      yield* publish("CNAME", "app.example.com", ["Target-App.Example.Com.cname.unkey.test."])
      assert.deepInclude(yield* restate.call(`${service}/app.example.com/VerifyDomain`, {}), { status: 200, body: {} })
      assert.deepInclude(yield* untilStatus("app.example.com", "verified"), {
        check_attempts: 1,
        ownership_verified: true,
        cname_verified: true,
        verification_error: null
      })
      const { acme_challenges, frontline_routes } = yield* rows
      assert.deepInclude(
        frontline_routes.find((row) => row.fully_qualified_domain_name === "app.example.com"),
        { project_id: projectId, deployment_id: "d_1", sticky: "live" }
      )
      assert.deepInclude(
        acme_challenges.find(({ domain_id }) => domain_id === id),
        { workspace_id: workspaceId, status: "waiting" }
      )
      const { printed } = yield* shown("domain", "App.example.com.")
      assert.match(printed[0] ?? "", /^app\.example\.com {2}verified/)
      assert.match(printed.join("\n"), /route +leads to d_1\n/)
      const certificate = (yield* shown("certificate", "app.example.com")).printed.join("\n")
      assert.match(certificate, /certificate +none, challenge waiting/)
      const unknown = yield* shown("domain", "unknown.example.com")
      assert.deepStrictEqual(unknown.errors, ["domain: there is no domain unknown.example.com"])
      assert.isTrue(unknown.failed)
    })
  )

  it.effect("says what is wrong, also through a resolver that fails, and is verified from its apex by addresses", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const { resolvers } = yield* Dns
      yield* seedProject("apex", { regions: {} })
      yield* seedCustomDomain("apex", "example.org")
      yield* publish("TXT", "_unkey.example.org", ["unkey-domain-verify=token-example.org"])
      yield* publish("A", "example.org", ["192.0.2.9"])
      yield* publish("A", "target-example.org.cname.unkey.test", ["192.0.2.1", "192.0.2.2"])
      yield* resolvers[0].fail("_unkey.example.org", "server_failure")
      yield* restate.send(`${service}/example.org/VerifyDomain`, {})
      const row = yield* eventually(
        "a reason",
        domainRow("example.org"),
        (seen) => seen?.verification_error !== null && seen?.verification_error !== undefined
      )
      assert.deepInclude(row, {
        ownership_verified: true,
        cname_verified: false,
        verification_error:
          "example.org has the addresses 192.0.2.9, but target-example.org.cname.unkey.test has 192.0.2.1, 192.0.2.2; point it there with a CNAME, ALIAS or ANAME record"
      })
      const facts = (yield* shown("domain", "example.org")).printed.join("\n")
      assert.match(facts, /problem +example\.org has the addresses 192\.0\.2\.9, /)
      assert.match(facts, /waits for +the next check, \S+ \S+ \(in /)
      assert.match(facts, /invocation +inv_\w+ {2}scheduled\n/)
      yield* publish("A", "example.org", ["192.0.2.2", "192.0.2.1"])
      yield* restate.send(`${service}/example.org/VerifyDomain`, {})
      yield* untilStatus("example.org", "verified")
      assert.lengthOf(
        (yield* rows).frontline_routes.filter(({ project_id }) => project_id === namesOf("apex").projectId),
        1
      )
    })
  )

  it.effect("can be retried and deleted by a caller that cancels the invocation it sent first", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const world = yield* World
      const key = "waiting.example.net"
      yield* seedProject("waiting", { regions: {} })
      yield* seedCustomDomain("waiting", key)
      const first = yield* restate.send(`${service}/${key}/VerifyDomain`, {})
      yield* eventually("a first check", domainRow(key), (row) => row?.check_attempts === 1)
      // The caller takes 202 and 404 for success, and nothing else.
      const refused = yield* Effect.flip(restate.cancel(first))
      assert.strictEqual(refused._tag, "AdminNotFound")
      const second = yield* restate.send(`${service}/${key}/VerifyDomain`, {})
      yield* world.update("custom_domains", { domain: key }, { check_attempts: 0, invocation_id: second })
      const scheduled = restate.sql(
        `SELECT id FROM sys_invocation WHERE target_service_name = '${service}' AND target_service_key = '${key}'`
      )
      yield* eventually("a check of the new run", domainRow(key), (row) => (row?.last_checked_at ?? 0) > 0)
      // The delayed check of the first run and the one of the second: the first will do nothing.
      yield* eventually("both checks wait", scheduled, (found) => found.length === 2)
    })
  )

  it.effect("frontline and the dashboard can read every row that verifications left", () => everythingIsReadable)
})
