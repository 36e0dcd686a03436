import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { BuildVariablesLive } from "../../../src/layers/mysql/BuildVariablesLive.ts"
import { MysqlPools } from "../../../src/layers/mysql/MysqlPools.ts"
import { BuildVariables } from "../../../src/services/builds/BuildVariables.ts"
import { environmentVariable } from "../../../src/services/vault/Purpose.ts"
import { Vault } from "../../../src/services/vault/Vault.ts"
import { MemoryVault } from "../../support/memory/MemoryVault.ts"
import { freshPools } from "./MysqlWorld.ts"

/** Inserts a deployment with this column value. */
const store = (id: string, stored: string) =>
  Effect.flatMap(
    MysqlPools,
    ({ primary: { sql } }) => sql`
      INSERT INTO deployments (id, k8s_name, workspace_id, project_id, environment_id, sentinel_config, cpu_millicores,
        memory_mib, desired_state, encrypted_environment_variables, status, created_at)
      VALUES (${id}, ${`k_${id}`}, 'ws', 'p', 'env_1', '', 1, 1, 'running', ${Buffer.from(stored)}, 'pending', 1)`
  )

const encrypted = (values: Readonly<Record<string, string>>, keyring = "env_1") =>
  Effect.gen(function* () {
    const vault = yield* Vault
    const pairs = yield* Effect.forEach(Object.entries(values), ([name, value]) =>
      Effect.map(
        vault.encrypt(keyring, Redacted.make(value), environmentVariable(name)),
        (ciphertext) => [name, ciphertext] as const
      )
    )
    return JSON.stringify({ secrets: Object.fromEntries(pairs) })
  })

const variablesOf = (id: string) => Effect.flatMap(BuildVariables, (variables) => variables.forDeployment(id))

const found = (id: string) =>
  Effect.map(variablesOf(id), (variables) => {
    const { values, version } = Option.getOrThrow(variables)
    return { values: Object.fromEntries(Array.from(values, ([name, value]) => [name, Redacted.value(value)])), version }
  })

const refusals: ReadonlyArray<readonly [string, Readonly<Record<string, string>>, string]> = [
  ["a name with a dash", { "CANARY-NAME": "x" }, "each needs a name"],
  ["a name with a line break", { "A\nB": "x" }, "each needs a name"],
  ["a name that begins with a digit", { "1A": "x" }, "each needs a name"],
  ["a name without end", { ["A".repeat(257)]: "x" }, "each needs a name"],
  ["NUL in a value", { A: "canary\0value" }, "A holds what no environment variable can"],
  [
    "501 of them",
    Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`A${n}`, "x"])),
    "there are 501, at most 500"
  ],
  ["too many bytes", { A: "canary".repeat(22_000), B: "canary".repeat(22_000) }, "together they have 264002 bytes"]
]

/** Column values that are not valid variables. */
const unfit: ReadonlyArray<readonly [string, string, string]> = [
  ["other JSON", '{"secrets": ["canary"]}', "each needs a name"],
  ["no JSON", "canary", "holds no variables"],
  ["a number as ciphertext", '{"secrets": {"A": 1}}', "each needs a name"],
  ["more than a megabyte", " ".repeat(1024 * 1024 + 1), "more than 1048576 bytes"]
]

layer(BuildVariablesLive.pipe(Layer.provideMerge(Layer.merge(freshPools, MemoryVault))), {
  excludeTestServices: true,
  timeout: "2 minutes"
})("the variables of a build", (it) => {
  it.effect("are decrypted with the keyring of the environment, every name that is one", () =>
    Effect.gen(function* () {
      const values = { B: "two\nlines", A: "", _c1: "it's", ["__proto__"]: "kept" }
      yield* store("d_some", yield* encrypted(values))
      assert.deepStrictEqual((yield* found("d_some")).values, values)
      for (const [id, none] of [
        ["d_empty", ""],
        ["d_braces", "{}"],
        ["d_none", '{"secrets": {}}']
      ] as const) {
        yield* store(id, none)
        assert.deepStrictEqual((yield* found(id)).values, {})
      }
      assert.deepStrictEqual(yield* variablesOf("d_gone"), Option.none())
    })
  )

  it.effect("have a version that follows ciphertexts and names, and no order", () =>
    Effect.gen(function* () {
      const versionOf = (id: string, stored: string) =>
        Effect.zipRight(
          store(id, stored),
          Effect.map(found(id), ({ version }) => version)
        )
      const ciphertext = (value: string) =>
        `memory:${Buffer.from("env_1").toString("hex")}:${Buffer.from(value).toString("hex")}`
      const [a, b] = [ciphertext("a"), ciphertext("b")]
      const first = yield* versionOf("d_v1", JSON.stringify({ secrets: { A: a, B: b } }))
      assert.strictEqual(yield* versionOf("d_v2", JSON.stringify({ secrets: { B: b, A: a } })), first)
      assert.notStrictEqual(yield* versionOf("d_v3", JSON.stringify({ secrets: { A: b, B: a } })), first)
      assert.notStrictEqual(yield* versionOf("d_v4", JSON.stringify({ secrets: { A: a, C: b } })), first)
    })
  )

  for (const [nth, [what, values, reason]] of refusals.entries())
    it.effect(`with ${what} are refused with a reason that quotes no value`, () =>
      Effect.gen(function* () {
        yield* store(`d_refused_${nth}`, yield* encrypted(values))
        const refused = yield* Effect.flip(variablesOf(`d_refused_${nth}`))
        assert.strictEqual(refused._tag, "VariablesRefused")
        assert.include(refused.message, reason)
        assert.notInclude(refused.message.toLowerCase(), "canary")
      })
    )

  for (const [nth, [what, stored, reason]] of unfit.entries())
    it.effect(`in a column with ${what} are refused with a reason that quotes no value`, () =>
      Effect.gen(function* () {
        yield* store(`d_unfit_${nth}`, stored)
        const refused = yield* Effect.flip(variablesOf(`d_unfit_${nth}`))
        assert.strictEqual(refused._tag, "VariablesRefused")
        assert.include(refused.message, reason)
        assert.notInclude(refused.message, "canary")
      })
    )

  it.effect("of another environment's keyring are not decrypted", () =>
    Effect.gen(function* () {
      yield* store("d_foreign", yield* encrypted({ A: "canary" }, "env_2"))
      const refused = yield* Effect.flip(variablesOf("d_foreign"))
      assert.strictEqual(refused._tag, "DecryptionRefused")
    })
  )
})
