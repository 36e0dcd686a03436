import { Context, Effect, Layer, Option } from "effect"
import { BuildLedger } from "../../../src/services/builds/BuildLedger.ts"
import { CertificateStore } from "../../../src/services/certificate/CertificateStore.ts"
import { ClickhouseSettingsStore } from "../../../src/services/clickhouseUser/ClickhouseSettingsStore.ts"
import { DomainStore } from "../../../src/services/customDomain/DomainStore.ts"
import { DbError, DbRefused } from "../../../src/services/Db.ts"
import { DeploymentStore } from "../../../src/services/deploy/DeploymentStore.ts"
import { RegionStore } from "../../../src/services/deploy/RegionStore.ts"
import { RouteStore } from "../../../src/services/deploy/RouteStore.ts"
import { DomainProofStore } from "../../../src/services/domainProof/DomainProofStore.ts"
import { IdlePreviewStore } from "../../../src/services/idlePreviews/IdlePreviewStore.ts"
import { KeyRefillStore } from "../../../src/services/keyRefill/KeyRefillStore.ts"
import { QuotaStore } from "../../../src/services/quotaCheck/QuotaStore.ts"

const stores: ReadonlyArray<Context.Tag<never, object>> = [
  BuildLedger,
  CertificateStore,
  ClickhouseSettingsStore,
  DeploymentStore,
  DomainProofStore,
  DomainStore,
  IdlePreviewStore,
  KeyRefillStore,
  QuotaStore,
  RegionStore,
  RouteStore
  // Each tag names another service; here they are only looked up and put back.
] as unknown as ReadonlyArray<Context.Tag<never, object>>

/** Decides for a statement, named `Store.method`, whether it is rejected permanently or unavailable. */
export type Refuses = (operation: string) => boolean | "away"

const refusal = (operation: string, decision: true | "away") =>
  decision === "away"
    ? new DbError({ operation, reason: "connection" })
    : new DbRefused({ operation, reason: "constraint" })

const guarded = (name: string, store: object, refuses: Refuses): object => {
  const guard = (operation: string, effect: () => Effect.Effect<unknown, unknown>) =>
    Effect.suspend(() => {
      const decision = refuses(operation)
      return decision === false ? effect() : Effect.fail(refusal(operation, decision))
    })
  return Object.fromEntries(
    Object.entries(store).map(([method, member]) => {
      const operation = `${name}.${method}`
      if (typeof member !== "function") return [method, guard(operation, () => member)]
      return [method, (...input: ReadonlyArray<unknown>) => guard(operation, () => member(...input))]
    })
  )
}

/** Stores of a database that rejects some statements on every attempt. */
export const refusingStores =
  (refuses: Refuses) =>
  <A, E, R>(world: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
    Layer.map(world, (context) =>
      stores.reduce(
        (all, tag) =>
          Option.match(Context.getOption(all, tag), {
            onNone: () => all,
            onSome: (store) => Context.add(all, tag, guarded(tag.key.slice(tag.key.indexOf("/") + 1), store, refuses))
          }),
        context
      )
    )
