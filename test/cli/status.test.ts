import { Command } from "@effect/cli"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { ConfigProvider, Effect, FastCheck as fc, Schema } from "effect"
import { sqlText } from "effect-restate/admin"
import { program } from "../../src/cli/program.ts"
import { statusCommand } from "../../src/cli/status.ts"
import { RestateClient, untilInvocation } from "../support/stack/Restate.ts"
import { dogged, hasty, mended, secretText, watchedServer } from "../support/watch/Watched.ts"

/** Runs the command with this environment and no other, and answers with what it prints, also when it fails. */
const status = (environment: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const printed: Array<string> = []
    const run = Command.run(Command.withSubcommands(program, [statusCommand]), { name: "test", version: "1" })
    yield* Effect.consoleWith((console) =>
      Effect.withConsole(run(["node", "main.js", "status", ...args]), {
        ...console,
        log: (text) => Effect.sync(() => void printed.push(String(text))),
        error: (text) => Effect.sync(() => void printed.push(String(text)))
      })
    ).pipe(
      Effect.catchTag("CommandFailed", () => Effect.void),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment)))),
      Effect.provide(NodeContext.layer)
    )
    return printed
  })

const atServer = (...args: ReadonlyArray<string>) =>
  Effect.flatMap(RestateClient, ({ admin }) => status({}, "--admin-url", admin, ...args))

const Shown = Schema.parseJson(
  Schema.Struct({
    invocations: Schema.Array(
      Schema.Struct({ id: Schema.String, status: Schema.String, wayOut: Schema.NullOr(Schema.String) })
    ),
    more: Schema.Number
  })
)
const shownBy = (...args: ReadonlyArray<string>) =>
  Effect.flatMap(atServer("--json", ...args), ([line]) => Schema.decodeUnknown(Shown)(line))

/** Keys that end a literal, open a comment, or mean everything, where they are not taken as they are. */
const hostileKeys = [
  "two words",
  "it's",
  "x' OR '1'='1",
  "x'; DROP TABLE sys_invocation; --",
  "a\\' OR 1=1 --",
  '"quoted"',
  "''",
  "%",
  "日本 🚀",
  "tab\tand\nline"
]

layer(watchedServer, { excludeTestServices: true, timeout: "1 minute" })("the status", (it) => {
  it.effect("shows what runs, waits, is paused and backs off, by service and by key, each with its way out", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      mended.current = false
      const paused = yield* restate.send(`${hasty}/p/Fail`)
      const failing = yield* restate.send(`${dogged}/f/Fail`)
      const running = yield* restate.send(`${dogged}/r/Hold`)
      const behind = yield* restate.send(`${dogged}/r/Nap`)
      const napping = yield* restate.send(`${dogged}/n/Nap`)
      const expected = [
        [paused, "paused"],
        [failing, "backing-off"],
        [running, "running"],
        [behind, "pending"],
        [napping, "suspended"]
      ] as const
      for (const [id, wanted] of expected) yield* untilInvocation(restate, id, (row) => row.status === wanted)

      const overview = yield* atServer()
      assert.match(overview[0] ?? "", /^SERVICE +RUNNING +READY +BACKING-OFF +SUSPENDED +PENDING +SCHEDULED +PAUSED$/)
      const numbers = (overview.find((line) => line.startsWith(dogged)) ?? "").split(/ +/).slice(1).map(Number)
      assert.strictEqual(
        numbers.reduce((sum, count) => sum + count, 0),
        4
      )
      assert.match(
        overview.find((line) => line.startsWith(paused)) ?? "",
        / p +paused +\S.* do-the-work +- +RT\d{4} +Error$/
      )
      assert.include(overview, `  control-plane-worker resume ${paused} --admin-url ${restate.admin}`)
      assert.isUndefined(overview.find((line) => line.includes(napping)))

      const lines = yield* atServer("--service", dogged)
      for (const [id] of expected.slice(1)) assert.isDefined(lines.find((line) => line.startsWith(id)))
      assert.isUndefined(lines.find((line) => line.startsWith(paused)))

      const nap = lines.find((line) => line.startsWith(napping)) ?? ""
      assert.match(nap, / suspended .* in (59m \d+s|1h) +- +-$/)
      const byShortName = yield* atServer("--service", "Dogged")
      assert.strictEqual(byShortName.length, lines.length)
      const [unknown] = yield* atServer("--service", "Doggedly")
      assert.match(unknown ?? "", /^status: there is no service Doggedly\. Did you mean test\.v1\.Dogged\?/)
      assert.include(unknown, "hydra.v1.DeployService")
      const { invocations } = yield* shownBy("--service", dogged, "--key", "r")
      assert.deepStrictEqual(
        invocations.map(({ id, status }) => [id, status]),
        [
          [running, "running"],
          [behind, "pending"]
        ]
      )
      assert.notInclude([...overview, ...lines].join(), secretText)
      for (const [id] of expected) yield* restate.kill(id)
    })
  )

  it.effect("a key is matched exactly as it is written, whatever it is made of", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const ids = yield* Effect.forEach(hostileKeys, (key) => restate.send(`${dogged}/${encodeURIComponent(key)}/Nap`))
      for (const id of ids) yield* untilInvocation(restate, id, (row) => row.status === "suspended")
      for (const [index, key] of hostileKeys.entries()) {
        const { invocations } = yield* shownBy("--key", key)
        assert.deepStrictEqual(
          invocations.map(({ id }) => id),
          [ids[index]]
        )
      }
      assert.lengthOf((yield* shownBy("--key", "' OR ''='")).invocations, 0)
      const { invocations, more } = yield* shownBy("--service", dogged, "--limit", "3")
      assert.lengthOf(invocations, 3)
      assert.strictEqual(more, hostileKeys.length - 3)
      assert.include(yield* atServer("--service", dogged, "--limit", "3"), `and ${hostileKeys.length - 3} more`)
      for (const id of ids) yield* restate.kill(id)
    })
  )

  it.effect("every text survives the way into a question and back", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const character = fc.oneof(
        fc.constantFrom("'", "\\", '"', "-", ";", "\n", "%", "$", "{"),
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 })
      )
      const texts = fc.sample(
        fc.array(character, { maxLength: 12 }).map((parts) => parts.join("")),
        100
      )
      const columns = texts.map((text, index) => `${sqlText(text)} AS c${index}`)
      const [row] = yield* restate.sql(`SELECT ${columns.join(", ")}`)
      assert.deepStrictEqual(
        texts.map((_, index) => row?.[`c${index}`]),
        texts
      )
    })
  )

  it.effect("finds Restate by the settings of the worker, and asks for no other setting", () =>
    Effect.gen(function* () {
      const { admin } = yield* RestateClient
      const environment = { WORKER_RESTATE_ADMIN_URL: admin, WORKER_DATABASE_PRIMARY: "nonsense" }
      assert.deepStrictEqual(yield* status(environment), ["No invocation is open."])
      const [problem] = yield* status({ WORKER_RESTATE_ADMIN_URL: "restate:9070" })
      assert.match(problem ?? "", /^status: .*restate\.admin_url/s)
    })
  )
})
