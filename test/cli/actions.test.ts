import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { runAction } from "../support/runActions.ts"
import { RestateClient, untilInvocation } from "../support/stack/Restate.ts"
import { dogged, hasty, mended, watchedServer } from "../support/watch/Watched.ts"

const atServer = (...args: ReadonlyArray<string>) =>
  Effect.flatMap(RestateClient, ({ admin }) => runAction(...args, "--admin-url", admin))

const failing = (service: string, key: string, status: string) =>
  Effect.gen(function* () {
    const restate = yield* RestateClient
    mended.current = false
    const id = yield* restate.send(`${service}/${key}/Fail`)
    // In back-off for the longest time, so that it does not run by itself meanwhile.
    const isSettled = (attempts: unknown) => status === "paused" || Number(attempts) >= 5
    yield* untilInvocation(restate, id, (row) => row.status === status && isSettled(row.retry_count))
    return id
  })

const completed = (id: string) =>
  Effect.flatMap(RestateClient, (restate) => untilInvocation(restate, id, (row) => row.status === "completed"))

layer(watchedServer, { excludeTestServices: true, timeout: "1 minute" })("actions on invocations", (it) => {
  it.effect("resume continues a paused invocation, by its id or by its key", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* failing(hasty, "by-id", "paused"), yield* failing(hasty, "by-key", "paused")]
      mended.current = true
      const { code, printed } = yield* atServer("resume", first, "by-key")
      assert.strictEqual(code, 0)
      assert.sameMembers(
        printed,
        [first, second].map((id) => `${id} goes on at the step where it stopped`)
      )
      for (const id of [first, second]) yield* completed(id)
    })
  )

  it.effect("resume --all-paused takes the oldest first, up to its limit, and says how many are left", () =>
    Effect.gen(function* () {
      const ids = yield* Effect.forEach(["a", "b", "c"], (key) => failing(hasty, key, "paused"))
      mended.current = true
      const { code, printed } = yield* atServer("resume", "--all-paused", "--service", "Hasty", "--limit", "2")
      assert.strictEqual(code, 0)
      assert.include(printed.at(-1), "1 more are paused")
      for (const id of ids.slice(0, 2)) yield* completed(id)
      yield* atServer("resume", "--all-paused")
      yield* completed(ids[2] ?? "")
      assert.deepStrictEqual(yield* atServer("resume", "--all-paused"), {
        code: 0,
        printed: ["No invocation is paused."]
      })
    })
  )

  it.effect("resume --all-paused refuses a service without open invocations, and names those that have some", () =>
    Effect.gen(function* () {
      const id = yield* failing(hasty, "known", "paused")
      const { code, printed } = yield* atServer("resume", "--all-paused", "--service", "Nothing")
      assert.strictEqual(code, 1)
      assert.include(printed.join(), hasty)
      assert.strictEqual((yield* atServer("resume", "--all-paused", id)).code, 1)
      assert.strictEqual((yield* atServer("resume", "--service", "Hasty")).code, 1)
      mended.current = true
      assert.strictEqual((yield* atServer("resume", id)).code, 0)
      yield* completed(id)
    })
  )

  it.effect("retry runs the failed step of an invocation in back-off again, and nothing else", () =>
    Effect.gen(function* () {
      const [id, paused] = [yield* failing(dogged, "retried", "backing-off"), yield* failing(hasty, "not", "paused")]
      const refused = yield* atServer("retry", paused)
      assert.deepStrictEqual(refused, { code: 1, printed: [`${paused} is paused: use resume`, "retry: 1 of 1 failed"] })
      mended.current = true
      assert.strictEqual((yield* atServer("retry", id)).code, 0)
      yield* completed(id)
      assert.strictEqual((yield* atServer("resume", paused)).code, 0)
    })
  )

  it.effect("cancel and kill change nothing without a terminal, unless --yes is given", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const id = yield* restate.send(`${dogged}/ended/Nap`)
      yield* untilInvocation(restate, id, (row) => row.status === "suspended")
      for (const action of ["cancel", "kill"]) {
        const { code, printed } = yield* atServer(action, id)
        assert.strictEqual(code, 1)
        assert.include(printed.join(), "--yes")
      }
      yield* untilInvocation(restate, id, (row) => row.status === "suspended")
      assert.strictEqual((yield* atServer("cancel", id, "--yes")).code, 0)
      yield* completed(id)
      const over = yield* atServer("cancel", id, "--yes")
      assert.strictEqual(over.code, 1)
      assert.include(over.printed.join(), "it has completed, or Restate does not know it")
    })
  )

  it.effect("cancel ends a paused invocation without a resume; kill says that nothing was undone", () =>
    Effect.gen(function* () {
      const id = yield* failing(hasty, "cancelled", "paused")
      assert.strictEqual((yield* atServer("cancel", id, "--yes")).code, 0)
      yield* completed(id)
      const other = yield* failing(hasty, "killed", "paused")
      const killed = yield* atServer("kill", other, "--yes")
      assert.strictEqual(killed.code, 0)
      assert.include(killed.printed.join(), "Nothing was undone")
      yield* completed(other)
    })
  )

  it.effect("a key of several open invocations is refused with their ids", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const holder = yield* restate.send(`${dogged}/shared-key/Nap`)
      const waiting = yield* restate.send(`${dogged}/shared-key/Nap`)
      yield* untilInvocation(restate, waiting, (row) => row.status === "pending")
      const { code, printed } = yield* atServer("cancel", "shared-key", "--yes")
      assert.strictEqual(code, 1)
      for (const id of [holder, waiting]) assert.include(printed.join(), id)
      assert.strictEqual((yield* atServer("kill", waiting, holder, "--yes")).code, 0)
    })
  )
})
