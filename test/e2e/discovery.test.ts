import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema, String } from "effect"
import { Krane } from "../../dev/simulators/Krane.ts"
import { RunDirectoryLive } from "../../dev/stack/RunDirectory.ts"
import { contracts } from "../docs/contracts.ts"
import { seedDeployment, seededAt, seedProject } from "../support/memory/seeds.ts"
import { World } from "../support/memory/World.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { deploymentRow, deployNew, imageOf } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { goHandlers } from "./support/goHandlers.ts"
import { requestIdentity } from "./support/identity.ts"
import { messageOf, postDeployService } from "./support/ingress.ts"
import { type StackOptions, stack, startWorker, Workers } from "./support/Stack.ts"

const region = "local.dev"
const options: StackOptions = { regions: [region] }

const Handler = Schema.Struct({
  name: Schema.String,
  ty: Schema.String,
  public: Schema.Boolean,
  input_json_schema: Schema.Struct({ title: Schema.String }),
  output_json_schema: Schema.Struct({ title: Schema.String })
})
const Services = Schema.parseJson(
  Schema.Struct({
    services: Schema.Array(Schema.Struct({ name: Schema.String, ty: Schema.String, handlers: Schema.Array(Handler) }))
  })
)

const get = (url: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const http = yield* HttpClient.HttpClient
    const response = yield* http.execute(HttpClientRequest.get(url, { headers }))
    return { status: response.status, text: yield* response.text }
  }).pipe(Effect.provide(FetchHttpClient.layer))

/** What the Go worker's services have beyond its handlers, and the services of this worker alone, as their contracts say. */
const ownHandlers = [
  ...contracts
    .filter(({ name }) => name.startsWith("ctrl_worker.v1."))
    .flatMap(({ handlers, name }) =>
      Object.entries(handlers).map(
        ([handler, { ingress, mode }]) => `${name}/${handler} ${String.capitalize(mode)} ${ingress}`
      )
    ),
  "hydra.v1.CertificateService/CheckRenewal Shared private",
  "hydra.v1.CertificateService/ContinueIssuance Exclusive private",
  "hydra.v1.CertificateService/EnsureAccount Exclusive private",
  "hydra.v1.CertificateService/ReissueCertificate Exclusive public",
  "hydra.v1.CertificateService/RememberRenewalInfo Exclusive private",
  "hydra.v1.CertificateService/RenewCertificate Exclusive private",
  "hydra.v1.CertificateService/RenewPage Shared private",
  "hydra.v1.CustomDomainService/CheckDomain Exclusive private",
  "hydra.v1.KeyRefillService/Progress Shared public",
  "hydra.v1.KeyRefillService/RefillSlice Exclusive private",
  "hydra.v1.QuotaCheckService/CheckSlice Shared private",
  "hydra.v1.QuotaCheckService/ForgetOldNotices Exclusive private",
  "hydra.v1.DeploymentService/SetDesiredState Exclusive private",
  "hydra.v1.DeploymentService/TakeScheduledStateChange Exclusive private",
  "hydra.v1.RoutingService/SwapLiveDeployment Exclusive private",
  "hydra.v1.VersioningService/PublishChange Exclusive private",
  "hydra.v1.VersioningService/RaiseVersion Exclusive private"
]

const services = Effect.flatMap(RestateClient, ({ admin }) => get(`${admin}/services`)).pipe(
  Effect.flatMap(({ text }) => Schema.decodeUnknown(Services)(text)),
  Effect.map((listed) => listed.services)
)

