import { assert, layer } from "@effect/vitest"
import { Context, Effect, type Layer, Schedule } from "effect"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { DnsZone } from "../../src/services/dns/DnsZone.ts"
import { recordAt } from "../support/challengeRecords.ts"

/** The values of a name, as the CA sees them. */
export class ZoneValues extends Context.Tag("test/ZoneValues")<
  ZoneValues,
  (name: string) => Effect.Effect<ReadonlyArray<string>>
>() {}

const untilInSync = (zone: DnsZone["Type"], changeId: string) =>
  zone
    .isInSync(changeId)
    .pipe(Effect.repeat({ until: (isInSync) => isInSync, schedule: Schedule.spaced("20 millis") }), inRealTime)

export interface ProviderTraits {
  /**
   * Whether the provider rejects a batch that deletes outdated values. One that does not would lose a concurrent writer's
   * value, whatever the implementation does. Default true.
   */
  readonly comparesValues?: boolean
}

/** What every implementation of `DnsZone` promises, in a zone `example.com`. */
export const dnsZoneContract = <E>(
  name: string,
  zones: Layer.Layer<DnsZone | ZoneValues, E>,
  { comparesValues = true }: ProviderTraits = {}
): void =>
  layer(zones, { excludeTestServices: true })(`DnsZone: ${name}`, (it) => {
    let nth = 0
    const guarantee = <A, E2>(
      title: string,
      test: (zone: DnsZone["Type"], host: string, values: Effect.Effect<ReadonlyArray<string>>) => Effect.Effect<A, E2>
    ) =>
      it.effect(title, () =>
        Effect.gen(function* () {
          const host = `_acme-challenge.h${nth++}.example.com`
          const valuesOf = yield* ZoneValues
          yield* test(yield* DnsZone, host, valuesOf(host))
        })
      )

    guarantee("a value that is added stands there once every server has the change", (zone, host, values) =>
      Effect.gen(function* () {
        const change = yield* zone.addTxt(recordAt(host), "one")
        assert.isString(change)
        yield* untilInSync(zone, change ?? "")
        assert.deepStrictEqual(yield* values, ["one"])
      })
    )

    guarantee("an existing value is not added again, whichever writer added it", (zone, host, values) =>
      Effect.gen(function* () {
        yield* zone.addTxt(recordAt(host), "one")
        assert.isNull(yield* zone.addTxt(recordAt(host), "one"))
        assert.isNull(yield* zone.addTxt(recordAt(host.toUpperCase()), "one"))
        assert.deepStrictEqual(yield* values, ["one"])
      })
    )

    guarantee("values of a wildcard and of its parent stand beside each other", (zone, host, values) =>
      Effect.gen(function* () {
        yield* zone.addTxt(recordAt(host), "parent")
        yield* zone.addTxt(recordAt(host), "wildcard")
        assert.sameMembers([...(yield* values)], ["parent", "wildcard"])
        yield* zone.removeTxt(recordAt(host), "parent")
        assert.deepStrictEqual(yield* values, ["wildcard"])
      })
    )

    guarantee("only the given value is taken away, as often as it is asked for", (zone, host, values) =>
      Effect.gen(function* () {
        yield* zone.removeTxt(recordAt(host), "never there")
        for (const value of ["mine", "foreign"]) yield* zone.addTxt(recordAt(host), value)
        yield* zone.removeTxt(recordAt(host), "mine")
        yield* zone.removeTxt(recordAt(host), "mine")
        assert.deepStrictEqual(yield* values, ["foreign"])
        yield* zone.removeTxt(recordAt(host), "foreign")
        assert.deepStrictEqual(yield* values, [])
      })
    )

    guarantee("values differ by case, and one that contains another is not it", (zone, host, values) =>
      Effect.gen(function* () {
        for (const value of ["abc", "ABC", "abcd"]) yield* zone.addTxt(recordAt(host), value)
        yield* zone.removeTxt(recordAt(host), "abc")
        assert.sameMembers([...(yield* values)], ["ABC", "abcd"])
      })
    )

    if (!comparesValues) return
    guarantee("no value is lost when several are added and taken away at once", (zone, host, values) =>
      Effect.gen(function* () {
        yield* zone.addTxt(recordAt(host), "leaving")
        yield* Effect.all(
          [
            zone.addTxt(recordAt(host), "one"),
            zone.addTxt(recordAt(host), "two"),
            zone.removeTxt(recordAt(host), "leaving")
          ],
          {
            concurrency: "unbounded"
          }
        )
        assert.sameMembers([...(yield* values)], ["one", "two"])
      })
    )
  })
