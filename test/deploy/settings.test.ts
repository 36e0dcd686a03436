import { NodeContext } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { loadWorkerConfig } from "../../src/config.ts"
import { firingOf, schedules } from "../../src/contract/schedules.ts"
import { pathOf } from "../../src/operations/RestateIngress.ts"
import { runCommand } from "../cli/runCommand.ts"
import { httpStub } from "../support/HttpStub.ts"
import { describeRendered } from "./support/describeRendered.ts"
import { configMapsOf, cronJobsOf, workloadsOf } from "./support/Manifest.ts"
import { overlays, renderOverlay } from "./support/overlays.ts"

/** What the Secret of deploy/README.md has to hold. */
const secret = { WORKER_DATABASE_PRIMARY: "worker:secret@tcp(127.0.0.1:1)/unkey" }

const identity = "WORKER_RESTATE_REQUEST_IDENTITY_KEYS"
const realKey = "publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f"

/** The environment of the worker's container, its Secret included. */
const environmentIn = (overlay: (typeof overlays)[number]) =>
  Effect.map(renderOverlay(overlay), (objects): Readonly<Record<string, string>> => {
    const referred = workloadsOf(objects).flatMap(({ spec }) =>
      spec.template.spec.containers.flatMap((it) => it.envFrom)
    )
    const names = referred.flatMap(({ configMapRef }) => configMapRef?.name ?? [])
    const maps = configMapsOf(objects).filter(({ metadata }) => names.includes(metadata.name))
    return Object.assign({ ...secret }, ...maps.map(({ data }) => data))
  })

const load = (environment: Readonly<Record<string, string>>) =>
  loadWorkerConfig([]).pipe(
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment)))),
    Effect.provide(NodeContext.layer)
  )

describeRendered("the settings of an overlay", () => {
  it.effect.each(overlays)("are what the worker starts with, once the key of one's own Restate is in %s", (overlay) =>
    Effect.gen(function* () {
      const environment = yield* environmentIn(overlay)
      const isProduction = overlay.endsWith("production")
      const { restate } = yield* load({ ...environment, ...(isProduction ? { [identity]: realKey } : {}) })
      assert.deepStrictEqual(restate.requestIdentityKeys, isProduction ? [realKey] : [])
      assert.strictEqual(restate.adminUrl, "http://restate.restate:9070")
    })
  )

  it.effect.each(overlays.filter((overlay) => overlay.endsWith("production")))(
    "are refused by the worker for as long as the key in %s has not been replaced",
    (overlay) =>
      Effect.gen(function* () {
        const { problems } = yield* Effect.flip(load(yield* environmentIn(overlay)))
        assert.deepStrictEqual(
          problems.map(({ setting }) => setting),
          [`restate.request_identity_keys (${identity})`]
        )
      })
  )

  it.live("are refused by `check` too, which says what is to be replaced", () =>
    Effect.gen(function* () {
      const { code, errors, output } = yield* runCommand(["check"], yield* environmentIn("deployment-production"))
      assert.strictEqual(code, 1)
      assert.match(output + errors, /restate\.request_identity_keys.*REPLACE_WITH_THE_KEY_OF_YOUR_RESTATE/)
    })
  )
})

describeRendered("a CronJob", () => {
  it.scopedLive.each(schedules.map(({ name }) => name))("fires %s with its own arguments and variables", (name) =>
    Effect.gen(function* () {
      const { received, url } = yield* httpStub(() => ({
        status: 202,
        body: '{"invocationId":"inv_1","status":"Accepted"}'
      }))
      const jobs = cronJobsOf(yield* renderOverlay("deployment-small"))
      const job = jobs.find(({ metadata }) => metadata.name === `control-plane-worker-${name}`)
      const container =
        job?.spec.jobTemplate.spec.template.spec.containers[0] ?? assert.fail("there is no such CronJob")
      const variables = container.env.map(({ name, value, valueFrom }) => {
        assert.strictEqual(value === undefined, valueFrom?.secretKeyRef !== undefined, name)
        // An address is that of a cluster, and a Secret has what its owner put there.
        return [name, value === undefined ? `a secret for ${name}` : url] as const
      })
      const at = "2026-02-28T23:45:00Z"
      const ended = yield* runCommand([...container.args, "--at", at], Object.fromEntries(variables))
      assert.strictEqual(ended.code, 0, ended.errors)
      const schedule = schedules.find((each) => each.name === name) ?? assert.fail("it is on the list")
      assert.deepStrictEqual(
        received.map(({ headers, path }) => [path, headers.authorization]),
        [[`/${pathOf(firingOf(schedule, Date.parse(at)))}`, "Bearer a secret for RESTATE_API_KEY"]]
      )
    })
  )
})