layer(stack(options), { excludeTestServices: true, timeout: "1 minute" })("discovery", (it) => {
  it.effect("lists the services as virtual objects, with their handlers, modes and privacy", () =>
    Effect.gen(function* () {
      const listed = yield* services
      assert.deepStrictEqual([...new Set(listed.map(({ ty }) => ty))], ["VirtualObject"])
      const handlers = listed.flatMap(({ handlers, name: service }) =>
        handlers.map(({ name, public: isPublic, ty }) => `${service}/${name} ${ty} ${isPublic ? "public" : "private"}`)
      )
      assert.sameMembers(handlers, [...goHandlers, ...ownHandlers])
    })
  )

  it.effect("publishes what every handler takes and answers, under the names of the protocol's messages", () =>
    Effect.gen(function* () {
      for (const { handlers, name: service } of yield* services) {
        for (const { input_json_schema: input, name, output_json_schema: output } of handlers) {
          if (ownHandlers.some((own) => own.startsWith(`${service}/${name} `))) {
            for (const { title } of [input, output]) assert.match(title, /^(ctrl_worker|hydra)\.v1\.[A-Z]\w+$/)
          } else {
            assert.deepStrictEqual([input.title, output.title], [`hydra.v1.${name}Request`, `hydra.v1.${name}Response`])
          }
        }
      }
    })
  )

  it.scoped("a worker that is added takes new work and leaves what is in flight with the one that began it", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const world = yield* World
      yield* seedProject("flight", { regions: { [region]: 1 } })
      yield* deployNew("flight", "d_before", 1)
      yield* seedDeployment("flight", "d_flying", { created_at: seededAt + 2 })
      yield* Effect.flatMap(Krane, ({ slowDown }) => slowDown(region, "1 hour"))
      const request = { deploymentId: "d_flying", dockerImage: { image: imageOf("d_flying") } }
      const flying = yield* restate.send("hydra.v1.DeployService/proj_flight/Deploy", request)
      const waiting = eventually("a pending instance", world.dump, ({ instances }) =>
        instances.some(({ deployment_id }) => deployment_id === "d_flying")
      )
      yield* waiting
      const before = yield* restate.invocation(flying)

      yield* startWorker(options)
      const promote = yield* restate.send("hydra.v1.DeployService/proj_flight/Promote", {
        targetDeploymentId: "d_before"
      })
      assert.strictEqual((yield* restate.attach(promote)).status, 400)
      yield* world.update("instances", { deployment_id: "d_flying" }, { status: "running" })
      assert.deepInclude(yield* restate.attach(flying), { status: 200, body: {} })

      const after = yield* restate.invocation(flying)
      const added = yield* restate.invocation(promote)
      assert.isString(before?.pinned_deployment_id)
      assert.strictEqual(after?.pinned_deployment_id, before?.pinned_deployment_id)
      assert.notStrictEqual(added?.pinned_deployment_id, before?.pinned_deployment_id)
      assert.deepInclude(yield* deploymentRow("d_flying"), { status: "ready" })
    })
  )
})

const signed = Layer.unwrapEffect(
  Effect.map(requestIdentity, ({ privateKeyFile, publicKey }) =>
    stack({
      ...options,
      restate: { env: { RESTATE_REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: privateKeyFile } },
      env: { WORKER_RESTATE_REQUEST_IDENTITY_KEYS: publicKey }
    })
  )
).pipe(Layer.provide(RunDirectoryLive))

layer(signed, { excludeTestServices: true, timeout: "1 minute" })("a worker that knows its Restate's key", (it) => {
  const accept = { accept: "application/vnd.restate.endpointmanifest.v3+json" }

  it.effect("answers Restate", () =>
    Effect.gen(function* () {
      const reply = yield* postDeployService("Promote", "proj_x", { targetDeploymentId: "d_x" })
      assert.deepStrictEqual([reply.status, messageOf(reply)], [404, "deployment d_x does not exist"])
    })
  )

  it.effect("rejects requests without a signature or with another key's, and still answers probes", () =>
    Effect.gen(function* () {
      const { first } = yield* Workers
      const forged = { "x-restate-signature-scheme": "v1", "x-restate-jwt-v1": "eyJhbGciOiJFZERTQSJ9.e30.AAAA" }
      for (const path of ["/discover", "/invoke/hydra.v1.DeployService/Promote"]) {
        assert.strictEqual((yield* get(first.url + path, accept)).status, 401, path)
        assert.strictEqual((yield* get(first.url + path, { ...accept, ...forged })).status, 401, path)
      }
      assert.strictEqual((yield* get(`${first.url}/health/ready`)).status, 200)
    })
  )
})
