import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { MysqlPools } from "../../../src/layers/mysql/MysqlPools.ts"
import { CertificateStore } from "../../../src/services/certificate/CertificateStore.ts"
import { DomainStore } from "../../../src/services/customDomain/DomainStore.ts"
import { seedCustomDomain, seedProject, seedRoute } from "../../support/memory/seeds.ts"
import { World } from "../../support/memory/World.ts"
import { named } from "../../support/named.ts"
import { mysqlWorld } from "./MysqlWorld.ts"

const at = 1_800_000_000_000

/** All ignore case and accents. The default is utf8mb4_0900_ai_ci on MySQL and utf8mb4_general_ci on MariaDB. */
const collations = {
  utf8mb4_unicode_ci: "COLLATE utf8mb4_unicode_ci",
  utf8mb4_general_ci: "COLLATE utf8mb4_general_ci",
  "the default of utf8mb4": ""
}

const compareBy = (collation: string) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { sql } = (yield* MysqlPools).primary
      for (const table of ["custom_domains", "frontline_routes", "certificates"])
        yield* sql`ALTER TABLE ${sql(table)} CONVERT TO CHARACTER SET utf8mb4 ${sql.literal(collation)}`
    }).pipe(Effect.orDie)
  )

for (const [name, collation] of Object.entries(collations))
  layer(Layer.provideMerge(compareBy(collation), mysqlWorld), { excludeTestServices: true })(
    `a database that takes different text for equal by ${name}`,
    (it) => {
      it.effect("finds a domain in any case, and never a row of another name", () =>
        Effect.gen(function* () {
          yield* (yield* World).clear
          yield* seedProject("shop")
          yield* seedCustomDomain("shop", "Shop.Example.com", { id: "dom_case" })
          yield* seedCustomDomain("shop", "b\u00fccher.example", { id: "dom_accent" })
          yield* seedCustomDomain("shop", "evil.com.victim.com", { id: "dom_victim" })
          yield* seedRoute("shop", "b\u00fccher.example")
          const domains = yield* DomainStore
          const found = (name: string) => Effect.map(domains.find(named(name)), (row) => row?.id ?? null)
          assert.strictEqual(yield* found("shop.example.com"), "dom_case")
          assert.strictEqual(yield* found("b\u00fccher.example"), "dom_accent")
          assert.isNull(yield* found("bucher.example"))
          assert.isNull(
            yield* domains.resolveSpelling({ domain: named("shop.example.com"), stored: "Shop.Example.com", at })
          )

          const before = yield* (yield* World).dump
          yield* domains.reject({ stored: "evil.com\u0000.victim.com", problem: "no", at })
          yield* domains.reject({ stored: "SHOP.example.com", problem: "no", at })
          assert.deepStrictEqual(yield* (yield* World).dump, before)

          const certificates = yield* CertificateStore
          assert.isTrue(Option.isNone(yield* certificates.find(named("bucher.example"))))
          assert.deepInclude(Option.getOrThrow(yield* certificates.find(named("shop.example.com"))), {
            id: "dom_case",
            name: named("shop.example.com"),
            hasRoute: false
          })
          const { rows } = yield* certificates.page(0, 10)
          assert.deepStrictEqual(rows, [])
        })
      )

      it.effect("lists a name once, and refuses no row that it finds", () =>
        Effect.gen(function* () {
          yield* (yield* World).clear
          yield* seedProject("shop")
          for (const stored of ["Shop.Example.com", "B\u00dcCHER.example"])
            yield* seedCustomDomain("shop", stored, { verification_status: "verified" })
          const { rows } = yield* (yield* CertificateStore).page(0, 10)
          assert.deepStrictEqual(
            rows.map((row) => (row._tag === "Listed" ? row.name : row.problem)),
            [named("shop.example.com"), named("b\u00fccher.example")]
          )
        })
      )
    }
  )
